// `occtl show ip ban points`
import { banPointsJson, banPointsTable } from '../../../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../../../base/control-command.ts';

export default class ShowIpBanPoints extends ControlCommand {
  static override summary = 'Print all addresses that have points.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowIpBanPoints);
    await this.withServer(flags, async (control) => {
      const { bans } = (await control.call('ListBans', {})).parameters;
      this.show(
        flags,
        () => banPointsTable(bans),
        () => banPointsJson(bans),
      );
    });
  }
}
