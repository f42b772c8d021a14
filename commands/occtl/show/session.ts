// `occtl show session SID`
import { Args } from '@oclif/core';
import { sessionBlocks, sessionJson } from '../../../core/control/index.ts';
import { ControlCommand, showFlags } from '../../base/control-command.ts';

export default class ShowSession extends ControlCommand {
  static override summary = 'Print the sessions whose id begins so.';
  static override args = { sid: Args.string({ required: true, description: 'session id or its beginning' }) };
  static override flags = showFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ShowSession);
    await this.withServer(flags, async (control) => {
      const { sessions } = (await control.call('ListSessions', {})).parameters;
      const found = sessions.filter((session) => session.sessionId.startsWith(args.sid));
      this.show(
        flags,
        () => sessionBlocks(found),
        () => found.map((session) => sessionJson(session)),
      );
    });
  }
}
