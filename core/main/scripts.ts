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
}

/** True when it ended with status 0 in time. Never rejects. */
export function runProgram({
  argv: [program, ...parameters],
  environment,
  log,
}: ProgramRun): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let lines = 0;
    const say = (bytes: Buffer): void => {
      for (const line of bytes.toString('utf8').split('\n')) {
        if (line !== '' && lines++ < maxOutputLines) log.info(`${program}: ${line}`);
      }
    };
    child.stdout.on('data', say);
    child.stderr.on('data', say);
    const kill = setTimeout(() => {
      log.error(`${program} runs longer than ${String(limitMs / 1000)} seconds; ending it`);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
    }, limitMs);
    child.once('error', (error) => {
      clearTimeout(kill);
      log.error(`cannot run ${program}: ${error.message}`);
      resolve(false);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(kill);
      if (code !== 0) log.info(`${program} ended with ${signal ?? `status ${String(code)}`}`);
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
