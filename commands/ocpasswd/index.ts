// `ocpasswd`: keeps the password file of the plain method. Same options, questions and exit status as the C tool's; with
// --otp it keeps the users file of one-time passwords instead.
import { hostname } from 'node:os';
import process from 'node:process';
import { Args, Command, Flags } from '@oclif/core';
import {
  addUser,
  deleteUser,
  enrolToken,
  hashSchemes,
  listUsers,
  lockUser,
  removeTokens,
  splitGroups,
  unlockUser,
  userNameProblem,
  type EnrolResult,
  type HashScheme,
  type TokenWish,
  type UpdateResult,
} from '../../core/passwd/index.ts';
import { showToken } from '../base/enrolment.ts';
import { systemReason, UsageError } from '../base/program.ts';
import { formatTable } from '../base/table.ts';
import { askSecretTwice, InputError, isInteractive, readSecretLine } from '../base/secret-input.ts';

export default class Ocpasswd extends Command {
  static override summary = 'Keep the password file of the VPN server.';
  static override description =
    'Adds USERNAME or sets a new password; with -d, -l or -u removes, locks or unlocks. On a terminal the password is ' +
    'asked for twice, otherwise or with --stdin one line of standard input is the password. Changes count from the next login on.\n\n' +
    'With --otp it gives USERNAME a fresh one-time password token instead (with -d it takes all tokens away), and prints ' +
    'the otpauth URI, on a terminal also as a QR code to be scanned by a phone.\n\n' +
    'With --list it shows the users: groups, whether locked, and how the password is hashed.\n\n' +
    'Exit status: 0 on success, 1 on anything else; the file is untouched then.';
  static override usage = [
    'ocpasswd [-c FILE] [-g NAMES] [--hash SCHEME] [--stdin] [--json] USERNAME',
    'ocpasswd [-c FILE] -d | -l | -u [--json] USERNAME',
    'ocpasswd [-c FILE] --list [--json]',
    'ocpasswd --otp FILE [-d] [--otp-type totp|hotp] [--otp-digits 6|7|8] [--otp-step 30|60] [--otp-issuer NAME] [--json] USERNAME',
  ];
  static override examples = [
    'ocpasswd -c /etc/ocserv/passwd alice',
    'ocpasswd -c /etc/ocserv/passwd -g staff,vpn bob',
    'ocpasswd -c /etc/ocserv/passwd -l bob',
    'ocpasswd -c /etc/ocserv/passwd --list',
    'ocpasswd --otp /etc/ocserv/users.oath --otp-issuer vpn.example.net alice',
    'ocpasswd --otp /etc/ocserv/users.oath --json alice',
  ];
  static override args = {
    username: Args.string({ ignoreStdin: true, description: 'user name; not with --list' }),
  };
  static override flags = {
    passwd: Flags.string({
      char: 'c',
      default: '/etc/ocserv/ocpasswd',
      helpValue: 'FILE',
      summary: 'Password file.',
    }),
    groupname: Flags.string({
      char: 'g',
      aliases: ['group'],
      helpValue: 'NAMES',
      summary: 'Group, or several separated by commas; without it existing groups stay.',
    }),
    delete: Flags.boolean({ char: 'd', summary: 'Remove the user.', exclusive: ['lock', 'unlock'] }),
    lock: Flags.boolean({ char: 'l', summary: 'Lock the user: no password matches.', exclusive: ['unlock'] }),
    unlock: Flags.boolean({ char: 'u', summary: 'Unlock the user.' }),
    list: Flags.boolean({
      summary: 'Show the users.',
      exclusive: ['delete', 'lock', 'unlock', 'groupname', 'hash', 'stdin', 'otp'],
    }),
    stdin: Flags.boolean({
      summary: 'Read the password from standard input even on a terminal; never ask.',
      exclusive: ['delete', 'lock', 'unlock', 'otp'],
    }),
    hash: Flags.string({
      options: [...hashSchemes],
      summary: 'How the password is hashed; by default the first of these that the system has.',
      exclusive: ['delete', 'lock', 'unlock', 'otp'],
    }),
    otp: Flags.string({
      helpValue: 'FILE',
      summary:
        'Users file of one-time passwords: give the user a fresh token in it, in place of former ones.',
      exclusive: ['groupname', 'lock', 'unlock'],
    }),
    'otp-type': Flags.string({
      options: ['totp', 'hotp'],
      default: 'totp',
      summary: 'Codes by time (totp) or by press of a button (hotp).',
    }),
    'otp-digits': Flags.string({
      options: ['6', '7', '8'],
      default: '6',
      summary: 'Digits of a code.',
    }),
    'otp-step': Flags.string({
      options: ['30', '60'],
      default: '30',
      summary: 'Seconds for which a code of type totp is shown.',
    }),
    'otp-issuer': Flags.string({
      helpValue: 'NAME',
      summary: "Name the phone shows beside the user's; the name of this machine by default.",
      dependsOn: ['otp'],
    }),
    json: Flags.boolean({ summary: 'Print the users, the token, or what was done, as JSON.' }),
    version: Flags.boolean({ char: 'v', summary: 'Print the version.' }),
    help: Flags.boolean({ char: 'h', summary: 'Print this help.' }),
  };

  async run(): Promise<void> {
    const { flags, args, metadata } = await this.parse(Ocpasswd);
    const file = flags.passwd;
    if (flags.list) {
      if (args.username !== undefined) throw new UsageError('--list takes no user name');
      showUsers(file, flags.json);
      return;
    }
    const { username } = args;
    if (username === undefined) throw new UsageError('missing USERNAME');
    if (flags.otp !== undefined) {
      if (metadata.flags['passwd']?.setFromDefault !== true) {
        throw new InputError(
          '--otp and --passwd (-c) are about different files',
          'call ocpasswd once for each of them',
        );
      }
      await this.#keepTokens(flags.otp, flags.delete, flags.json, {
        username,
        issuer: flags['otp-issuer'] ?? hostname(),
        kind: flags['otp-type'] === 'hotp' ? 'hotp' : 'totp',
        digits: flags['otp-digits'] === '8' ? 8 : flags['otp-digits'] === '7' ? 7 : 6,
        stepSeconds: flags['otp-step'] === '60' ? 60 : 30,
      });
      return;
    }
    let result: UpdateResult;
    if (flags.delete) result = await deleteUser(file, username);
    else if (flags.lock) result = await lockUser(file, username);
    else if (flags.unlock) result = await unlockUser(file, username);
    else {
      const scheme = hashSchemes.find((name) => name === flags.hash);
      result = await setPassword(file, username, flags.groupname, flags.stdin, scheme);
    }
    // What is gone already is no failure: provisioning scripts run twice.
    if (flags.delete && result.outcome === 'no-such-user')
      process.stderr.write(`ocpasswd: there is no user "${username}" in ${file}; nothing was changed\n`);
    else report(file, username, flags.hash, result);
    if (flags.json)
      process.stdout.write(`${JSON.stringify({ username, file, outcome: result.outcome }, null, 2)}\n`);
  }

  async #keepTokens(file: string, isRemoval: boolean, asJson: boolean, wish: TokenWish): Promise<void> {
    // A colon separates issuer and user in the URI.
    if (wish.issuer === '' || /[:\u0000-\u001f]/.test(wish.issuer))
      throw new InputError('the issuer must be a text without ":"', 'nothing was changed');
    const { systemLock } = await import('../../core/passwd/system-lock.ts');
    if (isRemoval) {
      reportTokens(file, wish.username, await removeTokens(file, wish.username, systemLock));
      return;
    }
    const result = await enrolToken(file, wish, systemLock);
    reportTokens(file, wish.username, result);
    if (result.outcome !== 'enrolled') return;
    const { username, issuer, kind, digits, stepSeconds } = wish;
    const facts = { username, issuer, type: kind, digits, ...(kind === 'totp' ? { stepSeconds } : {}) };
    const form = asJson ? 'json' : process.stdout.isTTY ? 'terminal' : 'pipe';
    process.stdout.write(await showToken(result.token, facts, form));
  }
}

async function setPassword(
  file: string,
  name: string,
  groupNames: string | undefined,
  isPiped: boolean,
  scheme: HashScheme | undefined,
): Promise<UpdateResult> {
  // Checked before the password is asked for.
  const problem = userNameProblem(name);
  if (problem !== undefined) throw nameError('user', name, problem);
  const groups = groupNames === undefined ? undefined : splitGroups(groupNames);
  const password =
    isInteractive() && !isPiped
      ? await askSecretTwice('Enter password:', 'Re-enter password:')
      : readSecretLine();
  if (password === undefined || password === '') {
    throw new InputError('Please specify a password', 'an empty password would let anybody in');
  }
  const { systemHashing } = await import('../../core/passwd/system-crypt.ts');
  return addUser(file, { name, password, groups }, { ...systemHashing, scheme });
}

function showUsers(file: string, asJson: boolean): void {
  const result = listUsers(file);
  if (result.outcome !== 'listed') {
    report(file, '', undefined, result);
    return;
  }
  if (asJson) {
    process.stdout.write(`${JSON.stringify(result.users, null, 2)}\n`);
    return;
  }
  const rows = result.users.map(({ username, groups, locked, hash }) => [
    username,
    groups.length === 0 ? '*' : groups.join(','),
    locked ? 'locked' : 'active',
    hash,
  ]);
  process.stdout.write(formatTable(['user', 'groups', 'state', 'hash'], rows));
}

function nameError(kind: 'user' | 'group', name: string, problem: string): InputError {
  return new InputError(`the ${kind} name ${JSON.stringify(name)} ${problem}`, 'nothing was changed');
}

/** What became of the tokens; a replacement is said, because the former token is worthless now. */
function reportTokens(file: string, name: string, result: EnrolResult): void {
  switch (result.outcome) {
    case 'enrolled':
      if (result.replaced > 0)
        process.stderr.write(`ocpasswd: the former token of "${name}" does not count any more\n`);
      return;
    case 'removed':
      return;
    case 'no-such-user':
      throw new InputError(`there is no token of "${name}" in ${file}`, 'nothing was changed');
    case 'invalid-user':
      throw nameError('user', name, result.problem);
    case 'file-locked':
      throw new InputError(
        `file '${file}' is locked.`,
        `another program holds ${result.lockFile}; try again`,
      );
    case 'cannot-write':
      throw new InputError(`Cannot open '${result.file}' for writing.`, systemReason(result.code));
  }
}

/** Says nothing when all went well; everything else is an error with what to do about it. */
function report(file: string, name: string, scheme: string | undefined, result: UpdateResult): void {
  switch (result.outcome) {
    case 'added':
    case 'changed':
    case 'deleted':
    case 'locked':
    case 'unlocked':
    case 'unchanged':
      return;
    case 'no-such-user':
      throw new InputError(`there is no user "${name}" in ${file}`, 'nothing was changed');
    case 'no-password':
      throw new InputError(
        `the user "${name}" has no password`,
        `give one first: ocpasswd -c ${file} ${name}`,
      );
    case 'line-too-long':
      throw new InputError(
        `the entry of "${name}" would be longer than ${String(result.maxBytes)} bytes, which servers do not read`,
        'use fewer or shorter groups',
      );
    case 'invalid-user':
      throw nameError('user', name, result.problem);
    case 'invalid-group':
      throw nameError('group', result.group, result.problem);
    case 'invalid-password':
      throw new InputError(`the password ${result.problem}`, 'nothing was changed');
    case 'cannot-hash':
      throw new InputError(
        scheme === undefined
          ? "the system's libcrypt refused to hash the password"
          : `the system's libcrypt does not know the scheme "${scheme}"`,
        scheme === undefined ? 'check that libcrypt is installed' : 'leave --hash out, or give another one',
      );
    case 'file-locked':
      throw new InputError(
        `file '${file}' is locked.`,
        `another ocpasswd is at work; if none is, remove ${result.lockFile}`,
      );
    case 'cannot-read':
      throw new InputError(`Cannot open '${result.file}' for reading.`, systemReason(result.code));
    case 'cannot-write':
      throw new InputError(`Cannot open '${result.file}' for writing.`, systemReason(result.code));
  }
}
