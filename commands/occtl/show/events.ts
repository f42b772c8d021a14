// `occtl show events`: users as they come and go, until q, Ctrl-C or the server's end.
import process from 'node:process';
import { eventJson, eventText, type ControlClient } from '../../../core/control/index.ts';
import { ControlCommand, controlFlags } from '../../base/control-command.ts';

export default class ShowEvents extends ControlCommand {
  static override summary = 'Print users as they connect and disconnect, until q is pressed.';
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ShowEvents);
    await this.withServer(flags, async (control) => {
      const stop = control.watch('Watch', {}, ({ event }) => {
        const now = this.now();
        process.stdout.write(
          flags.json ? `${JSON.stringify(eventJson(event, now))}\n` : eventText(event, now),
        );
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
