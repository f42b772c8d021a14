// Giving a user a token: a fresh secret as a line of the users file and as the otpauth URI that phones read. Called by
// the ocpasswd command. The file is written anew beside the old one and renamed, under its lock.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HOTP, Secret, TOTP } from 'otpauth';
import { replaceFileAtomically } from '../system/index.ts';
import { bytesOf } from './file-format.ts';
import { userNameProblem } from './names.ts';
import { formatOathLine, parseOathFile } from './oath-format.ts';
import { withOathLock, type TryLock } from './oath-lock.ts';

export interface TokenWish {
  readonly username: string;
  /** Who asks for the code, shown by the phone. */
  readonly issuer: string;
  readonly kind: 'totp' | 'hotp';
  readonly digits: 6 | 7 | 8;
  /** Of a step; for `totp` alone. */
  readonly stepSeconds: 30 | 60;
}

export interface NewToken {
  /** Base32, as people type it in. */
  readonly secret: string;
  /** otpauth://…, as a QR code carries it. */
  readonly uri: string;
}

export type EnrolResult =
  | { readonly outcome: 'enrolled'; readonly token: NewToken; readonly replaced: number }
  | { readonly outcome: 'removed'; readonly removed: number }
  | { readonly outcome: 'no-such-user' }
  /** `problem` completes "the user name …". */
  | { readonly outcome: 'invalid-user'; readonly problem: string }
  | { readonly outcome: 'file-locked'; readonly lockFile: string }
  | { readonly outcome: 'cannot-write'; readonly file: string; readonly code: string };

// What RFC 4226, 4 recommends: as long as the hash of the algorithm.
const SECRET_BYTES = 20;

/** Gives the user a fresh token in place of those there were. A missing file is created, mode 0600. */
export async function enrolToken(file: string, wish: TokenWish, tryLock: TryLock): Promise<EnrolResult> {
  const problem = oathNameProblem(wish.username);
  if (problem !== undefined) return { outcome: 'invalid-user', problem };
  const bytes = randomBytes(SECRET_BYTES);
  const token = describeToken(wish, bytes);
  const line = formatOathLine({
    type: `${wish.kind === 'totp' ? `HOTP/T${wish.stepSeconds}` : 'HOTP/E'}/${wish.digits}`,
    stepSeconds: undefined,
    digits: wish.digits,
    user: bytesOf(wish.username),
    pin: '-',
    secretHex: bytes.toString('hex'),
    moving: 0,
    lastOtp: undefined,
    lastAt: undefined,
  });
  return change(file, tryLock, (text) => {
    const { rest, removed } = withoutUser(text, wish.username);
    const before = rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`;
    return { text: `${before}${line}\n`, result: { outcome: 'enrolled', token, replaced: removed } };
  });
}

/** Takes all tokens of a user away. */
export async function removeTokens(file: string, username: string, tryLock: TryLock): Promise<EnrolResult> {
  return change(file, tryLock, (text) => {
    const { rest, removed } = withoutUser(text, username);
    return removed === 0
      ? { result: { outcome: 'no-such-user' } }
      : { text: rest, result: { outcome: 'removed', removed } };
  });
}

/** Fields are separated by blanks, so a name cannot hold one. */
function oathNameProblem(name: string): string | undefined {
  if (name.includes(' ')) return 'contains a blank, which separates the fields of the file';
  return userNameProblem(name);
}

function describeToken(wish: TokenWish, bytes: Buffer): NewToken {
  const secret = Secret.fromHex(bytes.toString('hex'));
  const { issuer, username: label, digits } = wish;
  const described =
    wish.kind === 'totp'
      ? new TOTP({ issuer, label, secret, digits, period: wish.stepSeconds })
      : new HOTP({ issuer, label, secret, digits, counter: 0 });
  return { secret: secret.base32, uri: described.toString() };
}

function withoutUser(text: string, username: string): { readonly rest: string; readonly removed: number } {
  const { lines, tokensOf } = parseOathFile(text);
  const own = new Set(tokensOf(bytesOf(username)).map(({ line }) => line));
  return { rest: lines.filter((_, index) => !own.has(index)).join(''), removed: own.size };
}

async function change(
  file: string,
  tryLock: TryLock,
  edit: (text: string) => { readonly text?: string; readonly result: EnrolResult },
): Promise<EnrolResult> {
  try {
    const done = await withOathLock(file, tryLock, () => {
      const { text, result } = edit(readOathText(file));
      if (text !== undefined) replaceFileAtomically(file, Buffer.from(text, 'latin1'));
      return result;
    });
    return done ?? { outcome: 'file-locked', lockFile: `${file}.lock` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    return { outcome: 'cannot-write', file, code };
  }
}

function readOathText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
