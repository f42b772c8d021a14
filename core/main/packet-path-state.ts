// What the packet path uses on this machine, as one line for the log at the start of the server.
import { packetPathTricks, type PacketPathTrick } from '../config/index.ts';

export function packetPathState(
  disabled: readonly PacketPathTrick[],
  kernel: Readonly<Record<'udp-gso' | 'udp-gro', boolean>>,
): string {
  const joins: readonly PacketPathTrick[] = ['coalesce', 'coalesce-udp', 'ack-thinning'];
  const isOff = (name: PacketPathTrick): boolean =>
    disabled.includes(name) ||
    (joins.includes(name) && (disabled.includes('tun-offload') || disabled.includes('coalesce')));
  const isMissing = (name: PacketPathTrick): boolean =>
    (name === 'udp-gso' || name === 'udp-gro') && !kernel[name];
  const off = packetPathTricks.filter(isOff);
  const missing = packetPathTricks.filter((name) => !isOff(name) && isMissing(name));
  const used = packetPathTricks.filter((name) => !isOff(name) && !isMissing(name));
  return [
    `packet path: ${used.length === 0 ? 'one packet at a time' : used.join(', ')}`,
    ...(off.length === 0 ? [] : [`switched off: ${off.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`not in this kernel: ${missing.join(', ')}`]),
  ].join('; ');
}
