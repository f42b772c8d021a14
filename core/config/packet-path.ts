// The value of packet-path-disable: names of tricks of the packet path, separated by commas or blanks. Called through
// the option table; what each of them is stands in core/native/src/flow/features.h.
import { nearestName } from './nearest.ts';
import { quoteValue } from './diagnostics.ts';
import type { Kind } from './values.ts';

export const packetPathTricks = [
  'tun-offload',
  'coalesce',
  'coalesce-udp',
  'udp-gso',
  'udp-gro',
  'mmsg',
  'moderation',
  'ack-thinning',
] as const;
export type PacketPathTrick = (typeof packetPathTricks)[number];

const isTrick = (name: string): name is PacketPathTrick =>
  (packetPathTricks as readonly string[]).includes(name);

/** An unknown name switches nothing off and stops nothing: the next release may have dropped the trick. */
export const packetPathNames: Kind<readonly PacketPathTrick[]> = {
  word: 'names',
  expected: packetPathTricks.join(', '),
  shape: 'texts',
  initial: [],
  read(text) {
    const value: PacketPathTrick[] = [];
    const warnings: string[] = [];
    for (const word of text.split(/[\s,]+/).filter((part) => part !== '')) {
      const name = word.toLowerCase();
      if (isTrick(name)) {
        value.push(name);
        continue;
      }
      const nearest = nearestName(name, packetPathTricks);
      const hint = nearest === undefined ? `expected ${this.expected}` : `did you mean '${nearest}'?`;
      warnings.push(`${quoteValue(word)} is no part of the packet path and is ignored; ${hint}`);
    }
    return value.length === 0 ? { warnings } : { value, warnings };
  },
};
