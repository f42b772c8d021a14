// `occert renew NAME`: a new certificate of a user or server before the old one ends.
import { Args, Flags } from '@oclif/core';
import { renew } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';

export default class Renew extends OccertCommand {
  static override summary = 'Make a new certificate with the names, purposes and duration of the last one.';
  static override description =
    'The old files stay beside the new ones as NAME.bak-TIME. A .p12 is not made anew: see "occert p12 --force".';
  static override examples = [
    'occert renew vpn.example.com --reload /run/ocserv.pid',
    'occert renew alice --revoke-old',
  ];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'user or server' }),
  };
  static override flags = {
    ...commonFlags,
    kind: Flags.option({
      options: ['server', 'client'] as const,
      summary: 'Which, where a server and a user have one name.',
    })(),
    'keep-key': Flags.boolean({ summary: 'Certify the old key again.' }),
    'revoke-old': Flags.boolean({ summary: 'Revoke the old certificate.' }),
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days of validity; as many as before by default.',
    }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Renew);
    const issued = await renew(this.place(flags), {
      name: args.name,
      kind: flags.kind,
      days: flags.days,
      keepsKey: flags['keep-key'],
      revokesOld: flags['revoke-old'],
    });
    this.reload(flags);
    this.show(flags, issued, {});
  }
}
