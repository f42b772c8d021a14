// Test programs in C++: compiles parts of the plain library with a program under sanitizers. Objects are kept in
// core/native/build/sanitize-* and made anew only when they are older than a source or header.
import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');
const library = path.join(root, 'core/native/src');

export type Sanitizer = 'address' | 'thread';

export interface ProgramOptions {
  /** Folder of the program's sources and headers. */
  readonly folder: string;
  /** Sources in that folder, without ".cpp". The first one names the program. */
  readonly sources: readonly [string, ...string[]];
  /** Folders or files of the library, relative to core/native/src. */
  readonly library: readonly string[];
  readonly sanitizer: Sanitizer;
  readonly libraries?: readonly string[];
  /** More folders with headers. */
  readonly headers?: readonly string[];
}

const flags = ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-Wno-restrict', '-pthread'];
const sanitizers = {
  address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
  thread: ['-fsanitize=thread'],
} as const;
const compilersAtOnce = 2;

const modified = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = (files: readonly string[]): number => Math.max(0, ...files.map(modified));

function compiles(...words: string[]): boolean {
  return spawnSync('g++', words, { stdio: 'ignore' }).status === 0;
}
const hasCompiler = compiles('--version');
const probe = ['-x', 'c++', '-E', '-include', 'openssl/ssl.h', '/dev/null', '-o', '/dev/null'];

/** Reasons to skip, false if there is none. */
export const noCompiler = hasCompiler ? false : 'no C++ compiler';
export const noOpenssl = noCompiler || (compiles(...probe) ? false : 'no OpenSSL development files');
export const openssl = ['-lssl', '-lcrypto'] as const;

/** Returns the path of the program. */
export async function buildProgram(options: ProgramOptions): Promise<string> {
  const { folder, sanitizer } = options;
  const name = options.sources[0];
  const build = path.join(root, `core/native/build/sanitize-${sanitizer}`);
  mkdirSync(build, { recursive: true });
  const headers = newest([
    ...globSync(path.join(library, '**/*.h')),
    ...[folder, ...(options.headers ?? [])].flatMap((place) => globSync(path.join(place, '*.h'))),
    import.meta.filename,
  ]);
  const sources = [
    ...options.library.flatMap((part) =>
      part.endsWith('.cpp') ? [path.join(library, part)] : globSync(path.join(library, part, '*.cpp')),
    ),
    ...options.sources.map((source) => path.join(folder, `${source}.cpp`)),
  ];
  const objectOf = (source: string): string =>
    path.join(
      build,
      `${path
        .relative(root, source)
        .replaceAll('/', '-')
        .replace(/\.cpp$/, '')}.o`,
    );
  const stale = sources.filter((source) => modified(objectOf(source)) <= Math.max(modified(source), headers));
  const compileNext = async (): Promise<void> => {
    for (let source = stale.shift(); source !== undefined; source = stale.shift()) {
      const folders = [library, folder, ...(options.headers ?? [])].flatMap((place) => ['-I', place]);
      const words = [...flags, ...sanitizers[sanitizer], ...folders, '-c', source];
      await makeWhole(objectOf(source), words);
    }
  };
  await Promise.all(Array.from({ length: compilersAtOnce }, compileNext));
  const program = path.join(build, name);
  const objects = sources.map(objectOf);
  if (modified(program) <= newest(objects)) {
    const words = [...sanitizers[sanitizer], '-pthread', ...objects];
    await makeWhole(program, [...words, ...(options.libraries ?? [])]);
  }
  return program;
}

/** Test files run beside each other and share objects: each appears whole or not at all. */
async function makeWhole(file: string, words: readonly string[]): Promise<void> {
  const unfinished = `${file}.${String(process.pid)}`;
  await run('g++', [...words, '-o', unfinished]);
  renameSync(unfinished, file);
}

/** Runs a program; a sanitizer's report ends it with another status than 0, which is thrown with all it said. */
export async function runProgram(
  program: string,
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run(program, words, {
    timeout: 120_000,
    maxBuffer: 16 << 20,
    env: { ...process.env, ...environment },
  });
  return stdout;
}
