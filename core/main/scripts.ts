// Runs programs of the administrator: scripts and route commands. No shell, a clean environment, nothing inherited
// but standard error; what they print goes to the log. A program that takes longer than the limit is ended.
// Called by open-session.ts and close-session.ts.
import { spawn } from 'node:child_process';
import type { Logger } from '../system/index.ts';

const limitMs = 30_000;
const graceMs = 2_000;
const maxOutputLines = 50;

export interface ProgramRun {
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Logger;
  /** Ends the program early: nobody waits for its result any more. */
  readonly signal?: AbortSignal | undefined;
}

/** True when it ended with status 0 in time. Never rejects. */
export function runProgram({
  argv: [program, ...parameters],
  environment,
  log,
  signal,
}: ProgramRun): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that what a script waits for ends with it.
      detached: true,
    });
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // The whole group has ended.
      }
    };
    const end = (): void => {
      kill('SIGTERM');
      setTimeout(() => kill('SIGKILL'), graceMs).unref();
    };
    let lines = 0;
    const say = (bytes: Buffer): void => {
      for (const line of bytes.toString('utf8').split('\n')) {
        if (line !== '' && lines++ < maxOutputLines) log.info(`${program}: ${line}`);
      }
    };
    child.stdout.on('data', say);
    child.stderr.on('data', say);
    const limit = setTimeout(() => {
      log.error(`${program} runs longer than ${String(limitMs / 1000)} seconds; ending it`);
      end();
    }, limitMs);
    const settle = (): void => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', end);
    };
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    child.once('error', (error) => {
      settle();
      log.error(`cannot run ${program}: ${error.message}`);
      resolve(false);
    });
    child.once('exit', (code, killedBy) => {
      settle();
      if (code !== 0) log.info(`${program} ended with ${killedBy ?? `status ${String(code)}`}`);
      resolve(code === 0);
    });
  });
}

/** Splits a command template into words once, then fills the places: values can never become words of their own. */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, string>>,
): [string, ...string[]] | undefined {
  const [program, ...rest] = template
    .trim()
    .split(/\s+/)
    .map((word) =>
      word.replace(/%(?:\{(\w+)\}|([RD])(?![A-Za-z]))/g, (whole, long: string | undefined, short: string) => {
        return values[long ?? short] ?? whole;
      }),
    );
  return program === undefined || program === '' ? undefined : [program, ...rest];
}
