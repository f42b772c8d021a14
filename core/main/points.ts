// Adds points to the ban list and tells everybody concerned when an address is banned by them.
import type { Main } from './context.ts';

export function chargePoints(main: Main, address: string, points: number): void {
  const ban = main.bans.add(address, points);
  if (points > 0) {
    const total = String(main.bans.scoreOf(address));
    main.log.debug(`added ${String(points)} points (total ${total}) for IP '${address}' to ban list`);
  }
  if (ban === undefined) return;
  main.log.info(
    `added IP '${address}' (with score ${String(ban.score)}) to ban list, will be reset at: ${String(new Date(ban.until))}`,
  );
  void main.securityModule.client.call('AddressBanned', { address }).catch(() => undefined);
}
