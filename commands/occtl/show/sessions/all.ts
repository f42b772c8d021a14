// `occtl show sessions all`
import { sessionJson, sessionsTable } from '../../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../../base/control-command.ts';

export default class ShowSessionsAll extends ControlCommand {
  static override summary = 'Print all sessions, logins under way included.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowSessionsAll);
    await this.withServer(flags, async (control) => {
      const { sessions } = (await control.call('ListSessions', {})).parameters;
      this.show(
        flags,
        () => sessionsTable(sessions, this.now()),
        () => sessions.map((session) => sessionJson(session)),
      );
    });
  }
}
