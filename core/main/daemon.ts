// Going to the background. Node cannot fork, so the foreground process starts a detached copy of itself
// (daemon-child.ts), which inherits standard error until it is ready, and waits for its word: ready, or its end.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import type { RunOptions } from './index.ts';

/** 0 once the server accepts connections; else the child's status, whose errors are on standard error already. */
export async function startDaemon(options: RunOptions): Promise<number> {
  const file = ['daemon-child.ts', 'daemon-child.js']
    .map((name) => path.join(import.meta.dirname, name))
    .find((name) => existsSync(name));
  if (file === undefined) throw new Error('the daemon program is missing');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const pipe = child.stdio[3] as Duplex;
  pipe.end(`${JSON.stringify(options)}\n`);
  return new Promise((resolve) => {
    let said = '';
    pipe.on('data', (bytes: Buffer) => {
      said += bytes.toString('utf8');
      if (!said.includes('ready')) return;
      child.unref();
      pipe.destroy();
      resolve(0);
    });
    pipe.on('error', () => undefined);
    child.once('error', (error) => {
      process.stderr.write(`error: cannot start the background process: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => {
      resolve(code === null || code === 0 ? 1 : code);
    });
  });
}
