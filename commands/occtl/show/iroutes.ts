// `occtl show iroutes`
import { iroutesJson, iroutesTable } from '../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../base/control-command.ts';

export default class ShowIroutes extends ControlCommand {
  static override summary = 'Print the networks behind connected users.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowIroutes);
    await this.withServer(flags, async (control) => {
      const { users } = (await control.call('ListUsers', {})).parameters;
      this.show(
        flags,
        () => iroutesTable(users),
        () => iroutesJson(users),
      );
    });
  }
}
