// The one-time password of the plain method: reads the users file, judges a code and notes it as used, all under the
// file's lock, so that of two logins with one code only one succeeds. Called by plain.ts.
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { judgeOtp, parseOathFile, withOathLock, type OathFile, type TryLock } from '../../passwd/index.ts';
import { replaceFileAtomically } from '../../system/index.ts';
import { quoted, type Log } from '../log.ts';
import { codeOf, Complaints, fileProblem, fileStamp, fileWarnings } from './secret-file.ts';

export interface OtpOptions {
  readonly file: string;
  /** How far a clock may be off. */
  readonly windowSteps: number;
  readonly tryLock: TryLock;
  readonly lockWaitMs?: number;
  readonly now: () => number;
  readonly log: Log;
}

export type OtpReply = 'right' | 'replayed' | 'wrong' | 'no token' | 'unavailable';

export function otpChecker(options: OtpOptions): (username: string, code: string) => Promise<OtpReply> {
  const { file, windowSteps, tryLock, lockWaitMs, now, log } = options;
  const complaints = new Complaints(log, file);
  let current: { readonly stamp: string; readonly content: OathFile } | undefined;

  function load(): OathFile | undefined {
    // Non-blocking, lest a pipe in the file's place holds everybody up.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd, { bigint: true });
      const stamp = fileStamp(stat);
      if (current?.stamp === stamp) return current.content;
      const problem = fileProblem(stat);
      if (problem !== undefined) {
        complaints.say(problem);
        return undefined;
      }
      const content = parseOathFile(readFileSync(fd, 'latin1'));
      // After a code was used the file is another one: what was said of it need not be said again.
      if (current === undefined) warn(stat, content);
      complaints.settled();
      current = { stamp, content };
      return content;
    } finally {
      closeSync(fd);
    }
  }

  function warn(stat: Parameters<typeof fileWarnings>[0], content: OathFile): void {
    for (const text of fileWarnings(stat)) complaints.warn(text);
    for (const { line, problem } of content.problems.slice(0, 10))
      complaints.warn(`line ${line} is ignored: ${problem}`);
    if (content.pinLines.length > 0) {
      const lines = content.pinLines.slice(0, 10).join(', ');
      complaints.warn(`the PIN in line ${lines} is not checked; the password file holds the second secret`);
    }
  }

  function checkLocked(username: string, code: string): OtpReply {
    const content = load();
    if (content === undefined) return 'unavailable';
    const verdict = judgeOtp(content, username, code, now(), windowSteps);
    if (verdict.outcome === 'right') {
      replaceFileAtomically(file, Buffer.from(verdict.text, 'latin1'));
      // The rename too must outlive a power failure, or the code could be used again.
      syncFolder(path.dirname(file));
    }
    if (verdict.outcome === 'wrong' && verdict.stepsOff !== undefined) {
      const steps = Math.abs(verdict.stepsOff);
      log.notice(
        `plain-auth: the token of user ${quoted(username)} is ${steps} steps ${verdict.stepsOff < 0 ? 'behind' : 'ahead of'} ` +
          `the server's clock; otp-window=${steps} would accept that`,
      );
    }
    return verdict.outcome;
  }

  return async (username, code) => {
    try {
      const reply = await withOathLock(file, tryLock, () => checkLocked(username, code), lockWaitMs);
      if (reply === undefined) complaints.say(`is locked by another program (${file}.lock)`);
      return reply ?? 'unavailable';
    } catch (error) {
      complaints.say(`cannot be read and written back (${codeOf(error)})`);
      return 'unavailable';
    }
  };
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
