// `occtl terminate session SID`
import { Args } from '@oclif/core';
import process from 'node:process';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

/** Characters of a full session id. */
const fullLength = 28;

interface Match {
  readonly sessionId: string;
  readonly username: string;
}

export default class TerminateSession extends ControlCommand {
  static override summary = 'Invalidate a session; its running connection stays up.';
  static override args = {
    sid: Args.string({ required: true, description: 'session id or a unique beginning' }),
  };
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(TerminateSession);
    const { sid } = args;
    if (sid.length > fullLength) {
      this.say(false, `invalid session ID '${sid}'`);
      return;
    }
    await this.withServer(
      flags,
      async (control) => {
        const { session } = (await control.call('TerminateSession', { sessionId: sid })).parameters;
        this.say(true, `session '${sid.slice(0, 6)}' was terminated`);
        if (session.inUse) {
          process.stderr.write(
            `occtl: session ${session.sessionId.slice(0, 6)} of user "${session.username}" is in use; its connection stays up\n`,
          );
        }
      },
      (name, parameters) => {
        if (name === 'NotFound') this.say(false, `no session matching '${sid}' was found`);
        if (name === 'AmbiguousSession')
          this.say(false, ambiguous(sid, parameters['sessions'] as readonly Match[]));
        return name === 'NotFound' || name === 'AmbiguousSession';
      },
    );
  }
}

function ambiguous(sid: string, matches: readonly Match[]): string {
  return [
    `ambiguous session ID '${sid}' matches ${String(matches.length)} sessions:`,
    ...matches.map((match) => `  ${match.sessionId}  user: ${match.username}`),
    'use the full session ID',
  ].join('\n');
}
