// Profiles of user-profile: XML that Cisco's clients fetch after the login and keep. What is in them is the administrator's
// business; here they are read and named. Called by security-module.ts.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../config/index.ts';

/** A message to a worker holds it in base64. */
export const maxProfileBytes = 256 * 1024;

export type ProfileReading =
  { readonly bytes: Buffer; readonly name: string; readonly sha1: string } | { readonly problem: string };

/** Undefined: none is configured. As in the C program, a path may be one inside chroot-dir. */
export function readProfile(settings: Settings, chroot: string | undefined): ProfileReading | undefined {
  const name = settings['user-profile'];
  if (name === undefined || name === '') return undefined;
  const asGiven = readWhole(name);
  const read = 'problem' in asGiven && chroot !== undefined ? readWhole(path.join(chroot, name)) : asGiven;
  if ('problem' in read) return { problem: `${name}: cannot read the profile (${read.problem})` };
  const sha1 = createHash('sha1').update(read.bytes).digest('hex').toUpperCase();
  return { bytes: read.bytes, name, sha1 };
}

function readWhole(file: string): { readonly bytes: Buffer } | { readonly problem: string } {
  try {
    // Non-blocking, lest a pipe in the file's place holds everybody up.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return { problem: 'not a file' };
      if (stat.size > maxProfileBytes) return { problem: `larger than ${String(maxProfileBytes)} bytes` };
      return { bytes: readFileSync(fd) };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { problem: error instanceof Error && 'code' in error ? String(error.code) : 'unreadable' };
  }
}
