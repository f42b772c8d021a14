// Puts the addon and its helper where an installed package looks for them (prebuilds/), so that nobody who installs it
// needs a compiler. Run by "npm pack" (prepack) and by deb.mjs.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { build, root } from './build.mjs';

export function prebuild() {
  build();
  const folder = path.join(root, 'prebuilds');
  mkdirSync(folder, { recursive: true });
  for (const [local, suffix, mode] of [
    ['ocserv.node', '.node', 0o644],
    ['ocserv-pam', '-pam', 0o755],
  ]) {
    const target = path.join(folder, `${process.platform}-${process.arch}${suffix}`);
    copyFileSync(path.join(root, 'core/native/build/Release', local), target);
    chmodSync(target, mode);
  }
}

if (process.argv[1] === import.meta.filename) prebuild();
