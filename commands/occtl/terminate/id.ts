// `occtl terminate id ID`
import { Args } from '@oclif/core';
import { ControlCommand, controlFlags, parseId } from '../../base/control-command.ts';

export default class TerminateId extends ControlCommand {
  static override summary = 'End one connection and invalidate its session.';
  static override args = { id: Args.string({ required: true, description: 'connection id' }) };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(TerminateId);
    const id = parseId(args.id);
    if (id === undefined) {
      this.say(false, `could not terminate ID '${args.id}'`);
      return;
    }
    await this.withServer(
      flags,
      async (control) => {
        await control.call('DisconnectId', { id, terminate: true });
        this.say(true, `connection ID '${String(id)}' was terminated (session invalidated)`);
      },
      (name) => {
        if (name === 'NotFound') this.say(false, `could not terminate ID '${String(id)}'`);
        return name === 'NotFound';
      },
    );
  }
}
