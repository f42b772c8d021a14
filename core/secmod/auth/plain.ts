// The plain method: a password file. The file is read again whenever it has changed, so that edits count at
// the next login. Every answer costs one hash, whether the user exists or not, and where the file mixes kinds of
// hashes a wrong answer takes as long as the dearest of them: the time tells nothing about the account.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkPassword,
  NEW_HASH_PREFIX,
  NEW_HASH_ROUNDS,
  parsePasswordFile,
  typicalHashes,
  type CryptFunction,
  type PasswordFile,
} from '../../passwd/index.ts';
import type { Log } from '../log.ts';
import type { Backend, BackendReply, LoginFacts } from './backend.ts';
import { PASSWORD_TRIES } from './combine.ts';

export interface PlainOptions {
  readonly passwordFile: string;
  readonly crypt: CryptFunction;
  readonly makeSetting: (prefix: string, cost?: number) => string;
  readonly log: Log;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
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
  const { crypt, log } = options;
  const load = fileReader(options);

  async function check(facts: LoginFacts, password: string): Promise<BackendReply> {
    const loaded = await load();
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
      // Without a hash the file only maps groups, which is enough where a certificate has said who it is.
      if (entry !== undefined && (verdict === 'right' || (verdict === 'no hash' && facts.hasCertificate))) {
        return { kind: 'accepted', username: facts.username, groups: entry.groups };
      }
      const restMs = loaded.floorMs - (performance.now() - begunAt);
      if (restMs > 0) await sleep(restMs);
      return { kind: 'rejected', reason: verdict === 'wrong' ? 'wrong password' : verdict, isFinal: false };
    } finally {
      turn();
    }
  }

  return {
    name: 'plain',
    tries: PASSWORD_TRIES,
    begin: (facts) => ({ answer: (password) => check(facts, password), close: () => {} }),
    listGroups: async () => (await load())?.file.groups ?? [],
  };
}

/** Reads the file if it is another one than last time. Undefined (and a line in the log) when it cannot be used. */
function fileReader({
  passwordFile,
  crypt,
  makeSetting,
  log,
}: PlainOptions): () => Promise<LoadedFile | undefined> {
  let current: LoadedFile | undefined;
  let lastProblem: string | undefined;

  function complain(problem: string): undefined {
    // Once, not at every login.
    if (problem !== lastProblem) log.error(`plain-auth: ${passwordFile}: ${problem}`);
    lastProblem = problem;
    current = undefined;
    return undefined;
  }

  return async () => {
    try {
      // Non-blocking, lest a pipe in the file's place holds a login up.
      await using handle = await open(passwordFile, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = await handle.stat({ bigint: true });
      const stamp = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
      if (current?.stamp === stamp) return current;
      if (!stat.isFile()) return complain('is not a regular file');
      if ((stat.mode & 0o002n) !== 0n)
        return complain('is writable by everybody; no login is possible until it is not');
      if (stat.size > MAX_FILE_BYTES) return complain(`is larger than ${MAX_FILE_BYTES} bytes`);
      const file = parsePasswordFile(await handle.readFile());
      if ((stat.mode & 0o020n) !== 0n) log.warning(`plain-auth: ${passwordFile}: is writable by its group`);
      if ((stat.mode & 0o004n) !== 0n) log.warning(`plain-auth: ${passwordFile}: is readable by everybody`);
      for (const line of file.overlongLines.slice(0, 10)) {
        log.warning(`plain-auth: ${passwordFile}:${line}: line is longer than 511 bytes and is ignored`);
      }
      lastProblem = undefined;
      const hashes = typicalHashes(file);
      current = {
        stamp,
        file,
        dummyHash: hashes[0] ?? makeSetting(NEW_HASH_PREFIX, NEW_HASH_ROUNDS),
        floorMs: hashes.length > 1 ? await dearestMs(hashes, crypt) : 0,
      };
      return current;
    } catch (error) {
      return complain(
        `cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'error'})`,
      );
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
