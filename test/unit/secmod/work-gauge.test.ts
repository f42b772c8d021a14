import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkGauge } from '../../../core/secmod/work-gauge.ts';

test('what is asked for counts until it is done, well or badly', async () => {
  const gauge = new WorkGauge();
  const [good, bad] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const counted = [gauge.count(good.promise), gauge.count(bad.promise)];
  assert.equal(gauge.pending, 2);
  good.resolve(7);
  assert.equal(await counted[0], 7);
  assert.equal(gauge.pending, 1);
  bad.reject(new Error('no'));
  await assert.rejects(async () => counted[1]);
  assert.equal(gauge.pending, 0);
});
