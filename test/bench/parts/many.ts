// Very many sessions that do nothing, held by one process (load/): memory and CPU time of one more of them, what their
// logins cost, how long `occtl show users` takes to list them all.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from '../bed.ts';
import { compare, higher, lower, type Cell, type Figures } from '../compare.ts';
import { buildLoadClient } from '../load/load-client.ts';

/** Sessions before the first weighing: they pay for what is set up once. */
const warmSessions = 10;
const settleMs = 20_000;
const idleSeconds = 30;

export async function many(
  bed: Bed,
  settings: { readonly rounds: number; readonly sessions: number },
): Promise<Cell[]> {
  const program = await buildLoadClient();
  const { sessions } = settings;
  return compare(bed.peers, settings.rounds, async (peer) => {
    await using _warm = await bed.hold(program, true, warmSessions);
    await sleep(settleMs);
    const memoryBefore = await peer.memoryBytes();
    const cpuBefore = await peer.cpuSeconds();
    const begun = performance.now();
    await using _held = await bed.hold(program, true, sessions);
    const seconds = (performance.now() - begun) / 1000;
    const loginCpu = (await peer.cpuSeconds()) - cpuBefore;
    await sleep(settleMs);
    const memory = ((await peer.memoryBytes()) - memoryBefore) / sessions;
    const idleBefore = await peer.cpuSeconds();
    await sleep(idleSeconds * 1000);
    const idleCpu = ((await peer.cpuSeconds()) - idleBefore) / sessions / idleSeconds;
    const asked = performance.now();
    const listed = await peer.occtl('show', 'users');
    const listing = (performance.now() - asked) / 1000;
    const lines = listed.split('\n').filter((line) => line.includes('alice')).length;
    if (lines !== sessions + warmSessions) throw new Error(`occtl lists ${String(lines)} sessions`);
    const label = `${String(sessions)} DTLS sessions`;
    return {
      [`memory per session, ${label}`]: lower(memory / 1e3, 'kB'),
      [`CPU per session set up, ${label}`]: lower((loginCpu / sessions) * 1000, 'ms'),
      [`sessions set up per second, one at a time, ${label}`]: higher(sessions / seconds, '1/s'),
      [`CPU per idle session, ${label}`]: lower(idleCpu * 3600, 's/h'),
      [`occtl show users, ${label}`]: lower(listing, 's'),
    } satisfies Figures;
  });
}
