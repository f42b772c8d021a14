// What the four programs share around oclif: the arguments as oclif wants them, and the one place where an error
// becomes a message and an exit status. Called by bin/launch.
import process from 'node:process';
import { versionLines } from './version.ts';

/** Exit status of a usage error, per program: what the C tools give, and the convention for the new one. */
const usageStatus: Readonly<Record<string, number>> = { ocserv: 1, occtl: 1, ocpasswd: 1, occert: 2 };

/** Programs whose help and version go to standard error, as the C tools print them. */
export const quietOutput: ReadonlySet<string> = new Set(['ocserv', 'ocpasswd']);

/**
 * The arguments to hand to oclif, or undefined when nothing is left to do (the version was asked for).
 */
export async function prepareArguments(
  program: string,
  given: readonly string[],
): Promise<string[] | undefined> {
  if (program === 'occtl') {
    const { occtlArguments } = await import('./occtl-program.ts');
    return occtlArguments(given);
  }
  const first = given[0];
  if (first === '--version' || first === '-v') {
    const stream = quietOutput.has(program) ? process.stderr : process.stdout;
    stream.write(versionLines(program).join('\n') + '\n');
    return undefined;
  }
  return [program, ...given.map((argument) => (argument === '-h' ? '--help' : argument))];
}

interface OclifError {
  message: string;
  hint?: string | undefined;
  exitStatus?: number | undefined;
  parse?: unknown;
  oclif?: { exit?: number };
  code?: string;
}

/** Prints an error in the house style and answers with the exit status. */
export function reportFailure(program: string, error: unknown, debug: boolean): number {
  const failure = error as OclifError;
  if (failure.code === 'EEXIT') return failure.oclif?.exit ?? 0;
  const usage = failure.parse !== undefined || failure.message.startsWith('command ');
  const [text = '', ...rest] = failure.message
    .split('\n')
    .filter((line) => line !== 'See more help with --help');
  process.stderr.write(`${program}: ${text.charAt(0).toLowerCase()}${text.slice(1)}\n`);
  for (const line of rest) process.stderr.write(`  ${line.trim()}\n`);
  if (failure.hint !== undefined) process.stderr.write(`hint: ${failure.hint}\n`);
  if (usage) process.stderr.write(`hint: see "${program} --help"\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return usage ? (usageStatus[program] ?? 2) : (failure.exitStatus ?? 1);
}
