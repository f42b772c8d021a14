// npm test: installs what the tests need, builds, checks types, style and format, then runs every test.
// Arguments are test files or folders to run instead of all. Without root the end-to-end tests cannot run: said so.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { build, root } from './build.mjs';
import { findCommand, installDebianPackages } from './debian-packages.mjs';

/** Debian packages by the command that shows they are there. */
const debianPackages = {
  openssl: 'openssl',
  man: 'man-db',
  'g++': 'g++',
  make: 'make',
  python3: 'python3',
};
/** Those that the end-to-end tests need besides. */
const endToEndPackages = {
  openconnect: 'openconnect',
  'gnutls-cli': 'gnutls-bin',
  'fail2ban-regex': 'fail2ban',
  haproxy: 'haproxy',
  iperf3: 'iperf3',
  nft: 'nftables',
  nsenter: 'util-linux',
  tcpdump: 'tcpdump',
  ip: 'iproute2',
  ping: 'iputils-ping',
  ps: 'procps',
  freeradius: 'freeradius',
  krb5kdc: 'krb5-kdc',
  'kadmin.local': 'krb5-admin-server',
  kinit: 'krb5-user',
  setpriv: 'util-linux',
  pgrep: 'procps',
  script: 'bsdutils',
  perl: 'perl-base',
  certtool: 'gnutls-bin',
};
const debianLibraries = {
  '/usr/include/openssl/ssl.h': 'libssl-dev',
  '/{usr/,}lib/*/security/pam_unix.so': 'libpam-modules',
  '/{usr/,}lib/*/security/pam_oath.so': 'libpam-oath',
  '/usr/lib/*/libgssapi_krb5.so.2': 'libgssapi-krb5-2',
  '/usr/lib/*/krb5/plugins/tls/k5tls.so': 'krb5-k5tls',
};

const isRoot = process.getuid?.() === 0;

function run(command, args, options = {}) {
  return (
    spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options }).status ?? 1
  );
}

function must(what, command, args) {
  process.stderr.write(`\n== ${what}\n`);
  const status = run(command, args);
  if (status !== 0) {
    process.stderr.write(`\n${what} failed\n`);
    process.exit(status);
  }
}

function installPackages() {
  const missing = [
    ...Object.entries({ ...debianPackages, ...(isRoot ? endToEndPackages : {}) }).filter(
      ([command]) => findCommand(command) === undefined,
    ),
    ...Object.entries(debianLibraries).filter(([file]) => globSync(file).length === 0),
  ].map(([, name]) => name);
  if (missing.length === 0) return;
  const problem = installDebianPackages('the tests need', missing);
  if (problem === undefined) return;
  process.stderr.write(`npm test: ${problem}\n`);
  process.exit(1);
}

const chosen = process.argv.slice(2);
installPackages();
await build();
if (chosen.length === 0) {
  must('types', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']);
  must('lint', process.execPath, ['node_modules/eslint/bin/eslint.js', '.']);
  must('format', process.execPath, [
    'node_modules/prettier/bin/prettier.cjs',
    '--check',
    '--log-level',
    'warn',
    '.',
  ]);
}

const folders = isRoot ? ['unit', 'fuzz', 'e2e'] : ['unit', 'fuzz'];
const allIn = (folder) => path.join(folder, '**/*.test.ts');
const patterns =
  chosen.length > 0
    ? chosen.map((place) =>
        statSync(place, { throwIfNoEntry: false })?.isDirectory() ? allIn(place) : place,
      )
    : folders.map((folder) => allIn(`test/${folder}`));
if (!isRoot) process.stderr.write('\nnot root: the end-to-end tests (test/e2e) are left out\n');
process.stderr.write('\n== tests\n');
process.exit(
  run(process.execPath, [
    '--test',
    // One after the other: the stories about traffic and time are told on an otherwise quiet machine.
    '--test-concurrency=1',
    '--test-timeout=900000',
    '--test-reporter=spec',
    ...globSync(patterns, { cwd: root }).sort(),
  ]),
);
