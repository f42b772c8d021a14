// Compiles the plain C++ library of the packet path with its test programs under the address and undefined-behaviour
// sanitizers and runs them. Needs a compiler; the programs that need OpenSSL also its development files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../../..');
const source = path.join(root, 'core/native/src');
const tests = path.join(import.meta.dirname, 'packet-path');
const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-packets-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const flags = ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];

async function compileAndRun(
  name: string,
  rooms: readonly string[],
  libraries: readonly string[],
): Promise<string> {
  const sources = rooms.flatMap((room) =>
    room.endsWith('.cpp')
      ? [path.join(source, room)]
      : readdirSync(path.join(source, room))
          .filter((file) => file.endsWith('.cpp'))
          .map((file) => path.join(source, room, file)),
  );
  const program = path.join(folder, name);
  const folders = ['-I', source, '-I', tests];
  const stop = '-fno-sanitize-recover=undefined';
  await run('g++', [
    ...flags,
    stop,
    ...folders,
    '-o',
    program,
    path.join(tests, `${name}.cpp`),
    ...sources,
    ...libraries,
  ]);
  const { stdout } = await run(program, [], { timeout: 60_000 });
  return stdout;
}

async function compiles(...words: string[]): Promise<boolean> {
  return run('g++', words).then(
    () => true,
    () => false,
  );
}
const hasCompiler = await compiles('--version');
const probe = ['-x', 'c++', '-E', '-include', 'openssl/ssl.h', '/dev/null', '-o', '/dev/null'];
const hasOpenssl = hasCompiler && (await compiles(...probe));

const noCompiler = hasCompiler ? false : 'no C++ compiler';
const noOpenssl = hasOpenssl ? false : 'no OpenSSL development files';

test(
  'super-packets are cut and segments joined without losing or changing a byte',
  { skip: noCompiler },
  async () => {
    assert.match(await compileAndRun('cut-and-join', ['tun', 'ip'], []), /, 0 failed\n$/);
  },
);

test(
  'replay window, MTU search, rate limit and frames give the listed verdicts',
  { skip: noCompiler },
  async () => {
    assert.match(await compileAndRun('state', [], []), /, 0 failed\n$/);
  },
);

test(
  'our DTLS records and those of OpenSSL open each other, damaged ones never',
  { skip: noOpenssl },
  async () => {
    assert.match(await compileAndRun('records', ['dtls'], ['-lssl', '-lcrypto']), /, 0 failed\n$/);
  },
);
