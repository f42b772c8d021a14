import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetPathNames, packetPathTricks } from '../../../core/config/packet-path.ts';

test('names are read with commas or blanks between them, unknown ones are told with the nearest known', () => {
  const all = packetPathTricks.join(', ');
  const table: [string, readonly string[] | undefined, readonly string[]][] = [
    ['tun-offload', ['tun-offload'], []],
    ['tun-offload, UDP-GSO udp-gro,,mmsg', ['tun-offload', 'udp-gso', 'udp-gro', 'mmsg'], []],
    [
      'udp-gs0,coalesce',
      ['coalesce'],
      [`"udp-gs0" is no part of the packet path and is ignored; did you mean 'udp-gso'?`],
    ],
    ['everything', undefined, [`"everything" is no part of the packet path and is ignored; expected ${all}`]],
    [', ,', undefined, []],
  ];
  for (const [text, value, warnings] of table) {
    assert.deepEqual(packetPathNames.read(text), value === undefined ? { warnings } : { value, warnings });
  }
});
