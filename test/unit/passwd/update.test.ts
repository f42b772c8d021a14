import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { addUser, deleteUser, lockUser, unlockUser, type Hashing } from '../../../core/passwd/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-passwd-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const newFile = (text?: string): string => {
  const file = path.join(folder, `passwd${++count}`);
  if (text !== undefined) writeFileSync(file, text);
  return file;
};
const hashing: Hashing = {
  makeSetting: (prefix, cost) => `${prefix}rounds=${cost}$salt$`,
  crypt: (password, setting) => Promise.resolve(setting + password.length),
};
const H = '$6$rounds=100000$salt$2';

test('nothing is written for a name, group or password that is refused', async () => {
  const file = newFile();
  assert.deepEqual(await addUser(file, { name: 'a:b', password: 'pw' }, hashing), {
    outcome: 'invalid-user',
    problem: 'contains ":", which separates the fields of the file',
  });
  assert.equal(
    (await addUser(file, { name: 'bob', password: 'pw', groups: ['a\nb'] }, hashing)).outcome,
    'invalid-group',
  );
  assert.equal((await addUser(file, { name: 'bob', password: '' }, hashing)).outcome, 'invalid-password');
  const failing: Hashing = { ...hashing, crypt: () => Promise.resolve('*0') };
  assert.equal((await addUser(file, { name: 'bob', password: 'pw' }, failing)).outcome, 'cannot-hash');
  assert.equal(existsSync(file), false);
});

test('a missing file is created by adding and by nothing else', async () => {
  const file = newFile();
  for (const action of [deleteUser, lockUser, unlockUser]) {
    assert.deepEqual(await action(file, 'bob'), { outcome: 'cannot-read', file, code: 'ENOENT' });
  }
  assert.deepEqual(await addUser(file, { name: 'bob', password: 'pw' }, hashing), { outcome: 'added' });
  assert.equal(readFileSync(file, 'utf8'), `bob:*:${H}\n`);
  assert.equal(statSync(file).mode & 0o7777, 0o600);
});

test('mode stays, a link stays a link, no lock is left', async () => {
  const file = newFile('bob:staff:old\n');
  chmodSync(file, 0o640);
  const link = newFile();
  symlinkSync(file, link);
  assert.deepEqual(await addUser(link, { name: 'bob', password: 'pw' }, hashing), { outcome: 'changed' });
  assert.equal(readFileSync(file, 'utf8'), `bob:staff:${H}\n`);
  assert.equal(statSync(file).mode & 0o7777, 0o640);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(existsSync(`${file}.tmp`), false);
});

test('the lock of another program is respected, a stale one removed', async () => {
  const file = newFile('bob:*:old\n');
  const lockFile = `${file}.tmp`;
  writeFileSync(lockFile, '');
  assert.deepEqual(await lockUser(file, 'bob', { lockWaitMs: 0 }), { outcome: 'file-locked', lockFile });
  assert.equal(readFileSync(file, 'utf8'), 'bob:*:old\n');
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(lockFile, longAgo, longAgo);
  assert.deepEqual(await lockUser(file, 'bob', { lockWaitMs: 0 }), { outcome: 'locked' });
  assert.equal(existsSync(lockFile), false);
});

test('many updates at once lose none', async () => {
  const file = newFile('');
  const names = Array.from({ length: 8 }, (_, index) => `user${index}`);
  const results = await Promise.all(names.map((name) => addUser(file, { name, password: 'pw' }, hashing)));
  assert.deepEqual(new Set(results.map((result) => result.outcome)), new Set(['added']));
  assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 8);
});

test('an unknown user leaves the file untouched', async () => {
  const file = newFile('bob:*:x');
  for (const action of [deleteUser, lockUser, unlockUser]) {
    assert.deepEqual(await action(file, 'eve'), { outcome: 'no-such-user' });
  }
  assert.equal(readFileSync(file, 'utf8'), 'bob:*:x');
  assert.equal(existsSync(`${file}.tmp`), false);
});
