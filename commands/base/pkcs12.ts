// The PKCS#12 flags and the password behind them, shared by `occert client --p12` and `occert p12`.
import { Flags } from '@oclif/core';
import { randomInt } from 'node:crypto';
import process from 'node:process';
import { askSecretTwice, InputError, isInteractive, readSecretFile, readSecretLine } from './secret-input.ts';

/** Digits of a generated password: phones ask for a PIN. */
const pinDigits = 10;
/** Shorter ones are tried out in no time by whoever finds the file. */
const shortestSound = 6;

export const pkcs12Flags = {
  profile: Flags.option({
    options: ['modern', 'legacy'] as const,
    summary: 'Ciphers of the .p12: modern (AES) or legacy (3DES, for old phones).',
  })({ default: 'modern' }),
  'password-file': Flags.string({ helpValue: 'FILE', summary: 'First line is the password of the .p12.' }),
  'generate-password': Flags.boolean({
    summary: 'Make up a PIN and print it once.',
    exclusive: ['password-file'],
  }),
};

/** The password from the file, generated, asked for on the terminal, or one line of standard input. */
export async function pkcs12Password(flags: {
  'password-file'?: string | undefined;
  'generate-password': boolean;
}): Promise<{ password: string; generated: boolean }> {
  if (flags['generate-password']) {
    const password = Array.from({ length: pinDigits }, () => String(randomInt(10))).join('');
    return { password, generated: true };
  }
  const file = flags['password-file'];
  const password =
    file !== undefined
      ? readSecretFile(file)
      : isInteractive()
        ? await askSecretTwice('Password for the .p12:', 'Again:')
        : readSecretLine();
  if (password === undefined || password === '') {
    throw new InputError(
      'a .p12 needs a password',
      'type it, pipe it in, or use --password-file or --generate-password',
    );
  }
  if (password.length < shortestSound) {
    process.stderr.write(
      `occert: warning: a password below ${String(shortestSound)} characters protects little\n`,
    );
  }
  return { password, generated: false };
}
