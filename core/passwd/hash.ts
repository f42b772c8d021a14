// Password hashes: making new ones, checking a password in a time that tells nothing about the account.
// The hashing itself is crypt(3), handed in so that it runs off the event loop (core/native).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PasswordFile } from './file-format.ts';

/** crypt_r(3) off the event loop; undefined when the setting is refused. */
export type CryptFunction = (password: string, setting: string) => Promise<string | undefined>;

// SHA-512 crypt: every server in the field reads it with the libcrypt of its system, which is not so for
// yescrypt. The rounds make one guess cost some 50 ms; `rounds=` is part of the format since 2007.
export const NEW_HASH_PREFIX = '$6$';
export const NEW_HASH_ROUNDS = 100_000;
/** Longest hash the servers in the field read. */
export const MAX_HASH_BYTES = 127;
/** crypt(3) refuses longer ones. */
export const MAX_PASSWORD_BYTES = 511;

// Ceilings on the work that an entry of the file may ask for, so that one line cannot occupy the processor.
const MAX_SHA_CRYPT_ROUNDS = 1_000_000;
const MAX_BCRYPT_COST = 14;
// N = 2^(index + 1) blocks; "D" is 2^16, 256 MiB with the usual block size.
const MAX_YESCRYPT_COST = './0123456789ABCD'.length;
const BASE64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Says why a password cannot be hashed; undefined when it can. */
export function passwordProblem(password: string): string | undefined {
  if (password === '') return 'is empty';
  if (password.includes('\0')) return 'contains a NUL character';
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return `is longer than ${MAX_PASSWORD_BYTES} bytes`;
  return undefined;
}

/**
 * Scheme and cost of a hash as one word ("$6$rounds=100000"): hashes with the same word take the same time.
 * Undefined when the scheme is unknown or dearer than the ceilings allow.
 */
export function hashClass(hash: string): string | undefined {
  if (hash.length > MAX_HASH_BYTES || hash.startsWith('*')) return undefined;
  const sha = /^\$([56])\$(?:rounds=(\d{1,10})\$)?[^$]{0,16}\$/.exec(hash);
  if (sha !== null) {
    const rounds = Math.max(1000, Number(sha[2] ?? 5000));
    return rounds <= MAX_SHA_CRYPT_ROUNDS ? `$${sha[1]}$rounds=${rounds}` : undefined;
  }
  const bcrypt = /^\$2[abxy]\$(\d\d)\$/.exec(hash);
  if (bcrypt !== null) return Number(bcrypt[1]) <= MAX_BCRYPT_COST ? `$2$${bcrypt[1]}` : undefined;
  const yescrypt = /^\$(y|gy)\$(j([./0-9A-Za-z])[./0-9A-Za-z])\$/.exec(hash);
  if (yescrypt !== null) {
    const cost = BASE64.indexOf(yescrypt[3] ?? '') + 1;
    return cost <= MAX_YESCRYPT_COST ? `$${yescrypt[1]}$${yescrypt[2]}` : undefined;
  }
  const sha1 = /^\$sha1\$(\d{1,10})\$/.exec(hash);
  if (sha1 !== null) {
    // The library varies the rounds a little from hash to hash; thousands are close enough.
    const rounds = Number(sha1[1]);
    return rounds <= MAX_SHA_CRYPT_ROUNDS ? `$sha1$${Math.round(rounds / 1000)}k` : undefined;
  }
  if (/^\$1\$[^$]{0,8}\$/.test(hash)) return '$1$';
  if (/^[./0-9A-Za-z]{13}$/.test(hash)) return 'des';
  return undefined;
}

/**
 * One hash for each class in the file, that of the most entries first; locked ones count. Empty for a file
 * without any usable hash.
 */
export function typicalHashes(file: PasswordFile): string[] {
  const classes = new Map<string, { count: number; readonly hash: string }>();
  for (const entry of file.entries) {
    const hash = withoutLock(entry.hash);
    const name = hashClass(hash);
    if (name === undefined) continue;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, { count: 1, hash });
    else known.count += 1;
  }
  return [...classes.values()].sort((one, other) => other.count - one.count).map(({ hash }) => hash);
}

export type PasswordVerdict = 'right' | 'wrong' | 'unknown user' | 'locked' | 'no usable hash' | 'no hash';

/**
 * Checks a password. Exactly one hash is computed whatever the account is like: its own (a locked one
 * too), else `dummyHash`. 'no hash' means that the entry has none: the caller decides what that is worth.
 */
export async function checkPassword(
  hash: string | undefined,
  password: string,
  dummyHash: string,
  crypt: CryptFunction,
): Promise<PasswordVerdict> {
  const own = hash === undefined ? '' : withoutLock(hash);
  const isUsable = hashClass(own) !== undefined;
  const setting = isUsable ? own : dummyHash;
  // crypt(3) would stop at a NUL and refuse overlong ones at once; a stand-in of the same sort of work.
  const isSane = password === '' || passwordProblem(password) === undefined;
  const computed = await crypt(isSane ? password : 'refused', setting);
  const isEqual = equalText(computed ?? '', setting) && computed !== undefined;
  if (hash === undefined) return 'unknown user';
  if (hash === '') return 'no hash';
  if (!isUsable) return hash.startsWith('!') ? 'locked' : 'no usable hash';
  if (!isEqual || !isSane) return 'wrong';
  return hash.startsWith('!') ? 'locked' : 'right';
}

/** A fresh hash in the house scheme. Undefined when the system's libcrypt refuses it. */
export async function hashPassword(
  password: string,
  crypt: CryptFunction,
  makeSetting: (prefix: string, cost?: number) => string,
): Promise<string | undefined> {
  const hash = await crypt(password, makeSetting(NEW_HASH_PREFIX, NEW_HASH_ROUNDS));
  return hash === undefined || hashClass(hash) === undefined ? undefined : hash;
}

function withoutLock(hash: string): string {
  return hash.startsWith('!') ? hash.slice(1) : hash;
}

/** Digests first, so that lengths may differ. */
function equalText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(digest(one), digest(other));
}
