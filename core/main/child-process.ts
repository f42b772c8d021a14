// Starts one of our own processes with its doors as descriptors 3 and up. Used for workers and the security module.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { closeDescriptor, forbidRings, openDescriptorStream } from '../native/index.ts';
import { descriptorTransport, type Transport } from '../varlink/index.ts';

export const innerMessageBytes = 1024 * 1024;
export const workerMessageBytes = 64 * 1024;
/** The counters of thousands of tunnels. */
export const workerAnswerBytes = 4 * 1024 * 1024;

let errorOutput: 'inherit' | 'ignore' = 'inherit';

/** In the background: children must not hold on to the terminal. What is wrong with them comes by their doors. */
export function silenceChildren(): void {
  errorOutput = 'ignore';
}

/** `doors`: the child's ends; they are closed here once the child has them. */
export function startChild(
  room: 'worker' | 'secmod',
  doors: readonly number[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const folder = path.join(import.meta.dirname, '..', room);
  const file = ['index.ts', 'index.js']
    .map((name) => path.join(folder, name))
    .find((name) => existsSync(name));
  if (file === undefined) throw new Error(`no program in ${folder}`);
  // An io_uring of the child would pass by its system call filter. Needs root, which the server has.
  if (process.geteuid?.() === 0) forbidRings();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['ignore', 'ignore', errorOutput, ...doors],
    // A session of its own: signals to main's process group are meant for main, which ends its children in order.
    detached: true,
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C',
      ...(room === 'secmod' ? kerberosEnvironment() : {}),
      ...environment,
    },
  });
  for (const door of doors) closeDescriptor(door);
  return child;
}

/** Where a Kerberos installation says its library finds things: names of files, no secrets. */
function kerberosEnvironment(): Record<string, string> {
  const names = ['KRB5_CONFIG', 'KRB5_KTNAME', 'KRB5RCACHENAME', 'KRB5RCACHEDIR'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

export function openTransport(descriptor: number): Transport {
  return descriptorTransport(descriptor, openDescriptorStream);
}

/** Back-off of restarts: at once, then 1, 2, 4 … 30 s; a life of a minute starts anew. */
export class Backoff {
  #delayMs = 0;
  #startedAt = 0;

  started(now: number): void {
    this.#startedAt = now;
  }

  next(now: number): number {
    if (now - this.#startedAt > 60_000) this.#delayMs = 0;
    const delay = this.#delayMs;
    this.#delayMs = Math.min(30_000, delay === 0 ? 1000 : delay * 2);
    return delay;
  }
}
