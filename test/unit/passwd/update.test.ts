import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
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
import {
  addUser,
  deleteUser,
  listUsers,
  lockUser,
  unlockUser,
  type Hashing,
} from '../../../core/passwd/index.ts';

import { tryLockFile } from '../../../core/native/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-passwd-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const newFile = (text?: string): string => {
  const file = path.join(folder, `passwd${++count}`);
  if (text !== undefined) writeFileSync(file, text);
  return file;
};
const hashing: Hashing = {
  makeSetting: (prefix) => `${prefix}j9T$salt$`,
  crypt: (password, setting) => Promise.resolve(setting + password.length),
};
const H = '$y$j9T$salt$2';

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
  const ignorant: Hashing = {
    ...hashing,
    scheme: 'sha256',
    makeSetting: () => {
      throw new Error('libcrypt makes no salt');
    },
  };
  assert.equal((await addUser(file, { name: 'bob', password: 'pw' }, ignorant)).outcome, 'cannot-hash');
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

test('the lock of somebody alive is respected however old it is, one left by a crash is removed', async () => {
  const file = newFile('bob:*:old\n');
  const lockFile = `${file}.tmp`;
  const longAgo = Date.now() / 1000 - 3600;
  // As an ocpasswd at work holds it, and as one that was killed leaves it.
  const fd = openSync(lockFile, 'wx');
  assert.ok(tryLockFile(fd));
  utimesSync(lockFile, longAgo, longAgo);
  assert.deepEqual(await lockUser(file, 'bob', { lockWaitMs: 0 }), { outcome: 'file-locked', lockFile });
  closeSync(fd);
  assert.deepEqual(await lockUser(file, 'bob', { lockWaitMs: 0 }), { outcome: 'locked' });
  assert.equal(existsSync(lockFile), false);
  // A fresh one without anybody behind it is the C program's.
  writeFileSync(lockFile, '');
  assert.deepEqual(await lockUser(file, 'bob', { lockWaitMs: 0 }), { outcome: 'file-locked', lockFile });
  assert.equal(readFileSync(file, 'utf8'), 'bob:*:!old\n');
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

test('a lock that goes from hand to hand is waited for, longer than for one holder', async () => {
  const file = newFile('bob:*:x\n');
  const lockFile = `${file}.tmp`;
  writeFileSync(lockFile, '');
  const waitMs = 300;
  const handover = setInterval(() => {
    rmSync(lockFile);
    writeFileSync(lockFile, '');
  }, 40);
  // What would be too late for one holder: five times as long as he is waited for.
  const end = setTimeout(() => {
    clearInterval(handover);
    rmSync(lockFile);
  }, 5 * waitMs);
  const result = await lockUser(file, 'bob', { lockWaitMs: waitMs });
  clearTimeout(end);
  clearInterval(handover);
  assert.deepEqual(result, { outcome: 'locked' });
});

test('users are listed as the server reads them, without any hash', () => {
  const file = newFile(
    'bob:staff, dev:$6$salt$x\n# note\neve:*:!$y$j9T$salt$x\nbob:other:$1$s$x\nno:*:plain\nem:*:\n',
  );
  assert.deepEqual(listUsers(file), {
    outcome: 'listed',
    users: [
      { username: 'bob', groups: ['staff', 'dev'], locked: false, hash: 'sha512' },
      { username: 'eve', groups: [], locked: true, hash: 'yescrypt' },
      { username: 'no', groups: [], locked: false, hash: 'unknown' },
      { username: 'em', groups: [], locked: false, hash: 'none' },
    ],
  });
  assert.deepEqual(listUsers('/no/such'), { outcome: 'cannot-read', file: '/no/such', code: 'ENOENT' });
});
