// `occert crl`: a fresh revocation list, also when nothing is revoked.
import { Flags } from '@oclif/core';
import { renewList } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';

export default class Crl extends OccertCommand {
  static override summary = 'Write a new revocation list.';
  static override examples = ['occert crl --days 30'];
  static override flags = {
    ...commonFlags,
    days: Flags.integer({
      min: 1,
      max: 36_500,
      helpValue: 'N',
      summary: 'Days until it wants a successor; 365 by default.',
    }),
    number: Flags.integer({
      min: 1,
      helpValue: 'N',
      summary: 'Its number; by default the next one, and never a lower one.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Crl);
    const list = await renewList(this.place(flags), { days: flags.days, number: flags.number });
    this.reload(flags);
    this.print(flags, list, [
      `wrote ${list.file}`,
      `number ${String(list.number)}, ${String(list.revoked)} revoked, successor due by ${list.nextUpdate.slice(0, 10)}`,
    ]);
  }
}
