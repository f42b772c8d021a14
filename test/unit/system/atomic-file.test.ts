// Replacing a file: what stays as it was, and that a failure leaves nothing behind.
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  lstatSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { replaceFileAtomically } from '../../../core/system/index.ts';

const temporaryFolder = () => mkdtempDisposableSync(path.join(os.tmpdir(), 'atomic-file-'));
const modeOf = (file: string): string => (statSync(file).mode & 0o7777).toString(8);

test('a failure throws with its code and leaves no temporary file', () => {
  using folder = temporaryFolder();
  const target = path.join(folder.path, 'folder');
  mkdirSync(target);
  assert.throws(
    () => {
      replaceFileAtomically(target, 'x');
    },
    { code: 'EISDIR' },
  );
  assert.throws(
    () => {
      replaceFileAtomically(path.join(folder.path, 'absent', 'file'), 'x');
    },
    { code: 'ENOENT' },
  );
  assert.deepEqual(readdirSync(folder.path), ['folder']);
});

test('a new file is private unless a mode is given', () => {
  using folder = temporaryFolder();
  const first = path.join(folder.path, 'first');
  const second = path.join(folder.path, 'second');
  replaceFileAtomically(first, 'a');
  replaceFileAtomically(second, Buffer.from('b'), { mode: 0o644 });
  assert.deepEqual([modeOf(first), modeOf(second)], ['600', '644']);
  assert.deepEqual(readdirSync(folder.path).sort(), ['first', 'second']);
});

test('an existing file keeps its mode, and readers of the old one are not disturbed', () => {
  using folder = temporaryFolder();
  const file = path.join(folder.path, 'file');
  writeFileSync(file, 'old');
  chmodSync(file, 0o640);
  const inode = statSync(file).ino;
  replaceFileAtomically(file, 'new', { mode: 0o600 });
  assert.equal(readFileSync(file, 'utf8'), 'new');
  assert.equal(modeOf(file), '640');
  assert.notEqual(statSync(file).ino, inode);
});

test('a symbolic link stays one; the file behind it is replaced', () => {
  using folder = temporaryFolder();
  const file = path.join(folder.path, 'file');
  const link = path.join(folder.path, 'link');
  writeFileSync(file, 'old');
  symlinkSync('file', link);
  replaceFileAtomically(link, 'new');
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(file, 'utf8'), 'new');
});
