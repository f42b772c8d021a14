// `occert ca`: a certificate authority of one's own.
import { Flags } from '@oclif/core';
import { createAuthority, PkiError } from '../../core/pki/index.ts';
import { commonFlags, keyTypes, OccertCommand, templateFlag } from '../base/occert-command.ts';
import { askSecretTwice, isInteractive, readSecretFile } from '../base/secret-input.ts';
import { UsageError } from '../base/program.ts';

export default class Ca extends OccertCommand {
  static override summary =
    'Make a certificate authority: key, self-signed certificate, empty revocation list.';
  static override examples = ['occert ca --cn "Example VPN CA" --org "Example Ltd"'];
  static override flags = {
    ...commonFlags,
    ...templateFlag,
    cn: Flags.string({ helpValue: 'NAME', summary: 'Name of the authority.' }),
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'ecdsa' }),
    'path-len': Flags.integer({
      min: 0,
      max: 8,
      helpValue: 'N',
      summary: 'Authorities allowed below this one; none by default.',
    }),
    'encrypt-key': Flags.boolean({
      summary: 'Encrypt the key with the password of --ca-password-file, or one that is asked for.',
    }),
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days of validity; 3650 by default.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Ca);
    const template = this.template(flags.template);
    const commonName = flags.cn ?? template.get('cn')?.[0];
    if (commonName === undefined) throw new UsageError('option --cn is required');
    const issued = await createAuthority(this.place(flags), {
      commonName,
      organization: flags.org ?? template.get('organization')?.[0],
      keyType: flags['key-type'],
      days: this.days(flags.days, template, 3650),
      pathLength: flags['path-len'] ?? Number(template.get('path_len')?.[0] ?? 0),
      password: flags['encrypt-key'] ? await newPassword(flags['ca-password-file']) : undefined,
    });
    this.show(flags, issued, { 'ca-cert': issued.files[1] ?? '', crl: issued.files[2] ?? '' });
  }
}

async function newPassword(file: string | undefined): Promise<string> {
  if (file !== undefined) return readSecretFile(file);
  if (!isInteractive())
    throw new PkiError('--encrypt-key needs a password', 'give it with --ca-password-file');
  const password = await askSecretTwice("Password for the authority's key:", 'Again:');
  if (password === '') throw new PkiError('the password is empty', 'nothing was written');
  return password;
}
