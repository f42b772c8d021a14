// `occtl top`: the tunnels as they are, again and again on a terminal; once, after a second's measure, elsewhere.
import * as Flags from '@oclif/core/flags';
import process from 'node:process';
import { topFrame, topSortKeys, type ControlStatistics, type TopSortKey } from '../../core/control/index.ts';
import { ControlCommand, controlFlags } from '../base/control-command.ts';

/** Alternate screen and hidden cursor, and back (xterm, DEC private modes 1049 and 25). */
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** The width where nobody can say one. */
const plainColumns = 160;

const keys: Readonly<Record<string, TopSortKey>> = {
  ...{ r: 'rx', t: 'tx', u: 'user', l: 'loss', d: 'rtt', s: 'since' },
};
const keyHelp = 'q quit; sort by r rx, t tx, u user, l loss, d delay, s since';

export default class Top extends ControlCommand {
  static override summary =
    'Show the tunnels with their rates, losses and round-trip times, live on a terminal.';
  static override flags = {
    ...controlFlags,
    once: Flags.boolean({ summary: 'Print one table, also on a terminal.' }),
    sort: Flags.string({ options: [...topSortKeys], default: 'rx', summary: 'Order of the rows.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Top);
    const sort = flags.sort as TopSortKey;
    await this.withServer(flags, async (control) => {
      const frames = control.stream('WatchStatistics', {});
      if (process.stdout.isTTY && process.stdin.isTTY && !flags.once && !flags.json) {
        await live(frames, sort);
        return;
      }
      // Rates are known from the second reply on.
      await frames.next();
      const second = await frames.next();
      if (second.done === true) return;
      const { statistics } = second.value;
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(statistics)}\n`
          : `${topFrame(statistics, { columns: process.stdout.columns || plainColumns, sort }).join('\n')}\n`,
      );
      await frames.return(undefined);
    });
  }
}

async function live(
  frames: AsyncGenerator<{ statistics: ControlStatistics }>,
  first: TopSortKey,
): Promise<void> {
  const { stdin, stdout } = process;
  let sort = first;
  let last: ControlStatistics | undefined;
  const draw = (): void => {
    if (last === undefined) return;
    const { columns, rows } = stdout;
    const lines = [...topFrame(last, { columns, rows, sort }), keyHelp.slice(0, columns)];
    stdout.write(`${home}${lines.map((line) => line + clearLine).join('\r\n')}${clearBelow}`);
  };
  const restore = (): void => {
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(leave);
  };
  const { promise: left, resolve: quit } = Promise.withResolvers<void>();
  process.once('exit', restore);
  process.once('SIGTERM', () => {
    quit();
  });
  stdout.write(enter);
  stdin.setRawMode(true);
  stdin.on('data', (bytes: Buffer) => {
    for (const key of bytes.toString('latin1')) {
      // q, Ctrl-C, Ctrl-D
      if (/[qQ\u0003\u0004]/.test(key)) quit();
      sort = keys[key] ?? sort;
    }
    draw();
  });
  stdout.on('resize', draw);
  const follow = async (): Promise<void> => {
    for await (const { statistics } of frames) {
      last = statistics;
      draw();
    }
  };
  try {
    await Promise.race([follow(), left]);
  } finally {
    process.off('exit', restore);
    restore();
  }
}
