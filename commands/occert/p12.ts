// `occert p12 USER`: packs an issued key and certificate for a device to import.
import { Args, Flags } from '@oclif/core';
import process from 'node:process';
import { checkUserName, exportPkcs12, PkiError } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';
import { pkcs12Flags, pkcs12Password } from '../base/pkcs12.ts';

export default class P12 extends OccertCommand {
  static override summary = "Write a user's key and certificate as a PKCS#12 file.";
  static override examples = [
    'occert p12 alice --profile legacy',
    'occert p12 alice --password-file pin.txt --out alice.p12',
  ];
  static override args = {
    user: Args.string({ required: true, ignoreStdin: true, description: 'user name' }),
  };
  static override flags = {
    ...commonFlags,
    ...pkcs12Flags,
    out: Flags.string({
      helpValue: 'FILE',
      summary: 'Where to (default: clients/USER/USER.p12 in the folder).',
    }),
    'no-ca': Flags.boolean({ summary: "Leave out the authority's certificate." }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(P12);
    const user = checkUserName(args.user);
    if (!user.ok) throw new PkiError(user.problem);
    const secret = await pkcs12Password(flags);
    const file = await exportPkcs12(this.place(flags), {
      user: user.value,
      password: secret.password,
      profile: flags.profile,
      file: flags.out,
      withAuthority: !flags['no-ca'],
    });
    if (flags.json) process.stdout.write(`${JSON.stringify({ file }, null, 2)}\n`);
    else if (!flags.quiet) process.stdout.write(`wrote ${file}\n`);
    if (secret.generated) process.stderr.write(`password of the .p12 (shown once): ${secret.password}\n`);
  }
}
