// `occtl show sessions valid`
import { sessionJson, sessionsTable } from '../../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../../base/control-command.ts';

export default class ShowSessionsValid extends ControlCommand {
  static override summary = 'Print the sessions that are in use or can reconnect.';
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowSessionsValid);
    await this.withServer(flags, async (control) => {
      const { sessions } = (await control.call('ListSessions', {})).parameters;
      const shown = sessions.filter((session) => session.state === 'authenticated');
      this.show(
        flags,
        () => sessionsTable(shown, this.now()),
        () => shown.map((session) => sessionJson(session)),
      );
    });
  }
}
