// Runs programs for the end-to-end tests: to their end with `run`, or alongside with `start`.
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Runs a program to its end; a non-zero status is an outcome, not an exception. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    cwd: options.cwd,
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  child.on('error', reject);
  child.on('close', (status, signal) => {
    resolve({ status, signal, stdout, stderr });
  });
  return promise;
}

/** Runs a program that must succeed; answers with its standard output. */
export async function mustRun(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(command, options);
  if (outcome.status !== 0) {
    throw new Error(
      `${command.join(' ')} ended with ${String(outcome.status ?? outcome.signal)}:\n${outcome.stdout}${outcome.stderr}`,
    );
  }
  return outcome.stdout;
}

/** A program running alongside, with everything it printed. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  output(): string;
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  /** SIGTERM (or another signal), then SIGKILL after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

export function start(
  command: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {},
): Running {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    cwd: options.cwd,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let over = false;
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.on('error', (error) => {
    text += String(error);
    over = true;
    resolve(null);
  });
  child.on('exit', (status) => {
    over = true;
    resolve(status);
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', graceMs = 8_000): Promise<void> => {
    if (over) return;
    child.kill(signal);
    await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
    if (!hasEnded()) child.kill('SIGKILL');
    await ended;
  };
  const hasEnded = (): boolean => over;
  return {
    child,
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    hasEnded,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Asks again every `everyMs` until the answer is not undefined or false; fails with `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 15_000,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${String(timeoutMs / 1000)} s in vain for ${what}`);
    await sleep(everyMs);
  }
}
