// Finds and loads the compiled addon: a prebuilt binary for this platform, else the local build. Finds its helper too.
// Used only by the typed fronts in this folder; nobody else touches the raw object.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** The package's root: the nearest folder above this file with a package.json. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('no package.json above the native addon');
    folder = parent;
  }
  return folder;
}

/** Prebuilt files are named after the platform, with `suffix`; local ones as the build names them. */
function findBuilt(what: string, suffix: string, local: string): string {
  const root = packageRoot();
  const candidates = [
    path.join(root, 'prebuilds', `${process.platform}-${process.arch}${suffix}`),
    path.join(root, 'core/native/build/Release', local),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) {
    throw new Error(`${what} is not built (looked for ${candidates.join(', ')}); run "npm run build"`);
  }
  return found;
}

/** The helper program that talks to PAM; throws when it is not built. */
export function pamProgram(): string {
  return findBuilt('the PAM helper', '-pam', 'ocserv-pam');
}

/** The raw addon. Each front narrows it to the functions it wraps. */
export const addon: unknown = require(findBuilt('the native addon', '.node', 'ocserv.node'));
