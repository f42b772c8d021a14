// Builds the native addon and its helper program into core/native/build/Release (ocserv.node, ocserv-pam). Runs under any Node from 20 on, because it may be
// the first thing that runs; the compiler sees the headers of the pinned Node from the registry.
// Called by build.mjs and by hand. Two at a time wait for each other (flock).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { findCommand as find, installDebianPackages } from './debian-packages.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const native = path.join(root, 'core/native');
const buildFolder = path.join(native, 'build');
const products = ['ocserv.node', 'ocserv-pam'].map((name) => path.join(buildFolder, 'Release', name));
const lockedMark = 'OCSERV_ADDON_BUILD_LOCKED';

function fail(sentence) {
  process.stderr.write(`native addon: ${sentence}\n`);
  process.exit(1);
}

function runtimeFolder() {
  const name = `node-linux-${process.arch}`;
  const folder = path.join(root, 'node_modules', name);
  if (!existsSync(path.join(folder, 'include/node/node_api.h')) || !existsSync(path.join(folder, 'bin/node')))
    fail(`the package ${name} is not installed; run "npm ci"`);
  return folder;
}

/** Installs what the compilation needs, where that can be done. */
function checkTools() {
  const missing = [];
  if (find(process.env.CXX?.split(' ')[0], 'g++', 'c++', 'clang++') === undefined) missing.push('g++');
  if (find('make', 'gmake') === undefined) missing.push('make');
  if (find(process.env.PYTHON, 'python3') === undefined) missing.push('python3');
  if (missing.length === 0) return;
  const problem = installDebianPackages('building it needs', missing);
  if (problem !== undefined) fail(problem);
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(cpp|h|inc)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** Hashes of everything the product depends on: `layout` asks for a new Makefile, `content` for a build. */
function fingerprints(runtime) {
  const fixed = [
    path.join(native, 'binding.gyp'),
    path.join(runtime, 'package.json'),
    path.join(root, 'node_modules/node-addon-api/package.json'),
  ];
  const files = ['src', 'binding', 'pam'].flatMap((folder) => sources(path.join(native, folder))).sort();
  const layout = createHash('sha256').update(JSON.stringify([files, process.env.CXX ?? '']));
  for (const file of fixed) layout.update(readFileSync(file));
  const layoutDigest = layout.digest('hex');
  const content = createHash('sha256').update(layoutDigest);
  for (const file of files) content.update(readFileSync(file));
  return { layout: layoutDigest, content: content.digest('hex') };
}

function readStamp(name) {
  const file = path.join(buildFolder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** npm hands its configuration down in the environment, where `nodedir` would beat --nodedir. */
function cleanEnvironment(runtime) {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)),
  );
  environment.PATH = `${path.join(runtime, 'bin')}:${process.env.PATH ?? ''}`;
  if (environment.CXX === undefined && find('g++', 'c++') === undefined) {
    environment.CXX = 'clang++';
    environment.CC = 'clang';
  }
  return environment;
}

function nodeGyp(runtime, ...args) {
  const script = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  if (!existsSync(script)) fail('the package node-gyp is not installed; run "npm ci"');
  const result = spawnSync(
    path.join(runtime, 'bin/node'),
    [script, ...args, '--directory', native, '--nodedir', runtime, '--loglevel', 'warn'],
    { cwd: native, env: cleanEnvironment(runtime), stdio: ['ignore', 2, 2] },
  );
  if (result.status !== 0) fail('the build failed; the first error above says why');
}

function build() {
  const runtime = runtimeFolder();
  const wanted = fingerprints(runtime);
  if (products.every((file) => existsSync(file)) && readStamp('ocserv.stamp') === wanted.content) return;
  checkTools();
  if (readStamp('layout.stamp') !== wanted.layout || !existsSync(path.join(buildFolder, 'Makefile'))) {
    nodeGyp(runtime, 'configure');
    writeFileSync(path.join(buildFolder, 'layout.stamp'), wanted.layout);
  }
  nodeGyp(runtime, 'build', '-j', '2');
  writeFileSync(path.join(buildFolder, 'ocserv.stamp'), wanted.content);
}

mkdirSync(buildFolder, { recursive: true });
const flock = find('flock');
if (flock === undefined || process.env[lockedMark] !== undefined) {
  build();
} else {
  const { status } = spawnSync(
    flock,
    ['--exclusive', path.join(buildFolder, '.lock'), process.execPath, import.meta.filename],
    { stdio: 'inherit', env: { ...process.env, [lockedMark]: '1' } },
  );
  process.exitCode = status ?? 1;
}
