// Passwords from a person or a script: asked twice on a terminal, one line from a pipe, or a file. Never an argument.
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** A mistake of the person at the keyboard, with what to do about it. */
export class InputError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'InputError';
    this.hint = hint;
  }
}

/** The first line of a file, without its line end. */
export function readSecretFile(file: string): string {
  const line = readFileSync(file, 'utf8').split('\n')[0]?.replace(/\r$/, '') ?? '';
  if (line === '') throw new InputError(`${file} is empty`, 'its first line must be the password');
  return line;
}

/** One line of standard input; the rest is ignored. Undefined when it ends before any byte. */
export function readSecretLine(): string | undefined {
  const text = readFileSync(0, 'utf8');
  if (text === '') return undefined;
  return text.split('\n')[0] ?? '';
}

/** Asks on the terminal, without echo. */
export async function askSecret(message: string): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  const answers = await inquirer.prompt([{ type: 'password', name: 'secret', message, mask: '' }]);
  return answers.secret as string;
}

/** Asks on the terminal, without echo, twice. */
export async function askSecretTwice(first: string, second: string): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  const answers = await inquirer.prompt([
    { type: 'password', name: 'first', message: first, mask: '' },
    { type: 'password', name: 'second', message: second, mask: '' },
  ]);
  if (answers.first !== answers.second) throw new InputError('Passwords do not match', 'nothing was changed');
  return answers.first as string;
}

export function isInteractive(): boolean {
  return process.stdin.isTTY;
}
