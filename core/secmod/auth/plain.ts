// The plain method: a password file, a users file of one-time passwords, or both. Files are read again whenever they
// have changed, so that edits count at the next login. Every answer costs one hash, whether the user exists or not,
// and where the file mixes kinds of hashes a wrong answer takes as long as the dearest of them: the time tells nothing
// about the account.
//
// With both files the right password is answered with the question for the one-time password, which may be tried
// once. An entry without a hash, and a missing password file, leave the one-time password alone.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkPassword,
  newHashSetting,
  parsePasswordFile,
  typicalHashes,
  type CryptFunction,
  type PasswordFile,
} from '../../passwd/index.ts';
import type { Log } from '../log.ts';
import type { Backend, BackendReply, Conversation, LoginFacts } from './backend.ts';
import { PASSWORD_TRIES } from './combine.ts';
import type { OtpReply } from './otp.ts';
import { codeOf, Complaints, fileProblem, fileStamp, fileWarnings } from './secret-file.ts';

export interface PlainOptions {
  /** Undefined: there are one-time passwords alone, and no groups. */
  readonly passwordFile: string | undefined;
  readonly checkOtp?: ((username: string, code: string) => Promise<OtpReply>) | undefined;
  readonly crypt: CryptFunction;
  readonly makeSetting: (prefix: string, cost?: number) => string;
  readonly log: Log;
}

/** As clients and their scripts know it. */
const OTP_PROMPT = 'Please enter your OTP password.';
// Hashing happens on the thread pool that file access shares; some threads must stay free for that.
const MAX_HASHES_AT_ONCE = 2;
const MAX_HASHES_WAITING = 256;

interface LoadedFile {
  readonly stamp: string;
  readonly file: PasswordFile;
  /** What is hashed in place of an account that has no hash of its own. */
  readonly dummyHash: string;
  /** What a wrong answer takes at the least; 0 where all hashes are of one kind. */
  readonly floorMs: number;
}

export function plainBackend(options: PlainOptions): Backend {
  const { crypt, log, passwordFile, checkOtp } = options;
  const load = passwordFile === undefined ? undefined : fileReader({ ...options, passwordFile });

  /** An entry's groups when the password was right, or when there is none and something else must do. */
  async function checkFirst(
    read: () => Promise<LoadedFile | undefined>,
    facts: LoginFacts,
    password: string,
  ): Promise<{ readonly groups: readonly string[]; readonly isPassword: boolean } | BackendReply> {
    const loaded = await read();
    if (loaded === undefined) return { kind: 'unavailable', reason: 'the password file cannot be read' };
    const entry = loaded.file.find(facts.username);
    const turn = await hashTurn();
    if (turn === undefined) {
      log.warning('plain-auth: too many passwords are waiting to be checked');
      return { kind: 'unavailable', reason: 'too many logins at once' };
    }
    const begunAt = performance.now();
    try {
      const verdict = await checkPassword(entry?.hash, password, loaded.dummyHash, crypt);
      if (entry !== undefined && (verdict === 'right' || verdict === 'no hash')) {
        const isPassword = verdict === 'right';
        // Without a hash the file only maps groups, which is enough where something else says who it is.
        if (isPassword || facts.hasCertificate || checkOtp !== undefined)
          return { groups: entry.groups, isPassword };
      }
      const restMs = loaded.floorMs - (performance.now() - begunAt);
      if (restMs > 0) await sleep(restMs);
      return { kind: 'rejected', reason: verdict === 'wrong' ? 'wrong password' : verdict, isFinal: false };
    } finally {
      turn();
    }
  }

  function begin(facts: LoginFacts): Conversation {
    const { username } = facts;
    /** Set when the one-time password is all that is missing. */
    let groups: readonly string[] | undefined = load === undefined ? [] : undefined;
    return {
      async answer(text) {
        if (groups === undefined && load !== undefined) {
          const first = await checkFirst(load, facts, text);
          if ('kind' in first) return first;
          if (checkOtp === undefined) return { kind: 'accepted', username, groups: first.groups };
          groups = first.groups;
          if (first.isPassword) return { kind: 'prompted', prompt: OTP_PROMPT, promptNumber: 0 };
        }
        return otpReply(facts, groups ?? [], (await checkOtp?.(username, text)) ?? 'unavailable');
      },
      close: () => {},
    };
  }

  return {
    name: 'plain',
    tries: PASSWORD_TRIES,
    begin,
    listGroups: async () => (await load?.())?.file.groups ?? [],
  };
}

function otpReply({ username }: LoginFacts, groups: readonly string[], reply: OtpReply): BackendReply {
  switch (reply) {
    case 'right':
      return { kind: 'accepted', username, groups };
    case 'unavailable':
      return { kind: 'unavailable', reason: 'the file of one-time passwords cannot be used' };
    case 'replayed':
      return { kind: 'rejected', reason: 'replayed one-time password', isFinal: true };
    case 'wrong':
    case 'no token':
      return {
        kind: 'rejected',
        reason: reply === 'wrong' ? 'wrong one-time password' : 'no token',
        isFinal: true,
      };
  }
}

/** Reads the file if it is another one than last time. Undefined (and a line in the log) when it cannot be used. */
function fileReader({
  passwordFile,
  crypt,
  makeSetting,
  log,
}: PlainOptions & { readonly passwordFile: string }): () => Promise<LoadedFile | undefined> {
  const complaints = new Complaints(log, passwordFile);
  let current: LoadedFile | undefined;

  function complain(problem: string): undefined {
    complaints.say(problem);
    current = undefined;
    return undefined;
  }

  return async () => {
    try {
      // Non-blocking, lest a pipe in the file's place holds a login up.
      await using handle = await open(passwordFile, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = await handle.stat({ bigint: true });
      const stamp = fileStamp(stat);
      if (current?.stamp === stamp) return current;
      const problem = fileProblem(stat);
      if (problem !== undefined) return complain(problem);
      const file = parsePasswordFile(await handle.readFile());
      for (const text of fileWarnings(stat)) complaints.warn(text);
      for (const line of file.overlongLines.slice(0, 10)) {
        log.warning(`plain-auth: ${passwordFile}:${line}: line is longer than 511 bytes and is ignored`);
      }
      complaints.settled();
      const hashes = typicalHashes(file);
      current = {
        stamp,
        file,
        dummyHash: hashes[0] ?? newHashSetting(makeSetting),
        floorMs: hashes.length > 1 ? await dearestMs(hashes, crypt) : 0,
      };
      return current;
    } catch (error) {
      return complain(`cannot be read (${codeOf(error)})`);
    }
  };
}

/** How long the slowest of these takes here and now, and a little more. */
async function dearestMs(hashes: readonly string[], crypt: CryptFunction): Promise<number> {
  let dearest = 0;
  for (const hash of hashes) {
    const begunAt = performance.now();
    await crypt('calibration', hash);
    dearest = Math.max(dearest, performance.now() - begunAt);
  }
  return dearest * 1.2;
}

let hashing = 0;
const waiting: (() => void)[] = [];

/** A place among the hashes under way; the returned function gives it back. Undefined when the queue is full. */
async function hashTurn(): Promise<(() => void) | undefined> {
  if (hashing >= MAX_HASHES_AT_ONCE) {
    if (waiting.length >= MAX_HASHES_WAITING) return undefined;
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    hashing += 1;
  }
  return () => {
    const next = waiting.shift();
    if (next === undefined) hashing -= 1;
    else next();
  };
}
