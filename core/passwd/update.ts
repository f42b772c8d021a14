// Changing a password file: lock, read, edit, write, rename. Called by the ocpasswd command.
// Stages: 1 names and password are checked; 2 the hash is computed; 3 `<file>.tmp` is created exclusively, which is
// the lock (older ocpasswd programs honour it too); 4 the file is read and edited; 5 the result is written
// to the lock file with owner and mode of the original, synced, and renamed over it.
// Expected outcomes are values; only a programming error throws.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep, setImmediate as nextTurn } from 'node:timers/promises';
import { tryLockFile } from '../native/index.ts';
import { deleteEntry, lockEntry, setPassword, unlockEntry, type Edit } from './edit.ts';
import { parsePasswordFile } from './file-format.ts';
import {
  hashPassword,
  hashSchemeName,
  passwordProblem,
  type CryptFunction,
  type HashScheme,
} from './hash.ts';
import { groupNameProblem, userNameProblem } from './names.ts';

export type UpdateResult =
  | { readonly outcome: 'added' | 'changed' | 'deleted' | 'locked' | 'unlocked' | 'unchanged' }
  | { readonly outcome: 'no-such-user' | 'no-password' }
  | { readonly outcome: 'line-too-long'; readonly maxBytes: number }
  /** `problem` completes the sentence "the … name <problem>". */
  | { readonly outcome: 'invalid-user' | 'invalid-password'; readonly problem: string }
  | { readonly outcome: 'invalid-group'; readonly group: string; readonly problem: string }
  /** The system's crypt(3) does not know the scheme. */
  | { readonly outcome: 'cannot-hash' }
  /** Somebody else is changing the file. */
  | { readonly outcome: 'file-locked'; readonly lockFile: string }
  | { readonly outcome: 'cannot-read' | 'cannot-write'; readonly file: string; readonly code: string };

export interface UpdateOptions {
  /** How long to wait for one holder of the lock; when it goes from hand to hand, as long as it does. */
  readonly lockWaitMs?: number;
}

export interface Hashing {
  /** The one to be made; else the best that the system has. */
  readonly scheme?: HashScheme | undefined;
  readonly crypt: CryptFunction;
  readonly makeSetting: (prefix: string, cost?: number) => string;
}

/** From when on it is asked whether the holder of a lock is still alive; an update takes milliseconds. */
const STALE_LOCK_MS = 2_000;
const LOCK_WAIT_MS = 15_000;
/** Between two looks at the lock; spread, so that many waiting programs do not look at once. */
const LOOK_AGAIN_MS = { least: 5, spread: 60 };
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Adds a user or changes the password of one (which also ends a lock). `groups` undefined keeps the groups
 * of an existing user. A missing file is created, mode 0600.
 */
export async function addUser(
  file: string,
  user: { readonly name: string; readonly password: string; readonly groups?: readonly string[] | undefined },
  hashing: Hashing,
  options: UpdateOptions = {},
): Promise<UpdateResult> {
  const problem = userNameProblem(user.name);
  if (problem !== undefined) return { outcome: 'invalid-user', problem };
  for (const group of user.groups ?? []) {
    const groupProblem = groupNameProblem(group);
    if (groupProblem !== undefined) return { outcome: 'invalid-group', group, problem: groupProblem };
  }
  const weakness = passwordProblem(user.password);
  if (weakness !== undefined) return { outcome: 'invalid-password', problem: weakness };
  const hash = await hashPassword(user.password, hashing.crypt, hashing.makeSetting, hashing.scheme);
  if (hash === undefined) return { outcome: 'cannot-hash' };
  return updateFile(file, true, (text) => setPassword(text, user.name, user.groups, hash), options);
}

export function deleteUser(file: string, name: string, options: UpdateOptions = {}): Promise<UpdateResult> {
  return updateFile(file, false, (text) => deleteEntry(text, name), options);
}

export function lockUser(file: string, name: string, options: UpdateOptions = {}): Promise<UpdateResult> {
  return updateFile(file, false, (text) => lockEntry(text, name), options);
}

export function unlockUser(file: string, name: string, options: UpdateOptions = {}): Promise<UpdateResult> {
  return updateFile(file, false, (text) => unlockEntry(text, name), options);
}

export interface ListedUser {
  readonly username: string;
  readonly groups: readonly string[];
  readonly locked: boolean;
  /** The scheme of the hash in a word, never the hash. */
  readonly hash: string;
}

/** The users in the order of the file, as the server reads it. */
export function listUsers(
  file: string,
): { readonly outcome: 'listed'; readonly users: ListedUser[] } | UpdateResult {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    return { outcome: 'cannot-read', file, code: codeOf(error) };
  }
  const users = parsePasswordFile(content).entries.map(({ name, groups, hash }) => ({
    username: name,
    groups,
    locked: hash.startsWith('!'),
    hash: hashSchemeName(hash),
  }));
  return { outcome: 'listed', users };
}

async function updateFile(
  file: string,
  mayCreate: boolean,
  edit: (text: string) => Edit,
  options: UpdateOptions,
): Promise<UpdateResult> {
  let target: string;
  try {
    // A link given as the file stays a link: what it points to is replaced.
    target = realpathSync(file);
  } catch (error) {
    if (!mayCreate || codeOf(error) !== 'ENOENT')
      return { outcome: 'cannot-read', file, code: codeOf(error) };
    target = file;
  }
  const lockFile = `${target}.tmp`;
  let holder: string | undefined;
  let deadline = 0;
  for (;;) {
    const result = await withSignalsHeld(() => attempt(target, lockFile, mayCreate, edit));
    if (result.outcome !== 'file-locked') return result;
    const now = holderOf(lockFile);
    // Gone since: its turn is over.
    if (now === undefined || now !== holder)
      deadline = performance.now() + (options.lockWaitMs ?? LOCK_WAIT_MS);
    holder = now;
    if (now !== undefined && performance.now() >= deadline) return result;
    await sleep(LOOK_AGAIN_MS.least + Math.random() * LOOK_AGAIN_MS.spread);
  }
}

/** Tells one lock from the next one. */
function holderOf(lockFile: string): string | undefined {
  const seen = statSync(lockFile, { throwIfNoEntry: false, bigint: true });
  return seen === undefined ? undefined : `${seen.ino} ${seen.ctimeNs}`;
}

function attempt(
  target: string,
  lockFile: string,
  mayCreate: boolean,
  edit: (text: string) => Edit,
): UpdateResult {
  let lock: number;
  try {
    lock = takeLock(lockFile);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return { outcome: 'file-locked', lockFile };
    return { outcome: 'cannot-write', file: lockFile, code: codeOf(error) };
  }
  let isRenamed = false;
  try {
    let content = Buffer.alloc(0);
    try {
      const original = openSync(target, constants.O_RDONLY);
      try {
        content = readFileSync(original);
        const { uid, gid, mode } = fstatSync(original);
        const own = fstatSync(lock);
        if (own.uid !== uid || own.gid !== gid) fchownSync(lock, uid, gid);
        fchmodSync(lock, mode & 0o7777);
      } finally {
        closeSync(original);
      }
    } catch (error) {
      if (!mayCreate || codeOf(error) !== 'ENOENT') {
        return { outcome: 'cannot-read', file: target, code: codeOf(error) };
      }
    }
    const edited = edit(content.toString('latin1'));
    if (!('text' in edited)) return edited;
    writeFileSync(lock, edited.text, 'latin1');
    fsyncSync(lock);
    renameSync(lockFile, target);
    isRenamed = true;
    syncFolder(path.dirname(target));
    return { outcome: edited.outcome };
  } catch (error) {
    return { outcome: 'cannot-write', file: target, code: codeOf(error) };
  } finally {
    closeSync(lock);
    if (!isRenamed) unlinkSync(lockFile);
  }
}

/** The descriptor of the lock file, which is ours as long as it is open. Throws EEXIST when somebody else has it. */
function takeLock(lockFile: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let fd: number;
  try {
    fd = openSync(lockFile, flags, 0o600);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !removeStaleLock(lockFile)) throw error;
    fd = openSync(lockFile, flags, 0o600);
  }
  // Refused when we were so slow to get here that somebody took the file for a dead one's and is removing it.
  if (tryLockFile(fd) && fstatSync(fd).nlink > 0) return fd;
  closeSync(fd);
  throw Object.assign(new Error('lock lost'), { code: 'EEXIST' });
}

/**
 * Removes a lock that was left by a crash: nobody alive holds the system's lock on it. The C program takes none, but is
 * done in milliseconds.
 */
function removeStaleLock(lockFile: string): boolean {
  const isOld = ({ mtimeMs }: { mtimeMs: number }): boolean => Date.now() - mtimeMs > STALE_LOCK_MS;
  try {
    if (!isOld(statSync(lockFile))) return false;
    const fd = openSync(lockFile, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      // With the lock in hand nobody else removes it; it may have been replaced before.
      const held = fstatSync(fd);
      if (!tryLockFile(fd) || statSync(lockFile).ino !== held.ino || !isOld(held)) return false;
      unlinkSync(lockFile);
      return true;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** A signal that arrives in the middle takes effect afterwards, when the lock file is gone. */
async function withSignalsHeld<Result>(work: () => Result): Promise<Result> {
  const arrived: NodeJS.Signals[] = [];
  const hold = (signal: NodeJS.Signals): void => void arrived.push(signal);
  for (const signal of SIGNALS) process.on(signal, hold);
  try {
    return work();
  } finally {
    await nextTurn();
    for (const signal of SIGNALS) process.off(signal, hold);
    for (const signal of arrived) process.kill(process.pid, signal);
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
