import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { memorySessionStore, openSessionStore, type SessionRow } from '../../../core/store/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-store-'));
after(() => rmSync(folder, { recursive: true }));

const row: SessionRow = {
  sessionId: 'id1',
  cookieHash: 'hash1',
  username: "o'brien",
  groupname: undefined,
  vhost: 'default',
  userAgent: 'AnyConnect',
  loginAddress: '192.0.2.1',
  remoteAddress: '192.0.2.1',
  createdAt: 1,
  expiresAt: undefined,
  isOpen: true,
  certificateAuth: false,
  certificateUser: undefined,
  supplement: { settingLines: ['dns = 192.0.2.53'], classes: ['AAE='] },
  rxBytes: 2 ** 40,
  txBytes: 0,
};

test('rows come back as they went in, from memory and from disk', () => {
  for (const store of [memorySessionStore(), openSessionStore(path.join(folder, 'rows.sqlite'))]) {
    store.put(row);
    const changed = { ...row, groupname: 'staff', expiresAt: 1_700_000_000_000, isOpen: false };
    const other = { ...row, sessionId: 'id2', cookieHash: 'hash2' };
    assert.deepEqual(store.get('id1'), row);
    store.put(changed);
    store.put(other);
    assert.deepEqual(
      store.list().sort((a, b) => a.sessionId.localeCompare(b.sessionId)),
      [changed, other],
    );
    store.delete('id1');
    store.delete('id1');
    assert.equal(store.get('id1'), undefined);
    assert.deepEqual(store.list(), [other]);
    store.close();
    store.close();
  }
});

test('what was put is there for the next process, even without closing', () => {
  const file = path.join(folder, 'crash.sqlite');
  openSessionStore(file).put(row);
  const next = openSessionStore(file);
  assert.deepEqual(next.list(), [row]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  next.close();
});

test('a damaged file is set aside and a new one begun', () => {
  const file = path.join(folder, 'damaged.sqlite');
  writeFileSync(file, 'this is no database, but it is longer than a hundred bytes '.repeat(20));
  const store = openSessionStore(file);
  assert.deepEqual(store.list(), []);
  store.close();
  assert.ok(existsSync(`${file}.damaged`));
});
