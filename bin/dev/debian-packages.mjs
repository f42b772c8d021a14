// Installs Debian packages that a build or the tests need and the machine lacks: as root with apt-get, else one
// sentence says what to install. Called by build-addon.mjs and test.mjs, so it runs under any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** The first of the commands that is on the PATH (or, with a slash, is there). */
export function findCommand(...names) {
  for (const name of names) {
    if (name === undefined || name === '') continue;
    for (const folder of name.includes('/') ? [''] : (process.env.PATH ?? '').split(':')) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // next
      }
    }
  }
  return undefined;
}

/** Undefined when all are installed, else the sentence to end with. `purpose` begins it: "the tests need". */
export function installDebianPackages(purpose, packages) {
  const wanted = packages.join(' ');
  const byHand = `${purpose} ${wanted}; install with: ${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install ${wanted}`;
  if (findCommand('apt-get') === undefined)
    return `${purpose} what Debian packages as ${wanted}; install it with your distribution's tool`;
  if (process.getuid?.() !== 0) return byHand;
  process.stderr.write(`installing Debian packages: ${wanted}\n`);
  const apt = (...args) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
  // A machine that never updated knows no packages; one whose mirror is away may still have them in its cache.
  apt('update');
  const { status, stderr } = apt('install', '-y', '--no-install-recommends', ...packages);
  if (status === 0) return undefined;
  const reason = /^E: (.*)$/m.exec(stderr)?.[1] ?? 'no reason given';
  return `${byHand} (apt-get failed: ${reason})`;
}
