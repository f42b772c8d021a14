// What the occtl commands share: the options, the connection, output through a pager or as JSON, and what to say
// when the server does not answer.
// The parts alone: the whole package takes longer to load than the command to run.
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import {
  connectControl,
  ControlError,
  defaultSocketFile,
  formatJson,
  noAnswer,
  type ControlClient,
} from '../../core/control/index.ts';

export const controlFlags = {
  'socket-file': Flags.string({
    char: 's',
    default: defaultSocketFile,
    helpValue: 'FILE',
    summary: 'Control socket.',
  }),
  json: Flags.boolean({ char: 'j', summary: 'Print JSON.' }),
  'no-pager': Flags.boolean({ char: 'n', summary: 'Do not start a pager.' }),
  debug: Flags.boolean({ summary: 'Show more.' }),
};

/** Of the show commands. */
export const showFlags = {
  ...controlFlags,
  watch: Flags.integer({
    helpValue: 'SECONDS',
    min: 1,
    max: 3600,
    summary: 'Print again every so many seconds (2 unless told) until Ctrl-C.',
  }),
};

export interface ControlFlags {
  readonly 'socket-file': string;
  readonly json: boolean;
  readonly 'no-pager': boolean;
  readonly debug: boolean;
  readonly watch?: number | undefined;
}

/** Cursor to the first place, and everything behind it away (ECMA-48, CUP and ED). */
const clearScreen = '\u001b[H\u001b[J';

/** An error the server answered with: its Varlink name and details. */
interface Refusal {
  readonly error: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

function isRefusal(error: unknown): error is Refusal {
  return typeof error === 'object' && error !== null && 'error' in error && typeof error.error === 'string';
}

export abstract class ControlCommand extends Command {
  /** Now, in seconds since 1970. */
  protected now(): number {
    return Math.floor(Date.now() / 1000);
  }

  /**
   * Connects, works, disconnects. `onRefusal` turns an error of the interface into an exit status, by its last
   * name ("NotFound"); others end in a message and status 1.
   */
  protected async withServer(
    flags: ControlFlags,
    work: (control: ControlClient) => Promise<void>,
    onRefusal?: (name: string, parameters: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<void> {
    let control: ControlClient | undefined;
    try {
      control = await connectControl(flags['socket-file']);
      if (flags.watch === undefined) await work(control);
      else await this.#repeat(control, flags.watch, work);
    } catch (error) {
      process.exitCode = 1;
      if (error instanceof ControlError) {
        process.stderr.write(`${error.message}\n`);
        return;
      }
      const name = isRefusal(error) ? (error.error.split('.').at(-1) ?? '') : '';
      if (isRefusal(error) && onRefusal?.(name, error.parameters) === true) return;
      const reason =
        name === 'PermissionDenied'
          ? 'this may be done by root and the members of occtl-socket-group only'
          : noAnswer;
      process.stderr.write(`occtl: ${reason}\n`);
      if (flags.debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    } finally {
      control?.close();
    }
  }

  /** The screen anew each time on a terminal; on a pipe one after another. Ends with the server's connection. */
  async #repeat(
    control: ControlClient,
    seconds: number,
    work: (control: ControlClient) => Promise<void>,
  ): Promise<void> {
    process.once('SIGINT', () => process.exit(0));
    for (;;) {
      if (process.stdout.isTTY) process.stdout.write(clearScreen);
      await work(control);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }

  /** Text for a person: through the pager on a terminal. */
  protected page(flags: ControlFlags, text: string): void {
    const pager = process.env['OCCTL_PAGER'] ?? process.env['PAGER'] ?? 'less';
    const [program, ...args] = pager.split(' ').filter(Boolean);
    if (
      process.stdout.isTTY &&
      !flags['no-pager'] &&
      flags.watch === undefined &&
      program !== undefined &&
      text !== ''
    ) {
      const outcome = spawnSync(program, args, {
        input: text,
        stdio: ['pipe', 'inherit', 'inherit'],
        env: { LESS: 'FRSX', ...process.env },
      });
      if (outcome.error === undefined) return;
    }
    process.stdout.write(text);
  }

  protected show(flags: ControlFlags, text: () => string, document: () => unknown): void {
    this.page(flags, flags.json ? formatJson(document()) : text());
  }

  /** The sentence of an action; the status says how it went. */
  protected say(success: boolean, sentence: string): void {
    process.stdout.write(`${sentence}\n`);
    process.exitCode = success ? 0 : 1;
  }
}

/** A connection id as typed: leading digits; undefined when there is none or it is zero. */
export function parseId(text: string): number | undefined {
  const id = Number.parseInt(text, 10);
  return Number.isSafeInteger(id) && id !== 0 ? id : undefined;
}
