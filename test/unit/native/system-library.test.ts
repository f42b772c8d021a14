// Compiles the plain C++ library of the system part with its test program under the address and undefined-behaviour
// sanitizers and runs it. Objects are kept in core/native/build/sanitize-system and made anew only when they are older
// than a source or header. Needs a compiler.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../../..');
const library = path.join(root, 'core/native/src');
const build = path.join(root, 'core/native/build/sanitize-system');
const flags = ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-Wno-restrict', '-pthread'];
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];

const modified = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

async function compileProgram(): Promise<string> {
  mkdirSync(build, { recursive: true });
  const tests = path.join(import.meta.dirname, 'system-library');
  const headers = globSync(path.join(library, 'system/*.h'));
  const sources = [...globSync(path.join(library, 'system/*.cpp')), ...globSync(path.join(tests, '*.cpp'))];
  const newestHeader = Math.max(...headers.map(modified));
  const objects: string[] = [];
  for (const source of sources) {
    const object = path.join(build, `${path.basename(source, '.cpp')}.o`);
    objects.push(object);
    if (modified(object) > Math.max(modified(source), newestHeader)) continue;
    await run('g++', [...flags, ...sanitizers, '-I', library, '-c', '-o', object, source]);
  }
  const program = path.join(build, 'program');
  if (modified(program) < Math.max(...objects.map(modified)))
    await run('g++', [...sanitizers, '-pthread', '-o', program, ...objects]);
  return program;
}

const hasCompiler = spawnSync('g++', ['--version']).status === 0;

test(
  'addresses, descriptors, netlink dumps and the system call filter behave as listed, without a sanitizer report',
  { skip: !hasCompiler && 'no C++ compiler', timeout: 180_000 },
  async () => {
    const program = await compileProgram();
    const { stdout, stderr } = await run(program, [], { timeout: 60_000 });
    assert.equal(stderr, '');
    assert.equal(stdout, '0 failed\n');
  },
);
