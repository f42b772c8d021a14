// The tools as one file each (bin/dev/bundle.mjs): what the bundler changes in oclif's modules, and that the cache of
// compiled code beside them may be missing, unusable or damaged.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { runInNewContext } from 'node:vm';

const root = path.resolve(import.meta.dirname, '../../..');
const { requireLazily } = (await import(path.join(root, 'bin/dev/bundle.mjs'))) as {
  requireLazily(text: string): string;
};

/** Runs a CommonJS text; what it required, in order. */
function evaluate(text: string): { exports: Record<string, () => unknown>; required: string[] } {
  const required: string[] = [];
  const exports: Record<string, () => unknown> = {};
  const require = (name: string): unknown => {
    required.push(name);
    return { name, default: class {}, value: 7 };
  };
  runInNewContext(text, { exports, require, __importDefault: (one: unknown) => one });
  return { exports, required };
}

test('a module is required when its first use runs, and once', () => {
  const { exports, required } = evaluate(
    requireLazily(
      `"use strict";
       const one_1 = require("one");
       const two_1 = __importDefault(require("two"));
       require("side effect");
       exports.value = () => (0, one_1.value) + one_1.value;
       exports.make = () => new two_1.default();`,
    ),
  );
  assert.deepEqual(required, ['side effect']);
  assert.equal(exports['value']?.(), 14);
  assert.deepEqual(required, ['side effect', 'one']);
  exports['make']?.();
  assert.deepEqual(required, ['side effect', 'one', 'two']);
});

test('names that are not the import stay as they are', () => {
  const { exports, required } = evaluate(
    requireLazily(
      `const one = require("one");
       const two = require("two");
       exports.member = () => ({ one: 1, a: { one: 2 } }).a.one;
       exports.shorthand = () => ({ two }).two.name;`,
    ),
  );
  assert.deepEqual(required, ['two'], 'a shorthand use leaves the import in place');
  assert.equal(exports['member']?.(), 2);
  assert.equal(exports['shorthand']?.(), 'two');
});

test('an import whose name is used again for something else is left in place', () => {
  const { exports, required } = evaluate(
    requireLazily(`const one = require("one");
                   exports.shadow = () => { const one = 5; return one; };
                   exports.parameter = () => ((one) => one)(6);`),
  );
  assert.deepEqual(required, ['one']);
  assert.deepEqual([exports['shadow']?.(), exports['parameter']?.()], [5, 6]);
});

const copy = mkdtempSync(path.join(tmpdir(), 'ocserv-tools-'));
after(() => {
  rmSync(copy, { recursive: true });
});
for (const part of ['bin', 'dist/tools', 'package.json'])
  cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
const cache = path.join(copy, 'dist/.cache');

function version(): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(
    process.execPath,
    [path.join(copy, 'dist/tools/occtl.cjs'), '--version'],
    { encoding: 'utf8' },
  );
  return { status, stderr };
}
const { version: expected } = createRequire(import.meta.url)(path.join(root, 'package.json')) as {
  version: string;
};
const good = { status: 0, stderr: `OpenConnect server control (occtl) version ${expected}\n` };

test('a tool runs without anything of node_modules beside it, and where its cache cannot be made', () => {
  writeFileSync(cache, 'no folder');
  assert.deepEqual(version(), good);
  rmSync(cache);
  assert.deepEqual(version(), good);
  assert.ok(existsSync(cache));
});

test('a damaged cache does no harm', () => {
  mkdirSync(cache, { recursive: true });
  assert.deepEqual(version(), good);
  const files = globSync('**/*', { cwd: cache, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length > 0);
  for (const [index, { parentPath, name }] of files.entries()) {
    const file = path.join(parentPath, name);
    const bytes = readFileSync(file);
    writeFileSync(file, index % 2 === 0 ? bytes.fill(0x41, 32) : bytes.subarray(0, 40));
  }
  assert.deepEqual(version(), good);
});
