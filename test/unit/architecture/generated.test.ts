// Files that the build writes and the repository keeps: as long as their sources are as committed, so are they.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');

/** What differs from the last commit among these paths. */
function changed(...paths: string[]): string[] {
  const options = ['-c', `safe.directory=${root}`, 'diff', '--name-only', 'HEAD', '--'];
  const { status, stdout, stderr } = spawnSync('git', [...options, ...paths], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(Boolean);
}

const products = [
  {
    name: 'the command manifest',
    from: ['commands', 'core', 'package.json', 'bin/dev/build.mjs'],
    to: ['oclif.manifest.json'],
  },
  { name: 'the manual pages', from: ['man/*.md', 'man/*.ts'], to: ['man/*.[1-9]'] },
];

for (const { name, from, to } of products) {
  test(`a build leaves ${name} as committed`, () => {
    // A tree without its history has nothing to compare with: what lies there is what was built.
    if (!existsSync(path.join(root, '.git')) || changed(...from).length > 0) return;
    assert.deepEqual(changed(...to), [], 'commit what the build wrote');
  });
}
