// `occert client USER`: a user's key and certificate, with --p12 also packed for a device.
import { Args, Flags } from '@oclif/core';
import process from 'node:process';
import { checkUserName, exportPkcs12, issueClient, PkiError } from '../../core/pki/index.ts';
import { commonFlags, keyTypes, OccertCommand, templateFlag } from '../base/occert-command.ts';
import { UsageError } from '../base/program.ts';
import { pkcs12Flags, pkcs12Password } from '../base/pkcs12.ts';

export default class Client extends OccertCommand {
  static override summary = "Make a user's key and certificate, signed by the local authority.";
  static override examples = [
    'occert client alice --p12 --generate-password',
    'occert client bob --cn "Bob Example" --group staff --email bob@example.com',
  ];
  static override args = {
    user: Args.string({
      ignoreStdin: true,
      description: 'user name (goes into UID); with --template that of the template',
    }),
  };
  static override flags = {
    ...commonFlags,
    ...templateFlag,
    cn: Flags.string({ helpValue: 'NAME', summary: 'Full name (default: the user name).' }),
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    group: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
      summary: 'Group (OU); repeatable.',
    }),
    email: Flags.string({ helpValue: 'ADDRESS', summary: 'Mail address (subjectAltName).' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'ecdsa' }),
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days of validity; 365 by default.',
    }),
    p12: Flags.boolean({ summary: 'Also write USER.p12 for a phone or laptop.' }),
    ...pkcs12Flags,
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Client);
    const template = this.template(flags.template);
    const one = (name: string): string | undefined => template.get(name)?.[0];
    const name = args.user ?? one('uid') ?? one('cn');
    if (name === undefined) throw new UsageError('missing USER');
    const user = checkUserName(name);
    if (!user.ok) throw new PkiError(user.problem);
    // Asked for before anything is written, so that a mistyped password leaves nothing behind.
    const secret = flags.p12 ? await pkcs12Password(flags) : undefined;
    const place = this.place(flags);
    const issued = await issueClient(place, {
      user: user.value,
      commonName: flags.cn ?? one('cn') ?? user.value,
      organization: flags.org ?? one('organization'),
      groups: flags.group ?? template.get('unit') ?? [],
      email: flags.email ?? one('email'),
      keyType: flags['key-type'],
      days: this.days(flags.days, template, 365),
    });
    const files = [...issued.files];
    if (secret !== undefined) {
      files.push(
        await exportPkcs12(place, {
          user: user.value,
          password: secret.password,
          profile: flags.profile,
          withAuthority: true,
        }),
      );
    }
    this.show(flags, { ...issued, files }, { 'cert-user-oid': '0.9.2342.19200300.100.1.1' });
    if (secret?.generated === true)
      process.stderr.write(`password of the .p12 (shown once): ${secret.password}\n`);
  }
}
