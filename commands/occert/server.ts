// `occert server NAME…`: the certificate the VPN server shows.
import { Args, Flags } from '@oclif/core';
import process from 'node:process';
import { issueServer } from '../../core/pki/index.ts';
import { hostNames } from '../base/host-names.ts';
import { commonFlags, keyTypes, OccertCommand, templateFlag } from '../base/occert-command.ts';
import { UsageError } from '../base/program.ts';

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
    name: Args.string({ ignoreStdin: true, description: 'DNS name or IP address; repeatable' }),
  };
  static override flags = {
    ...commonFlags,
    ...templateFlag,
    org: Flags.string({ helpValue: 'NAME', summary: 'Organization.' }),
    'key-type': Flags.option({ options: keyTypes, summary: 'Kind of key.' })({ default: 'rsa' }),
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days of validity; 397 by default.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(Server);
    const template = this.template(flags.template);
    const given = argv as string[];
    const asked = given.length > 0 ? given : namesOf(template);
    if (asked.length === 0) throw new UsageError('missing NAME');
    const names = hostNames(asked);
    const days = this.days(flags.days, template, 397);
    if (days > appleLimitDays) {
      process.stderr.write(
        `occert: warning: Apple devices refuse server certificates valid for more than ${String(appleLimitDays)} days\n`,
      );
    }
    const issued = await issueServer(this.place(flags), {
      names,
      organization: flags.org ?? template.get('organization')?.[0],
      keyType: flags['key-type'],
      days,
    });
    this.reload(flags);
    this.show(flags, issued, { 'server-cert': issued.files[2] ?? '', 'server-key': issued.files[0] ?? '' });
  }
}

function namesOf(template: ReadonlyMap<string, readonly string[]>): string[] {
  const names = ['dns_name', 'ip_address'].flatMap((key) => template.get(key) ?? []);
  return names.length > 0 ? names : [...(template.get('cn') ?? [])];
}
