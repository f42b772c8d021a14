// `ocpasswd`: keeps the password file of the plain method. Same options, questions and exit status as the C tool's.
import { Args, Command, Flags } from '@oclif/core';
import {
  addUser,
  deleteUser,
  lockUser,
  splitGroups,
  unlockUser,
  userNameProblem,
  type UpdateResult,
} from '../../core/passwd/index.ts';
import { askSecretTwice, InputError, isInteractive, readSecretLine } from '../base/secret-input.ts';

export default class Ocpasswd extends Command {
  static override summary = 'Keep the password file of the VPN server.';
  static override description =
    'Adds USERNAME or sets a new password; with -d, -l or -u removes, locks or unlocks. On a terminal the password is ' +
    'asked for twice, otherwise one line of standard input is the password. Changes count from the next login on.\n\n' +
    'Exit status: 0 on success, 1 on anything else; the file is untouched then.';
  static override examples = [
    'ocpasswd -c /etc/ocserv/passwd alice',
    'ocpasswd -c /etc/ocserv/passwd -g staff,vpn bob',
    'ocpasswd -c /etc/ocserv/passwd -l bob',
  ];
  static override args = { username: Args.string({ required: true, description: 'user name' }) };
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
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Ocpasswd);
    const { username } = args;
    const file = flags.passwd;
    if (flags.delete) report(file, username, await deleteUser(file, username));
    else if (flags.lock) report(file, username, await lockUser(file, username));
    else if (flags.unlock) report(file, username, await unlockUser(file, username));
    else await this.#setPassword(file, username, flags.groupname);
  }

  async #setPassword(file: string, name: string, groupNames: string | undefined): Promise<void> {
    // Checked before the password is asked for.
    const problem = userNameProblem(name);
    if (problem !== undefined) throw nameError('user', name, problem);
    const groups = groupNames === undefined ? undefined : splitGroups(groupNames);
    const password = isInteractive()
      ? await askSecretTwice('Enter password:', 'Re-enter password:')
      : readSecretLine();
    if (password === undefined || password === '') {
      throw new InputError('Please specify a password', 'an empty password would let anybody in');
    }
    const { systemHashing } = await import('../../core/passwd/system-crypt.ts');
    report(file, name, await addUser(file, { name, password, groups }, systemHashing));
  }
}

function nameError(kind: 'user' | 'group', name: string, problem: string): InputError {
  return new InputError(`the ${kind} name ${JSON.stringify(name)} ${problem}`, 'nothing was changed');
}

/** Says nothing when all went well; everything else is an error with what to do about it. */
function report(file: string, name: string, result: UpdateResult): void {
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
        "the system's libcrypt refused to hash the password",
        'check that libcrypt is installed',
      );
    case 'file-locked':
      throw new InputError(
        `file '${file}' is locked.`,
        `another ocpasswd is at work; if none is, remove ${result.lockFile}`,
      );
    case 'cannot-read':
      throw new InputError(`Cannot open '${result.file}' for reading.`, result.code);
    case 'cannot-write':
      throw new InputError(`Cannot open '${result.file}' for writing.`, result.code);
  }
}
