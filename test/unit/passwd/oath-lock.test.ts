import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { tryLockFile } from '../../../core/native/index.ts';
import { withOathLock } from '../../../core/passwd/oath-lock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-oath-lock-'));
after(() => rmSync(folder, { recursive: true }));

test('many at once take turns, in one process and in several', async () => {
  const file = path.join(folder, 'count');
  writeFileSync(file, '0');
  const module = path.resolve(import.meta.dirname, '../../../core');
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { withOathLock } from '${module}/passwd/oath-lock.ts';
    import { tryLockFile } from '${module}/native/index.ts';
    await Promise.all(Array.from({ length: 20 }, () => withOathLock('${file}', tryLockFile, () => {
      writeFileSync('${file}', String(Number(readFileSync('${file}', 'utf8')) + 1));
    }, 20000)));`;
  const others = [1, 2].map(() => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    return new Promise<number | null>((resolve) => child.on('exit', resolve));
  });
  assert.deepEqual(await Promise.all(others), [0, 0]);
  assert.equal(readFileSync(file, 'utf8'), '40');
  assert.equal(existsSync(`${file}.lock`), false);
});

test('a lock that nobody lets go of is given up on; one left by a crash is taken', async () => {
  const file = path.join(folder, 'held');
  writeFileSync(`${file}.lock`, '');
  assert.equal(
    await withOathLock(
      file,
      () => false,
      () => 'done',
      50,
    ),
    undefined,
  );
  assert.equal(await withOathLock(file, tryLockFile, () => 'done', 50), 'done');
});

test('a failure lets go of the lock', async () => {
  const file = path.join(folder, 'fails');
  await assert.rejects(
    withOathLock(file, tryLockFile, () => {
      throw new Error('on purpose');
    }),
    /on purpose/,
  );
  assert.equal(await withOathLock(file, tryLockFile, () => 'done', 50), 'done');
  await assert.rejects(
    withOathLock(path.join(folder, 'no/where'), tryLockFile, () => 1),
    /ENOENT/,
  );
});
