// `occert check`: what has to be done soon; made for cron, which sends what is printed and asks for the status.
import { Flags } from '@oclif/core';
import process from 'node:process';
import { findDue } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';

export default class Check extends OccertCommand {
  static override summary = 'Name what expires soon; status 1 if there is anything, silence if not.';
  static override examples = ['occert check --within 30'];
  static override flags = {
    ...commonFlags,
    within: Flags.integer({
      default: 30,
      min: 0,
      max: 36_500,
      helpValue: 'DAYS',
      summary: 'How far to look ahead.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Check);
    const findings = await findDue(this.place(flags), flags.within);
    if (flags.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else if (!flags.quiet) process.stdout.write(findings.map((finding) => `${finding}\n`).join(''));
    if (findings.length > 0) process.exitCode = 1;
  }
}
