// `occtl disconnect id ID`
import { Args } from '@oclif/core';
import { ControlCommand, controlFlags, parseId } from '../../base/control-command.ts';

export default class DisconnectId extends ControlCommand {
  static override summary = 'End one connection.';
  static override args = { id: Args.string({ required: true, description: 'connection id' }) };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(DisconnectId);
    const id = parseId(args.id);
    if (id === undefined) {
      this.say(false, `could not disconnect ID '${args.id}'`);
      return;
    }
    await this.withServer(
      flags,
      async (control) => {
        await control.call('DisconnectId', { id, terminate: false });
        this.say(true, `connection ID '${String(id)}' was disconnected`);
      },
      (name) => {
        if (name === 'NotFound') this.say(false, `could not disconnect ID '${String(id)}'`);
        return name === 'NotFound';
      },
    );
  }
}
