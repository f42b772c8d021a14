// `occtl show events`: users as they come and go, until q, Ctrl-C or the server's end.
import * as Flags from '@oclif/core/flags';
import process from 'node:process';
import { eventJson, eventText, type ControlClient, type ControlEvent } from '../../../core/control/index.ts';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class ShowEvents extends ControlCommand {
  static override summary = 'Print users as they connect and disconnect, until q is pressed.';
  static override flags = {
    ...controlFlags,
    follow: Flags.boolean({
      allowNo: true,
      default: true,
      summary: 'Go on with events as they happen; with --no-follow print what there is already.',
    }),
    since: Flags.integer({
      helpValue: 'N',
      min: 0,
      summary: 'Begin with the event after number N instead of the list of users.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowEvents);
    const print = (event: ControlEvent): void => {
      const now = this.now();
      process.stdout.write(flags.json ? `${JSON.stringify(eventJson(event, now))}\n` : eventText(event, now));
    };
    await this.withServer(flags, async (control) => {
      const parameters = flags.since === undefined ? {} : { since: flags.since };
      if (!flags.follow) {
        for (const event of (await control.call('ListEvents', parameters)).parameters.events) print(event);
        return;
      }
      const stop = control.watch('Watch', parameters, ({ event }) => {
        print(event);
      });
      const quit = await Promise.race([pressedQuit(), serverEnded(control)]);
      stop();
      if (!quit) {
        process.stderr.write('occtl: the server closed the connection\n');
        process.exitCode = 1;
      }
    });
  }
}

async function serverEnded(control: ControlClient): Promise<false> {
  await control.closed.catch(() => undefined);
  return false;
}

/** Waits for q, Q or Ctrl-C; the terminal is restored afterwards. */
function pressedQuit(): Promise<true> {
  const { promise, resolve } = Promise.withResolvers<true>();
  const { stdin } = process;
  const finish = (): void => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    resolve(true);
  };
  process.once('SIGINT', finish);
  process.once('SIGTERM', finish);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', (bytes: Buffer) => {
      if (bytes.some((byte) => byte === 0x71 || byte === 0x51 || byte === 0x03)) finish();
    });
  }
  return promise;
}
