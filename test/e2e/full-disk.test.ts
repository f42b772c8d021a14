// A disk without room: each tool says so in one sentence with the file, ends with 1 and leaves nothing half-written.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun, run } from '../support/command.ts';
import { root } from '../support/site.ts';

test('a full disk is one sentence of ocpasswd and of occert', async () => {
  const disk = await mkdtemp(path.join(tmpdir(), 'ocserv-full-'));
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
  try {
    await assert.rejects(writeFile(path.join(disk, 'filler'), Buffer.alloc(1 << 16)), { code: 'ENOSPC' });
    const password = await run([path.join(root, 'bin/ocpasswd'), '-c', `${disk}/passwd`, 'alice'], {
      input: 'secret\n',
    });
    assert.deepEqual(
      [password.status, password.stderr],
      [1, `ocpasswd: Cannot open '${disk}/passwd' for writing.\nhint: no space left on device\n`],
    );
    const authority = await run([path.join(root, 'bin/occert'), 'ca', '--cn', 'x', '--dir', `${disk}/pki`]);
    assert.equal(authority.status, 1);
    assert.match(authority.stderr, /^occert: cannot use \S+: no space left on device\n$/);
    const files = await readdir(disk, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      files.filter((entry) => entry.isFile()).map(({ name }) => name),
      ['filler'],
    );
  } finally {
    await mustRun(['umount', disk]);
    await rm(disk, { recursive: true });
  }
});
