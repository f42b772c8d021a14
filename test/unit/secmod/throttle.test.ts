import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserThrottle } from '../../../core/secmod/throttle.ts';
import { FakeClock } from './fake-clock.ts';

test('the fifth failure begins to cost time, up to four seconds, until success or a quarter of an hour', () => {
  const clock = new FakeClock();
  const throttle = new UserThrottle(clock);
  const delays = Array.from({ length: 12 }, () => {
    const delay = throttle.delayMs('alice');
    throttle.failed('alice');
    return delay;
  });
  assert.deepEqual(delays, [0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
  assert.equal(throttle.delayMs('bob'), 0);
  clock.advance(15 * 60_000);
  assert.equal(throttle.delayMs('alice'), 4000);
  clock.advance(1);
  assert.equal(throttle.delayMs('alice'), 0);
  for (let count = 0; count < 6; count += 1) throttle.failed('alice');
  throttle.succeeded('alice');
  assert.equal(throttle.delayMs('alice'), 0);
});

test('failures without a name slow down nobody', () => {
  const throttle = new UserThrottle(new FakeClock());
  for (let count = 0; count < 20; count += 1) throttle.failed('');
  assert.equal(throttle.delayMs(''), 0);
});
