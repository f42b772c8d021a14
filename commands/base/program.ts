// What the four programs share around oclif: the arguments as oclif wants them, and the one place where an error
// becomes a message and an exit status. Called by bin/launch.
import { constants } from 'node:os';
import process from 'node:process';
import { getSystemErrorMessage } from 'node:util';
import { versionLines } from './version.ts';

/** Exit status of a usage error, per program: what the C tools give, and the convention for the new one. */
const usageStatus: Readonly<Record<string, number>> = { ocserv: 1, occtl: 1, ocpasswd: 1, occert: 2 };

/** Programs whose help and version go to standard error, as the C tools print them. */
export const quietOutput: ReadonlySet<string> = new Set(['ocserv', 'ocpasswd']);

/** Long options of the programs that have no commands below them; an unambiguous beginning is enough, as for getopt. */
export const longOptions: Readonly<Record<string, readonly string[]>> = {
  ocserv: [
    ...['foreground', 'debug', 'config', 'test-config', 'no-chdir', 'pid-file', 'log-stderr', 'syslog'],
    ...['syslog-facility', 'traceable', 'version', 'help'],
  ],
  ocpasswd: [
    ...['passwd', 'groupname', 'delete', 'lock', 'unlock', 'version', 'help'],
    ...['otp', 'otp-type', 'otp-digits', 'otp-step', 'otp-issuer', 'json', 'list', 'stdin', 'hash'],
  ],
};

/** Short options without a value, which may stand together in one word. */
const shortSwitches: Readonly<Record<string, string>> = { ocserv: 'ftesx', ocpasswd: 'dlu' };

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
  const end = given.indexOf('--');
  const options = (end < 0 ? given : given.slice(0, end)).map((argument) => spellOut(program, argument));
  const asked = options.find((argument) => argument === '--help' || argument === '--version');
  if (asked === '--version') {
    const stream = quietOutput.has(program) ? process.stderr : process.stdout;
    stream.write(versionLines(program).join('\n') + '\n');
    return undefined;
  }
  if (asked === '--help' && program !== 'occert') return [program, '--help'];
  if (program === 'occert' && !/^[^-]/.test(options[0] ?? '') && asked === undefined) {
    throw new UsageError(
      options[0] === undefined ? 'a command is missing' : `unknown option "${options[0]}"`,
    );
  }
  return [program, ...options, ...(end < 0 ? [] : given.slice(end))];
}

/** A command line that is not understood; ends with the program's status for that and points to the help. */
export class UsageError extends Error {
  readonly parse = {};
}

/** An option in full: "--conf=F" is "--config=F", "-fv" asks for the version. */
function spellOut(program: string, argument: string): string {
  if (/^-[a-z]+$/.test(argument)) {
    const switches = shortSwitches[program] ?? '';
    const first = [...argument.slice(1)].find((letter) => !switches.includes(letter));
    return first === 'h' ? '--help' : first === 'v' ? '--version' : argument;
  }
  const [, name, value = ''] = /^--([a-z-]+)(=.*)?$/s.exec(argument) ?? [];
  const names = longOptions[program];
  if (name === undefined || names === undefined || names.includes(name)) return argument;
  const matching = names.filter((option) => option.startsWith(name));
  return matching.length === 1 ? `--${matching[0] ?? ''}${value}` : argument;
}

interface OclifError {
  message: string;
  hint?: string | undefined;
  exitStatus?: number | undefined;
  parse?: unknown;
  /** Of the parser's errors: which words it could not use. */
  flags?: unknown;
  args?: unknown;
  oclif?: { exit?: number };
  code?: string;
  path?: string;
}

/** Prints an error in the house style and answers with the exit status. */
export function reportFailure(program: string, error: unknown, debug: boolean): number {
  const failure = error as OclifError;
  if (failure.code === 'EEXIT') return failure.oclif?.exit ?? 0;
  const usage = failure.parse !== undefined || /^(command |Parsing --|Flag -{1,2}\S+ )/.test(failure.message);
  const text = usage ? usageText(failure) : (systemText(failure) ?? failure.message);
  for (const [index, line] of text.split('\n').entries())
    process.stderr.write(index === 0 ? `${program}: ${line}\n` : `  ${line.trim()}\n`);
  if (failure.hint !== undefined) process.stderr.write(`hint: ${failure.hint}\n`);
  if (usage) process.stderr.write(`hint: see "${program} --help"\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return usage ? (usageStatus[program] ?? 2) : (failure.exitStatus ?? 1);
}

/** oclif's complaint about the command line in our words, on one line. */
function usageText(failure: OclifError): string {
  const { message, flags, args } = failure;
  if (message.startsWith('Nonexistent flag') && Array.isArray(flags))
    return `unknown option ${flags.map((flag) => `"${String(flag)}"`).join(', ')}`;
  if (message.startsWith('Unexpected argument') && Array.isArray(args))
    return `unexpected argument ${args.map((word) => `"${String(word)}"`).join(', ')}`;
  if (message.startsWith('Missing ') && Array.isArray(args))
    return `missing ${args.map(({ name }: { name: string }) => name.toUpperCase()).join(', ')}`;
  const command = /^command (?:[a-z0-9]+:)?(\S+) not found/.exec(message)?.[1];
  if (command !== undefined) return `unknown command "${command.replaceAll(':', ' ')}"`;
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(See more help with|The following error)/.test(line))
    .map((line) => {
      const required = /^Missing required flag (\S+)/.exec(line)?.[1];
      if (required !== undefined) return `option --${required} is required`;
      const [, one, other] = /^(--[a-z0-9-]+).* cannot also be provided when using (--\S+)$/.exec(line) ?? [];
      if (one !== undefined && other !== undefined) return `${one} and ${other} cannot be used together`;
      const [, given, needed] =
        /^All of the following must be provided when using (--\S+): (.*)$/.exec(line) ?? [];
      if (given !== undefined && needed !== undefined) return `${given} needs ${needed}`;
      return line
        .replace(/^Flag (\S+) expects a value/, 'option $1 needs a value')
        .replace(/^Flag (\S+) can only be specified once/, 'option $1 can be given only once')
        .replace(/^Parsing (\S+)/, 'option $1:')
        .replace(/^Expected/, 'expected');
    })
    .join(' ');
}

/** "cannot use FILE: no such file or directory" for what the system refused; undefined for other errors. */
function systemText({ code, path }: OclifError): string | undefined {
  if (code === undefined || path === undefined) return undefined;
  const reason = systemReason(code);
  return reason === undefined ? undefined : `cannot use ${path}: ${reason}`;
}

/** "no such file or directory" for "ENOENT". */
export function systemReason(code: string): string | undefined {
  const number = (constants.errno as Readonly<Record<string, number>>)[code];
  return number === undefined ? undefined : getSystemErrorMessage(-number);
}

/**
 * Output that nobody can receive: a reader that has seen enough ("| head -1") ends the program without a word, any
 * other failure with one. A lost standard error is never a reason to end.
 */
export function handleLostOutput(program: string): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(
      `${program}: cannot write the output: ${systemReason(error.code ?? '') ?? error.message}\n`,
    );
    process.exit(1);
  });
}
