import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialSettings } from '../../../core/config/index.ts';
import { memoryAllowance } from '../../../core/main/worker-memory.ts';

test('what a worker may allocate follows from the number of clients', () => {
  const mebibyte = 1024 * 1024;
  assert.equal(memoryAllowance({ ...initialSettings, 'max-clients': 100 }), (256 + 50) * mebibyte);
  assert.equal(memoryAllowance({ ...initialSettings, 'max-clients': 0 }), (256 + 4096) * mebibyte);
  assert.equal(memoryAllowance({ ...initialSettings, 'limit-worker-memory': false }), undefined);
});
