// npm run deb: a Debian package of what is built here, with the runtime in it, in the folder "packages". Programs, manual
// pages, units, account, PAM file and a first configuration; installing it starts nothing, as there is no certificate yet.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { root } from './build.mjs';
import { findCommand } from './debian-packages.mjs';
import { prebuild } from './prebuild.mjs';

const architectures = { x64: 'amd64', arm64: 'arm64' };
const runtime = `node-linux-${process.arch}`;

function fail(sentence) {
  process.stderr.write(`npm run deb: ${sentence}\n`);
  process.exit(1);
}

function must(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) fail(`${command} failed: ${stderr}`);
  return stdout;
}

/** Folders of the packages that are needed at run time, below the root. */
function runtimePackages() {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([name, { dev }]) => dev !== true && !name.includes('node_modules/node-linux-'))
    .map(([name]) => name);
}

const { version, description } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

function stage(target) {
  const at = (...parts) => path.join(target, ...parts);
  const put = (file, data, mode = 0o644) => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), data);
    chmodSync(at(file), mode);
  };
  const read = (...parts) => readFileSync(path.join(root, ...parts));
  const home = 'usr/lib/ocserv-node';
  const isWanted = (source) => !/\/(bin\/dev|dist\/(\.cache|\.stamps))$|\.(d\.ts|map)$/.test(source);
  for (const part of [
    'bin',
    'dist',
    'prebuilds',
    'package.json',
    'oclif.manifest.json',
    ...runtimePackages(),
  ])
    cpSync(path.join(root, part), at(home, part), { recursive: true, filter: isWanted, dereference: false });
  mkdirSync(at(home, 'node_modules', runtime, 'bin'), { recursive: true });
  cpSync(path.join(root, 'node_modules', runtime, 'bin/node'), at(home, 'node_modules', runtime, 'bin/node'));
  for (const [folder, program] of [
    ['sbin', 'ocserv'],
    ['bin', 'occtl'],
    ['bin', 'ocpasswd'],
    ['bin', 'occert'],
  ]) {
    mkdirSync(at('usr', folder), { recursive: true });
    symlinkSync(`../lib/ocserv-node/bin/${program}`, at('usr', folder, program));
  }
  for (const page of ['ocserv.8', 'occtl.8', 'ocpasswd.8', 'occert.8', 'ocserv.conf.5'])
    put(`usr/share/man/man${page.at(-1)}/${page}.gz`, gzipSync(read('man', page), { level: 9 }));
  put(
    'lib/systemd/system/ocserv.service',
    read('contrib/systemd/ocserv.service').toString().replace('/usr/local/bin/ocserv', '/usr/sbin/ocserv'),
  );
  put('lib/systemd/system/ocserv.socket', read('contrib/systemd/ocserv.socket'));
  put('usr/lib/sysusers.d/ocserv.conf', read('contrib/debian/sysusers.conf'));
  put('usr/lib/tmpfiles.d/ocserv.conf', read('contrib/debian/tmpfiles.conf'));
  put('etc/pam.d/ocserv', read('contrib/debian/ocserv.pam'));
  const sample = read('man/ocserv.conf.sample')
    .toString()
    .replace(/^run-as-user = .*$/m, 'run-as-user = ocserv')
    .replace(/^run-as-group = .*$/m, 'run-as-group = ocserv');
  put('etc/ocserv/ocserv.conf', sample, 0o600);
  chmodSync(at('etc/ocserv'), 0o700);
  mkdirSync(at('usr/share/doc/ocserv'), { recursive: true });
  put('usr/share/doc/ocserv/copyright', read('LICENSE'));
  put('usr/share/doc/ocserv/README.md', read('README.md'));
  put('usr/share/doc/ocserv/changelog.gz', gzipSync(read('CHANGELOG.md'), { level: 9 }));
  put('usr/share/doc/ocserv/examples/ocserv.conf', read('man/ocserv.conf.sample'));

  const kilobytes = must('du', ['-sk', '--apparent-size', target]).split('\t')[0];
  put(
    'DEBIAN/control',
    `Package: ocserv-node
Version: ${version}
Architecture: ${architectures[process.arch]}
Maintainer: ocserv for Node.js <root@localhost>
Installed-Size: ${kilobytes}
Section: net
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libcrypt1 (>= 1:4.3), passwd
Recommends: iproute2, nftables, libpam0g
Provides: ocserv
Conflicts: ocserv
Replaces: ocserv
Description: OpenConnect VPN server
 ${description}. Takes the place of the C program of the same
 name: same configuration, command lines, scripts and wire protocol. The Node.js
 runtime is in the package.
`,
  );
  put('DEBIAN/conffiles', '/etc/ocserv/ocserv.conf\n/etc/pam.d/ocserv\n');
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(`DEBIAN/${script}`, read('contrib/debian', script), 0o755);
}

if (findCommand('dpkg-deb') === undefined) fail('dpkg-deb was not found; a Debian package is made on Debian');
process.umask(0o022);
prebuild();
const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-deb-'));
try {
  chmodSync(folder, 0o755);
  stage(folder);
  mkdirSync(path.join(root, 'packages'), { recursive: true });
  const file = path.join(root, 'packages', `ocserv-node_${version}_${architectures[process.arch]}.deb`);
  must('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', folder, file]);
  process.stdout.write(`${file}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
