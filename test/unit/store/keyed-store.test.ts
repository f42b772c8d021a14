import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openKeyedStore, stateFile } from '../../../core/store/index.ts';

const never = (error: Error): void => assert.fail(error);

function withFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'store-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('records survive closing, deleted ones do not', () => {
  withFolder((folder) => {
    const file = path.join(folder, 'state', 'main.db');
    const first = openKeyedStore(file, never);
    first.put('ban', 'a', { score: 1 });
    first.put('ban', 'b', { score: 2 });
    first.put('lease', 'a', 'x');
    first.delete('ban', 'b');
    first.close();
    first.close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const second = openKeyedStore(file, never);
    assert.deepEqual(second.load('ban'), [{ key: 'a', value: { score: 1 } }]);
    assert.deepEqual(second.load('lease'), [{ key: 'a', value: 'x' }]);
    second.close();
  });
});

test('a damaged file is set aside', () => {
  withFolder((folder) => {
    const file = path.join(folder, 'main.db');
    writeFileSync(file, 'x'.repeat(8192));
    const store = openKeyedStore(file, never);
    assert.deepEqual(store.load('ban'), []);
    store.close();
    assert.ok(statSync(`${file}.damaged`).isFile());
  });
});

test('two servers with one state folder have two files', () => {
  assert.notEqual(stateFile('/s', '/run/a.socket', 'main'), stateFile('/s', '/run/b.socket', 'main'));
});
