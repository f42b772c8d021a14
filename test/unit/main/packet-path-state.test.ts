import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetPathTricks, type PacketPathTrick } from '../../../core/config/index.ts';
import { packetPathState } from '../../../core/main/packet-path-state.ts';

test('the line at the start says what is used, what was switched off and what the kernel lacks', () => {
  const all = { 'udp-gso': true, 'udp-gro': true };
  const table: [readonly PacketPathTrick[], typeof all, string][] = [
    [
      [],
      all,
      'packet path: tun-offload, coalesce, coalesce-udp, udp-gso, udp-gro, mmsg, moderation, ack-thinning',
    ],
    [
      ['udp-gso', 'mmsg'],
      { 'udp-gso': false, 'udp-gro': false },
      'packet path: tun-offload, coalesce, coalesce-udp, moderation, ack-thinning; switched off: udp-gso, mmsg; not in this kernel: udp-gro',
    ],
    [
      ['tun-offload'],
      all,
      'packet path: udp-gso, udp-gro, mmsg, moderation; switched off: tun-offload, coalesce, coalesce-udp, ack-thinning',
    ],
    [
      ['coalesce'],
      all,
      'packet path: tun-offload, udp-gso, udp-gro, mmsg, moderation; switched off: coalesce, coalesce-udp, ack-thinning',
    ],
    [
      packetPathTricks,
      all,
      `packet path: one packet at a time; switched off: ${packetPathTricks.join(', ')}`,
    ],
  ];
  for (const [disabled, kernel, expected] of table) assert.equal(packetPathState(disabled, kernel), expected);
});
