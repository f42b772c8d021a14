// `occtl disconnect user NAME`
import { Args } from '@oclif/core';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class DisconnectUser extends ControlCommand {
  static override summary = 'End all connections of a user.';
  static override args = { name: Args.string({ required: true, description: 'user name' }) };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(DisconnectUser);
    await this.withServer(
      flags,
      async (control) => {
        await control.call('DisconnectUser', { username: args.name, terminate: false });
        this.say(true, `user '${args.name}' was disconnected`);
      },
      (name) => {
        if (name === 'NotFound') this.say(false, `could not disconnect user '${args.name}'`);
        return name === 'NotFound';
      },
    );
  }
}
