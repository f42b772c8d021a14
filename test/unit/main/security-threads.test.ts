import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { initialSettings } from '../../../core/config/index.ts';
import { securityThreads } from '../../../core/main/security-threads.ts';

test('sec-mod-scale is the number of threads; 0 goes by processors and clients, four at least', () => {
  const of = (scale: number, clients: number): number =>
    securityThreads({ ...initialSettings, 'sec-mod-scale': scale, 'max-clients': clients });
  assert.equal(of(1, 0), 1);
  assert.equal(of(9, 100_000), 9);
  assert.equal(of(5000, 0), 1024);
  assert.equal(of(0, 0), Math.max(4, availableParallelism()));
  assert.equal(of(0, 128), 4);
});
