// `occtl terminate user NAME`
import { Args } from '@oclif/core';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class TerminateUser extends ControlCommand {
  static override summary = 'End all connections of a user and invalidate the sessions.';
  static override args = { name: Args.string({ required: true, description: 'user name' }) };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(TerminateUser);
    await this.withServer(
      flags,
      async (control) => {
        await control.call('DisconnectUser', { username: args.name, terminate: true });
        this.say(true, `user '${args.name}' was terminated (session invalidated)`);
      },
      (name) => {
        if (name === 'NotFound') this.say(false, `could not terminate user '${args.name}'`);
        return name === 'NotFound';
      },
    );
  }
}
