// The packet path's fuzz targets (test/fuzz/native): a short seeded run each, under the address and undefined-behaviour
// sanitizers. OCSERV_FUZZ_SECONDS makes it longer, with libFuzzer where clang is installed. See README.md.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { buildProgram, noOpenssl, openssl } from '../support/native-program.ts';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');
const folder = path.join(import.meta.dirname, 'native');
const headers = [path.join(root, 'test/unit/native/packet-path')];
const library = ['compress', 'tunnel', 'flow', 'udp', 'dtls', 'cstp', 'tun', 'ip'];
const build = path.join(root, 'core/native/build/fuzz');
const seconds = Number(process.env['OCSERV_FUZZ_SECONDS'] ?? '0');
const seed = process.env['OCSERV_FUZZ_SEED'] ?? '1';
const hasClang = seconds > 0 && spawnSync('clang++', ['--version'], { stdio: 'ignore' }).status === 0;

async function withLibFuzzer(target: string): Promise<void> {
  const corpus = path.join(build, `corpus-${target}`);
  const program = path.join(build, target);
  mkdirSync(corpus, { recursive: true });
  await run('clang++', [
    ...['-std=c++20', '-O1', '-g', '-pthread', '-fsanitize=fuzzer,address,undefined'],
    ...[path.join(root, 'core/native/src'), folder, ...headers].flatMap((place) => ['-I', place]),
    ...library.flatMap((part) => globSync(path.join(root, 'core/native/src', part, '*.cpp'))),
    ...[path.join(folder, `${target}.cpp`), path.join(folder, 'entry.cpp')],
    ...['-o', program, ...openssl],
  ]);
  const limits = [`-max_total_time=${String(seconds)}`, `-seed=${seed}`, '-max_len=65536', '-timeout=20'];
  await run(program, [...limits, `-artifact_prefix=${build}/`, corpus], {
    maxBuffer: 1 << 28,
    timeout: (seconds + 300) * 1000,
  });
}

async function withOwnDriver(target: string, rounds: number): Promise<void> {
  mkdirSync(build, { recursive: true });
  const program = await buildProgram({
    folder,
    sources: [target, 'entry', 'driver'],
    library,
    sanitizer: 'address',
    libraries: openssl,
    headers,
  });
  const length = seconds > 0 ? ['seconds', String(seconds)] : ['rounds', String(rounds)];
  const { stdout } = await run(program, [...length, seed], {
    cwd: build,
    timeout: (seconds + 120) * 1000,
  });
  assert.match(stdout, /^\d+ rounds, seed \d+\n$/);
}

/** A round of the last one costs TLS handshakes. */
const targets: readonly (readonly [string, number])[] = [
  ['tun-input', 4000],
  ['udp-input', 3000],
  ['tls-input', 300],
];

for (const [target, rounds] of targets) {
  test(
    `${target}: whatever comes, nothing is read or written outside and the rules hold`,
    { skip: noOpenssl, timeout: (seconds + 400) * 1000 },
    () => (hasClang ? withLibFuzzer(target) : withOwnDriver(target, rounds)),
  );
}
