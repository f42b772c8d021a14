// `occtl show id ID`
import { Args } from '@oclif/core';
import process from 'node:process';
import { userBlocks, userJson } from '../../../core/control/index.ts';
import { ControlCommand, showFlags, parseId } from '../../base/control-command.ts';

/** Nothing matched. */
const notFoundStatus = 2;

export default class ShowId extends ControlCommand {
  static override summary = 'Print one connection.';
  static override args = { id: Args.string({ required: true, description: 'connection id' }) };
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ShowId);
    const id = parseId(args.id);
    if (id === undefined) {
      process.stderr.write(`occtl: "${args.id}" is no connection id; "occtl show users" lists them\n`);
      process.exitCode = 1;
      return;
    }
    await this.withServer(flags, async (control) => {
      const { users } = (await control.call('ListUsers', { id })).parameters;
      this.show(
        flags,
        () => userBlocks(users, this.now()),
        () => users.map((user) => userJson(user, this.now())),
      );
      if (users.length === 0) process.exitCode = notFoundStatus;
    });
  }
}
