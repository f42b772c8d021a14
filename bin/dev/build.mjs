// Builds what is out of date: the addon, the compiled TypeScript, the command manifest, the tools, the man pages.
// Run by build.sh; start.mjs and test.mjs call `build()`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { bundleTools } from './bundle.mjs';
import { writeCompletion } from './completion.mjs';

export const root = path.resolve(import.meta.dirname, '../..');
const stampFolder = path.join(root, 'dist/.stamps');

/** A step's fingerprint: names, sizes and times of the files it reads. */
function fingerprint(patterns) {
  const hash = createHash('sha256').update(process.version);
  for (const file of globSync(patterns, { cwd: root }).sort()) {
    const { mtimeMs, size } = statSync(path.join(root, file));
    hash.update(`${file}\0${mtimeMs}\0${size}\0`);
  }
  return hash.digest('hex');
}

function isCurrent(name, print, products) {
  const stamp = path.join(stampFolder, name);
  return (
    products.every((product) => existsSync(path.join(root, product))) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === print
  );
}

async function step(name, { reads, makes, run }) {
  const print = fingerprint(reads);
  if (isCurrent(name, print, makes)) return;
  process.stderr.write(`building: ${name}\n`);
  await run();
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(path.join(stampFolder, name), print);
}

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

/** oclif lists the commands as the file system does, which differs from machine to machine. */
function sortManifest() {
  const file = path.join(root, 'oclif.manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const ids = Object.keys(manifest.commands).sort();
  manifest.commands = Object.fromEntries(ids.map((id) => [id, manifest.commands[id]]));
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

export async function build() {
  await step('addon', {
    reads: ['core/native/{src,binding,pam}/**', 'core/native/binding.gyp', 'package-lock.json'],
    makes: ['core/native/build/Release/ocserv.node', 'core/native/build/Release/ocserv-pam'],
    run: () => node('bin/dev/build-addon.mjs'),
  });
  await step('programs', {
    reads: ['{bin,commands,core}/**/*.ts', 'tsconfig*.json', 'package-lock.json'],
    makes: ['dist/bin/launch.js'],
    run: () => {
      for (const folder of ['bin', 'commands', 'core'])
        rmSync(path.join(root, 'dist', folder), { recursive: true, force: true });
      node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
      // For programs that import the control client.
      node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json');
    },
  });
  await step('command manifest', {
    reads: ['commands/**/*.ts', 'package.json', 'bin/dev/build.mjs'],
    makes: ['oclif.manifest.json'],
    run: () => {
      node('node_modules/oclif/bin/run.js', 'manifest', '.');
      sortManifest();
    },
  });
  await step('tools', {
    reads: ['{bin,commands,core}/**/*.{ts,mjs}', 'oclif.manifest.json', 'package.json', 'package-lock.json'],
    makes: ['dist/tools/occtl.cjs'],
    run: () => bundleTools(root),
  });
  await step('completion', {
    reads: ['oclif.manifest.json', 'commands/base/occtl-grammar.ts', 'bin/dev/completion.mjs'],
    makes: ['contrib/completion/occtl.bash'],
    run: () => writeCompletion(root),
  });
  await step('manual pages', {
    reads: ['man/*.md', 'man/*.ts'],
    makes: ['man/occtl.8'],
    run: () => node('man/build.ts'),
  });
}

if (process.argv[1] === import.meta.filename) await build();
