// Password hashes: making new ones, checking a password in a time that tells nothing about the account.
// The hashing itself is crypt(3), handed in so that it runs off the event loop (core/native).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PasswordFile } from './file-format.ts';

/** crypt_r(3) off the event loop; undefined when the setting is refused. */
export type CryptFunction = (password: string, setting: string) => Promise<string | undefined>;

/**
 * What ocpasswd can make. The costs are such that a login takes the server some 15 ms whichever it is, so that a
 * morning's logins do not queue up (at 100 000 rounds of SHA-512 it is twice that). For somebody who has stolen the file
 * they differ: yescrypt wants 16 MiB for each guess, which takes graphics cards their advantage; SHA-crypt wants nothing.
 */
const schemes = {
  /** Cost 5 is "j9T", N = 4096 and r = 32, the default of libxcrypt. */
  yescrypt: { prefix: '$y$', cost: 5 },
  sha512: { prefix: '$6$', cost: 50_000 },
  sha256: { prefix: '$5$', cost: 50_000 },
} as const;

export type HashScheme = keyof typeof schemes;
export const hashSchemes = Object.keys(schemes) as readonly HashScheme[];

type MakeSetting = (prefix: string, cost?: number) => string;

/**
 * A fresh setting for crypt(3). Without a wish it is yescrypt, or SHA-512 where the system's libcrypt is older than that
 * (before libxcrypt 4.3). Throws when the library does not make the one that is wished for.
 */
export function newHashSetting(makeSetting: MakeSetting, wish?: HashScheme): string {
  const make = ({ prefix, cost }: { prefix: string; cost: number }): string => makeSetting(prefix, cost);
  if (wish !== undefined) return make(schemes[wish]);
  try {
    return make(schemes.yescrypt);
  } catch {
    return make(schemes.sha512);
  }
}

/** The scheme of a hash in a word for people; "unknown" for what no server reads. */
export function hashSchemeName(hash: string): string {
  const own = withoutLock(hash);
  if (own === '') return 'none';
  const prefix = /^\$[0-9a-z]+\$/.exec(own)?.[0] ?? '';
  const names: Readonly<Record<string, string>> = {
    $y$: 'yescrypt',
    $gy$: 'gost-yescrypt',
    $6$: 'sha512',
    $5$: 'sha256',
    $1$: 'md5',
    $sha1$: 'sha1',
    '': 'des',
  };
  if (hashClass(own) === undefined) return 'unknown';
  return names[prefix] ?? (prefix.startsWith('$2') ? 'bcrypt' : 'unknown');
}

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

/** A fresh hash. Undefined when the system's libcrypt refuses it. */
export async function hashPassword(
  password: string,
  crypt: CryptFunction,
  makeSetting: MakeSetting,
  wish?: HashScheme,
): Promise<string | undefined> {
  let setting: string;
  try {
    setting = newHashSetting(makeSetting, wish);
  } catch {
    return undefined;
  }
  const hash = await crypt(password, setting);
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
