// Replaces a file whole or not at all: whoever reads it sees the old or the new content, never a part. Used for pid
// files and whatever else a daemon or command keeps in a file of its own.
//
// Stages: 1 symbolic links are followed, so that the link stays one; 2 a temporary file in the same folder (O_EXCL)
// gets mode and owner before its first byte; 3 written, synced, closed; 4 renamed over the target.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

const PERMISSIONS = 0o7777;

export interface ReplaceOptions {
  /** For a new file; an existing one keeps its own. Default 0600. */
  readonly mode?: number;
}

/** Throws the file system's error (with `code`); the old file is then untouched and nothing is left behind. */
export function replaceFileAtomically(
  file: string,
  data: string | Uint8Array,
  options: ReplaceOptions = {},
): void {
  const existing = statSync(file, { throwIfNoEntry: false });
  const target = existing === undefined ? file : realpathSync(file);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  const fd = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    try {
      if (existing !== undefined) keepOwner(fd, existing.uid, existing.gid);
      // After the owner: chown(2) clears the set-id bits.
      fchmodSync(fd, existing === undefined ? (options.mode ?? 0o600) : existing.mode & PERMISSIONS);
      writeFileSync(fd, data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Only root may give a file away; for everybody else it is theirs already or the folder's rules decide. */
function keepOwner(fd: number, uid: number, gid: number): void {
  if (process.getuid?.() === 0) fchownSync(fd, uid, gid);
}
