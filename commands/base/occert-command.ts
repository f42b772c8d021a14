// What the occert commands share: the authority's folder, overwriting, output for people and for programs.
import { Command, Flags } from '@oclif/core';
import process from 'node:process';
import type { Folder, Issued } from '../../core/pki/index.ts';

export const commonFlags = {
  dir: Flags.string({
    default: '/etc/ocserv/pki',
    helpValue: 'DIR',
    summary: "The authority's folder.",
  }),
  force: Flags.boolean({ summary: 'Replace existing files; the old ones are kept as NAME.bak-TIME.' }),
  json: Flags.boolean({ summary: 'Print JSON.' }),
  quiet: Flags.boolean({ char: 'q', summary: 'Print nothing on success.' }),
};

/** Kinds of keys a command can make. */
export const keyTypes = ['ecdsa', 'rsa', 'ed25519'] as const;

export interface CommonFlags {
  readonly dir: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

export abstract class OccertCommand extends Command {
  protected place(flags: CommonFlags): Folder {
    return { folder: flags.dir, force: flags.force, now: new Date() };
  }

  /** What was made, and the configuration lines that use it. */
  protected show(flags: CommonFlags, issued: Issued, configuration: Readonly<Record<string, string>>): void {
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ ...issued, configuration }, null, 2)}\n`);
      return;
    }
    if (flags.quiet) return;
    const lines = [
      ...issued.files.map((file) => `wrote ${file}`),
      `serial ${issued.serial}, valid until ${issued.notAfter.slice(0, 10)}`,
      ...(Object.keys(configuration).length === 0 ? [] : ['', 'for ocserv.conf:']),
      ...Object.entries(configuration).map(([name, value]) => `  ${name} = ${value}`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
