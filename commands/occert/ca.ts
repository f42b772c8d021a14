// `occert ca`: a certificate authority of one's own.
import { Flags } from '@oclif/core';
import { createAuthority } from '../../core/pki/index.ts';
import { commonFlags, keyTypes, OccertCommand } from '../base/occert-command.ts';

export default class Ca extends OccertCommand {
  static override summary =
    'Make a certificate authority: key, self-signed certificate, empty revocation list.';
  static override examples = ['occert ca --cn "Example VPN CA" --org "Example Ltd"'];
  static override flags = {
    ...commonFlags,
    cn: Flags.string({ required: true, helpValue: 'NAME', summary: 'Name of the authority.' }),
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'ecdsa' }),
    'path-len': Flags.integer({
      default: 0,
      min: 0,
      max: 8,
      helpValue: 'N',
      summary: 'Authorities allowed below this one.',
    }),
    days: Flags.integer({ default: 3650, min: 1, max: 36_500, helpValue: 'N', summary: 'Days of validity.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Ca);
    const issued = await createAuthority(this.place(flags), {
      commonName: flags.cn,
      organization: flags.org,
      keyType: flags['key-type'],
      days: flags.days,
      pathLength: flags['path-len'],
    });
    this.show(flags, issued, { 'ca-cert': issued.files[1] ?? '', crl: issued.files[2] ?? '' });
  }
}
