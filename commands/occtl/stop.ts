// `occtl stop now`
import { ControlCommand, controlFlags } from '../base/control-command.ts';

export default class Stop extends ControlCommand {
  static override summary = 'Stop the server.';
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Stop);
    await this.withServer(
      flags,
      async (control) => {
        await control.call('Stop', {});
        this.say(true, 'Server scheduled to stop');
      },
      () => {
        this.say(false, 'Error scheduling server stop');
        return true;
      },
    );
  }
}
