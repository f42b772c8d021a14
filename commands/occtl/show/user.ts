// `occtl show user NAME`
import { Args } from '@oclif/core';
import process from 'node:process';
import { userBlocks, userJson } from '../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../base/control-command.ts';

/** Nothing matched. */
const notFoundStatus = 2;

export default class ShowUser extends ControlCommand {
  static override summary = "Print a user's connections.";
  static override args = { name: Args.string({ required: true, description: 'user name' }) };
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ShowUser);
    await this.withServer(flags, async (control) => {
      const { users } = (await control.call('ListUsers', { username: args.name })).parameters;
      this.show(
        flags,
        () => userBlocks(users, this.now()),
        () => users.map((user) => userJson(user, this.now())),
      );
      if (users.length === 0) process.exitCode = notFoundStatus;
    });
  }
}
