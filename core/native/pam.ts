// Conversations with PAM, each in a process of its own (core/native/pam/main.cpp says why): started here, fed with
// answers, and killed with whatever its modules started when it is not wanted any more. Used by the security module.
//
// Frames as in pam/wire.h: length (4 bytes, little endian), kind (1 byte), fields with a NUL between them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { pamProgram } from './addon.ts';

export type PamTask =
  /** Authentication, account check, and a new password if the old one has expired. */
  | {
      readonly kind: 'login';
      readonly service: string;
      readonly user: string;
      readonly remoteAddress: string;
    }
  /** The account check alone; prompts fail. */
  | {
      readonly kind: 'account';
      readonly service: string;
      readonly user: string;
      readonly remoteAddress: string;
    }
  /** The system's groups with at least this id, as the `groups` of the end. */
  | { readonly kind: 'groups'; readonly lowestGid: number }
  /** The groups of one user, likewise. */
  | { readonly kind: 'userGroups'; readonly user: string };

export type PamPhase = 'library' | 'start' | 'authenticate' | 'account' | 'password' | 'groups';

export type PamReport =
  | { readonly kind: 'message'; readonly text: string }
  /** Waits for `answer`. */
  | { readonly kind: 'question'; readonly phase: PamPhase; readonly text: string }
  | {
      readonly kind: 'end';
      readonly phase: PamPhase;
      /** PAM's; 0 is success, -1 means that libpam cannot be used. */
      readonly code: number;
      readonly text: string;
      readonly user: string;
      readonly groups: readonly string[];
    }
  /** Died, was killed, or could not be started; nothing comes after it. */
  | { readonly kind: 'lost'; readonly reason: string };

export interface PamProcess {
  answer(text: string): void;
  /** No report comes after this. A module that waits for an answer may clean up, then the process is killed. */
  close(): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
}

/** As in pam/wire.cpp. */
const MAX_FRAME_BYTES = 256 * 1024;
const CLEAN_UP_MS = 2_000;
const PROBE_MS = 5_000;
const kinds = { login: 'L', account: 'C', groups: 'G', userGroups: 'U' } as const;
const phases: readonly PamPhase[] = ['library', 'start', 'authenticate', 'account', 'password', 'groups'];

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };

export function startPam(task: PamTask, onReport: (report: PamReport) => void): PamProcess {
  const first = frameOf(kinds[task.kind], fieldsOf(task));
  // A session of its own: the signals of a terminal are not meant for it. What modules print may hold anything.
  const child = spawn(pamProgram(), [], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: environment,
  });
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  let cleanUp: NodeJS.Timeout | undefined;

  function report(value: PamReport): void {
    if (isOver) return;
    isOver = value.kind === 'end' || value.kind === 'lost';
    if (isOver) finish();
    onReport(value);
  }
  /** The end of its input tells it to go, SIGTERM ends it with all that its modules have started. */
  function finish(): void {
    child.stdin.end();
    cleanUp ??= setTimeout(() => child.kill(), CLEAN_UP_MS);
    cleanUp.unref();
  }

  child.on('error', (error) => {
    report({ kind: 'lost', reason: `the PAM helper cannot be started: ${error.message}` });
    resolve();
  });
  child.on('exit', () => {
    clearTimeout(cleanUp);
    resolve();
    // What a module has left running may keep our end of the pipe open.
    setTimeout(() => child.stdout.destroy(), CLEAN_UP_MS).unref();
  });
  child.on('close', (status, signal) => {
    const how = signal === null ? `with status ${status ?? 0}` : `by ${signal}`;
    report({ kind: 'lost', reason: `the PAM helper ended ${how}` });
  });
  child.stdin.on('error', () => {});
  readFrames(child, (kind, fields) => {
    const value = reportOf(kind, fields);
    if (value === undefined) child.kill();
    else report(value);
  });
  child.stdin.write(first);

  return {
    gone,
    answer(text) {
      if (!isOver) child.stdin.write(frameOf('A', [text]));
    },
    close() {
      isOver = true;
      if (child.exitCode === null && child.signalCode === null) finish();
    },
  };
}

/** Why PAM cannot be used here; undefined when it can. Takes milliseconds; called when a configuration asks for PAM. */
export function pamProblem(): string | undefined {
  let program: string;
  try {
    program = pamProgram();
  } catch (error) {
    return error instanceof Error ? error.message : 'the PAM helper is not built';
  }
  const { error, stdout } = spawnSync(program, [], {
    input: frameOf('K', []),
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: PROBE_MS,
    env: environment,
  });
  if (error !== undefined) return `the PAM helper cannot be started: ${error.message}`;
  const fields = stdout.subarray(5).toString('utf8').split('\0');
  return fields[1] === '0' ? undefined : `libpam cannot be opened: ${fields[2] ?? 'no answer'}`;
}

function fieldsOf(task: PamTask): string[] {
  if (task.kind === 'userGroups') return [task.user];
  return task.kind === 'groups' ? [String(task.lowestGid)] : [task.service, task.user, task.remoteAddress];
}

/** Throws a TypeError for text with a NUL, which would read as two fields. */
function frameOf(kind: string, fields: readonly string[]): Buffer {
  if (fields.some((field) => field.includes('\0'))) throw new TypeError('PAM takes no text with a NUL');
  const body = Buffer.from(kind + fields.join('\0'), 'utf8');
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

function readFrames(child: ChildProcess, onFrame: (kind: string, fields: string[]) => void): void {
  let kept = Buffer.alloc(0);
  child.stdout?.on('error', () => {});
  child.stdout?.on('data', (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes]);
    while (kept.length >= 4) {
      const length = kept.readUInt32LE(0);
      if (length === 0 || length > MAX_FRAME_BYTES) {
        child.kill();
        return;
      }
      if (kept.length < 4 + length) return;
      const body = kept.subarray(4, 4 + length).toString('utf8');
      kept = kept.subarray(4 + length);
      onFrame(body.slice(0, 1), body.slice(1).split('\0'));
    }
  });
}

function reportOf(kind: string, fields: readonly string[]): PamReport | undefined {
  const [first = '', second = '', text = '', user = '', ...groups] = fields;
  const phase = phases.find((name) => name === first);
  if (kind === 'M') return { kind: 'message', text: first };
  if (phase === undefined) return undefined;
  if (kind === 'Q') return { kind: 'question', phase, text: second };
  if (kind !== 'E' || !/^-?\d{1,9}$/.test(second)) return undefined;
  return { kind: 'end', phase, code: Number(second), text, user, groups };
}
