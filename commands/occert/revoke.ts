// `occert revoke USER`: what was issued to somebody counts no more.
import { Args, Flags } from '@oclif/core';
import { revocationReasons, revoke, type RevocationReason } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';

export default class Revoke extends OccertCommand {
  static override summary = 'Revoke certificates and write a new revocation list.';
  static override description =
    'WHICH is a user or server (all of its certificates), a serial number, or the file of a certificate. The server reads a changed list by itself.';
  static override examples = ['occert revoke alice', 'occert revoke --reason keyCompromise alice'];
  static override args = {
    which: Args.string({ required: true, ignoreStdin: true, description: 'name, serial number or file' }),
  };
  static override flags = {
    ...commonFlags,
    reason: Flags.option({
      options: Object.keys(revocationReasons) as RevocationReason[],
      summary: 'Why.',
    })({ default: 'unspecified' }),
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days until the list wants a successor; 365 by default.',
    }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Revoke);
    const result = await revoke(this.place(flags), {
      target: args.which,
      reason: flags.reason,
      days: flags.days,
    });
    this.reload(flags);
    this.print(flags, result, [
      ...result.serials.map((serial) => `revoked ${serial}`),
      `wrote ${result.list.file} (number ${String(result.list.number)})`,
    ]);
  }
}
