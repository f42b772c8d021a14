// `occert list`: everything that was issued.
import { Flags } from '@oclif/core';
import process from 'node:process';
import { listIssued, PkiError, stateOf } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';
import { formatTable } from '../base/table.ts';

export default class List extends OccertCommand {
  static override summary = 'Show what was issued.';
  static override examples = ['occert list', 'occert list --expiring 30'];
  static override flags = {
    ...commonFlags,
    expiring: Flags.integer({
      min: 0,
      max: 36_500,
      helpValue: 'DAYS',
      summary: 'Only what ends within that many days, or has ended.',
    }),
    revoked: Flags.boolean({ summary: 'Only what is revoked.', exclusive: ['expiring'] }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(List);
    const place = this.place(flags);
    const dueDays = flags.expiring ?? 30;
    const issued = await listIssued(place);
    if (issued.length === 0)
      throw new PkiError(`there is no authority in ${flags.dir}`, 'make one first: occert ca --cn NAME');
    const entries = issued
      .map((entry) => ({ ...entry, state: stateOf(entry, place.now, dueDays) }))
      .filter(({ state }) => !flags.revoked || state === 'revoked')
      .filter(({ state }) => flags.expiring === undefined || state === 'due' || state === 'expired');
    if (flags.json) process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    else {
      const rows = entries.map(({ serial, kind, name, notAfter, state }) => [
        serial,
        kind,
        name,
        notAfter.slice(0, 10),
        state,
      ]);
      process.stdout.write(formatTable(['serial', 'kind', 'name', 'until', 'state'], rows));
    }
  }
}
