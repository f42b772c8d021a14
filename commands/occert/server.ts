// `occert server NAME…`: the certificate the VPN server shows.
import { Args, Flags } from '@oclif/core';
import process from 'node:process';
import { checkHostName, issueServer, PkiError, type HostName } from '../../core/pki/index.ts';
import { commonFlags, keyTypes, OccertCommand } from '../base/occert-command.ts';

/** Apple's devices refuse server certificates that live longer, from private authorities too. */
const appleLimitDays = 825;

export default class Server extends OccertCommand {
  static override summary = 'Make a key and a certificate for the server, signed by the local authority.';
  static override description =
    'NAMEs are the DNS names and addresses under which clients reach the server; all go into the certificate.';
  static override examples = [
    'occert server vpn.example.com 192.0.2.4',
    'occert server --key-type ecdsa vpn.example.com',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, description: 'DNS name or IP address; repeatable' }),
  };
  static override flags = {
    ...commonFlags,
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'rsa' }),
    days: Flags.integer({ default: 397, min: 1, max: 36_500, helpValue: 'N', summary: 'Days of validity.' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Server);
    const names: HostName[] = (argv as string[]).map((text) => {
      const checked = checkHostName(text);
      if (!checked.ok) throw new PkiError(checked.problem, 'give names such as vpn.example.com or 192.0.2.4');
      return checked.value;
    });
    if (flags.days > appleLimitDays) {
      process.stderr.write(
        `occert: warning: Apple devices refuse server certificates valid for more than ${String(appleLimitDays)} days\n`,
      );
    }
    const issued = await issueServer(this.place(flags), {
      names,
      organization: flags.org,
      keyType: flags['key-type'],
      days: flags.days,
    });
    this.show(flags, issued, { 'server-cert': issued.files[2] ?? '', 'server-key': issued.files[0] ?? '' });
  }
}
