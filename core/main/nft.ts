// Runs the system's nft: the text on its standard input is one transaction, all of it or nothing. No shell. Used by
// firewall.ts.
import { spawn } from 'node:child_process';
import { findProgram } from '../system/index.ts';

const limitMs = 10_000;
const maxReasonCharacters = 200;

export type NftOutcome = { readonly output: string } | { readonly problem: string };

/** Never rejects. `problem` is a line for the log. */
export function runNft(input: string): Promise<NftOutcome> {
  const program = findProgram('nft');
  if (program === undefined) return Promise.resolve({ problem: "cannot run 'nft' (package nftables)" });
  return new Promise((resolve) => {
    const child = spawn(program, ['-f', '-'], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    // It may end before it has read everything: its status says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', (error) => resolve({ problem: `cannot run ${program}: ${error.message}` }));
    child.once('close', (status, killedBy) => {
      if (status === 0) resolve({ output });
      else
        resolve({
          problem: `${program}: ${firstLine(complaint) ?? `ended with ${killedBy ?? String(status)}`}`,
        });
    });
  });
}

function firstLine(text: string): string | undefined {
  const line = text.split('\n').find((one) => one.trim() !== '');
  return line?.slice(0, maxReasonCharacters);
}
