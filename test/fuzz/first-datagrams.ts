// Fuzz target: the look at the first datagram of a flow. Run with a number of rounds; part of `npm test` briefly.
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { readFirstDatagram } from '../../core/main/first-datagram.ts';

/** A sound ClientHello with an id and two extensions; rounds break it in random places. */
const seed = Buffer.from(
  `16feff000000000000000000800100007400000000000000 74fefd`.replaceAll(' ', '') +
    '07'.repeat(32) +
    `20${'ab'.repeat(32)}` +
    '00' +
    '000400a900ff' +
    '0100' +
    '002d000d00040002 0401bb92 0021 20'.replaceAll(' ', '') +
    'cd'.repeat(32),
  'hex',
);

export function fuzzFirstDatagrams(rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    const bytes = round % 4 === 0 ? randomBytes(randomInt(0, 300)) : Buffer.from(seed);
    for (let change = randomInt(0, 6); change > 0 && bytes.length > 0; change--) {
      bytes[randomInt(0, bytes.length)] = randomInt(0, 256);
    }
    const cut = bytes.subarray(0, randomInt(0, bytes.length + 1));
    for (const withPsk of [true, false]) {
      const seen = readFirstDatagram(cut, withPsk);
      if (seen.kind !== 'hello') continue;
      assert.match(seen.id, /^([0-9a-f]{2}){1,32}$/);
      assert.ok(cut.includes(Buffer.from(seen.id, 'hex')), 'an id that is not in the datagram');
    }
  }
}

if (process.argv[1] === import.meta.filename) fuzzFirstDatagrams(Number(process.argv[2] ?? 100_000));
