// `occtl show status`
import process from 'node:process';
import { formatJson, statusJson, statusText } from '../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../base/control-command.ts';

export default class ShowStatus extends ControlCommand {
  static override summary = 'Print the status and statistics of the server.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowStatus);
    await this.withServer(flags, async (control) => {
      const { status } = (await control.call('GetStatus', {})).parameters;
      // Never through the pager: it is the command that scripts watch.
      process.stdout.write(
        flags.json
          ? formatJson(statusJson(status, this.now(), flags.debug))
          : statusText(status, this.now(), flags.debug),
      );
    });
  }
}
