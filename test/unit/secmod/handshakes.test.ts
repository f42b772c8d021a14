import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignedHandshakes } from '../../../core/secmod/handshakes.ts';
import { FakeClock } from './fake-clock.ts';

const input = (number: number): Buffer => Buffer.from(`handshake ${String(number)}`);

test('a signed handshake counts for the connection that claims it first, for as long as a login may last', () => {
  const clock = new FakeClock();
  const handshakes = new SignedHandshakes(clock, () => 1000);
  assert.equal(handshakes.claim(input(1), 7), false);
  handshakes.add(input(1));
  assert.equal(handshakes.claim(input(1), 7), true);
  assert.equal(handshakes.claim(input(1), 8), false);
  clock.advance(1000);
  assert.equal(handshakes.claim(input(1), 7), true);
  clock.advance(1);
  assert.equal(handshakes.claim(input(1), 7), false);
});

test('old handshakes are forgotten, and of a flood only so many are kept', () => {
  const clock = new FakeClock();
  const handshakes = new SignedHandshakes(clock, () => 1000);
  for (let number = 0; number < 40_000; number += 1) handshakes.add(input(number));
  assert.equal(handshakes.size, 32_768);
  assert.equal(handshakes.claim(input(39_999), 1), true);
  assert.equal(handshakes.claim(input(0), 1), false);
  clock.advance(1001);
  handshakes.add(input(1));
  assert.equal(handshakes.size, 1);
});
