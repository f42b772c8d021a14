// Files of secrets that the plain method reads: what makes one unusable, and what the log should say about it. Shared by
// the password file (plain.ts) and the users file of one-time passwords (otp.ts).
import type { BigIntStats } from 'node:fs';
import type { Log } from '../log.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Why a file is not used; undefined when it may be. */
export function fileProblem(stat: BigIntStats): string | undefined {
  if (!stat.isFile()) return 'is not a regular file';
  if ((stat.mode & 0o002n) !== 0n) return 'is writable by everybody; no login is possible until it is not';
  if (stat.size > MAX_FILE_BYTES) return `is larger than ${MAX_FILE_BYTES} bytes`;
  return undefined;
}

export function fileWarnings(stat: BigIntStats): string[] {
  const warnings: string[] = [];
  if ((stat.mode & 0o020n) !== 0n) warnings.push('is writable by its group');
  if ((stat.mode & 0o004n) !== 0n) warnings.push('is readable by everybody');
  return warnings;
}

/** Differs whenever the file is another one or has changed. */
export function fileStamp(stat: BigIntStats): string {
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
}

/** Says a problem once, not at every login; a file that is well again starts anew. */
export class Complaints {
  readonly #log: Log;
  readonly #file: string;
  #last: string | undefined;

  constructor(log: Log, file: string) {
    this.#log = log;
    this.#file = file;
  }

  say(problem: string): void {
    if (problem !== this.#last) this.#log.error(`plain-auth: ${this.#file}: ${problem}`);
    this.#last = problem;
  }

  warn(text: string): void {
    this.#log.warning(`plain-auth: ${this.#file}: ${text}`);
  }

  settled(): void {
    this.#last = undefined;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error';
}
