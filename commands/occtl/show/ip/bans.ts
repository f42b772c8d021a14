// `occtl show ip bans`
import { bansJson, bansTable } from '../../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../../base/control-command.ts';

export default class ShowIpBans extends ControlCommand {
  static override summary = 'Print the banned addresses.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowIpBans);
    await this.withServer(flags, async (control) => {
      const { bans } = (await control.call('ListBans', {})).parameters;
      this.show(
        flags,
        () => bansTable(bans, this.now()),
        () => bansJson(bans, this.now()),
      );
    });
  }
}
