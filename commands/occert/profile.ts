// `occert profile USER`: one file that sets up a phone.
import { Args, Flags } from '@oclif/core';
import { existsSync, readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { anyConnectProfile, appleProfile, at, checkUserName, PkiError } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';
import { replaceFileAtomically } from '../../core/system/index.ts';

export default class Profile extends OccertCommand {
  static override summary = 'Write a profile that sets up a phone: for Apple devices or for AnyConnect.';
  static override description =
    'The Apple profile holds the authority, the USER.p12 (make it with --profile legacy for old devices) and the connection; the device asks for the password of the .p12.';
  static override examples = [
    'occert profile alice --server vpn.example.com',
    'occert profile alice --server vpn.example.com --form anyconnect',
  ];
  static override args = {
    user: Args.string({ required: true, ignoreStdin: true, description: 'user name' }),
  };
  static override flags = {
    ...commonFlags,
    server: Flags.string({
      required: true,
      helpValue: 'HOST',
      summary: 'Name of the server, with :PORT if it is not 443.',
    }),
    form: Flags.option({ options: ['apple', 'anyconnect'] as const, summary: 'For which client.' })({
      default: 'apple',
    }),
    out: Flags.string({ helpValue: 'FILE', summary: 'Where to (default: clients/USER/ in the folder).' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Profile);
    const user = checkUserName(args.user);
    if (!user.ok) throw new PkiError(user.problem);
    const place = this.place(flags);
    const folder = at(place, 'clients', user.value);
    if (!existsSync(folder))
      throw new PkiError(
        `no client "${user.value}" in ${flags.dir}`,
        `issue one first: occert client ${user.value} --p12`,
      );
    const packed = `${folder}/${user.value}.p12`;
    if (flags.form === 'apple' && !existsSync(packed))
      throw new PkiError(`${packed} is missing`, `make it: occert p12 ${user.value}`);
    const text =
      flags.form === 'anyconnect'
        ? anyConnectProfile(flags.server)
        : appleProfile({
            user: user.value,
            server: flags.server,
            authority: new X509Certificate(readFileSync(at(place, 'ca/ca.pem'))).raw,
            pkcs12: readFileSync(packed),
          });
    const file = flags.out ?? `${folder}/${user.value}.${flags.form === 'apple' ? 'mobileconfig' : 'xml'}`;
    if (existsSync(file) && !flags.force)
      throw new PkiError(`${file} exists already`, 'use --force to replace it');
    replaceFileAtomically(file, text);
    this.print(flags, { file }, [`wrote ${file}`]);
  }
}
