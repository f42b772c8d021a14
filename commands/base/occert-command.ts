// What the occert commands share: the authority's folder, overwriting, output for people and for programs.
import { Command, Flags } from '@oclif/core';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import {
  keyTypes as allKeyTypes,
  PkiError,
  parseTemplate,
  type Folder,
  type Issued,
  type KeyType,
  type Template,
} from '../../core/pki/index.ts';
import { askSecret, isInteractive, readSecretFile } from './secret-input.ts';

export const commonFlags = {
  dir: Flags.string({
    default: '/etc/ocserv/pki',
    helpValue: 'DIR',
    summary: "The authority's folder.",
  }),
  force: Flags.boolean({ summary: 'Replace existing files; the old ones are kept as NAME.bak-TIME.' }),
  json: Flags.boolean({ summary: 'Print JSON.' }),
  quiet: Flags.boolean({ char: 'q', summary: 'Print nothing on success.' }),
  'ca-password-file': Flags.string({
    helpValue: 'FILE',
    summary: "First line is the password of the authority's key, if it has one; else it is asked for.",
  }),
  reload: Flags.string({
    helpValue: 'PIDFILE',
    summary: 'Afterwards tell the server with that pid file to read its files again.',
  }),
};

export const templateFlag = {
  template: Flags.string({
    helpValue: 'FILE',
    summary: 'Template of certtool; what the command line says counts more.',
  }),
};

/** Kinds of keys a command can make. */
export const keyTypes: readonly KeyType[] = allKeyTypes;

export interface CommonFlags {
  readonly dir: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly 'ca-password-file'?: string | undefined;
  readonly reload?: string | undefined;
}

export abstract class OccertCommand extends Command {
  protected place(flags: CommonFlags): Folder {
    const file = flags['ca-password-file'];
    const passphrase = async (): Promise<string> => {
      if (file !== undefined) return readSecretFile(file);
      if (isInteractive()) return askSecret("Password of the authority's key:");
      throw new PkiError("the authority's key is encrypted", 'give its password with --ca-password-file');
    };
    return { folder: flags.dir, force: flags.force, now: new Date(), passphrase };
  }

  /** The values of a certtool template; what has no meaning here is said. */
  protected template(file: string | undefined): Template {
    if (file === undefined) return new Map();
    const { values, ignored } = parseTemplate(readFileSync(file, 'utf8'), file);
    if (ignored.length > 0)
      process.stderr.write(`occert: warning: ${file}: without effect here: ${ignored.join(', ')}\n`);
    return values;
  }

  /** Days of validity: from the command line, from the template, or the default. "-1" of a template is no end. */
  protected days(given: number | undefined, template: Template, usual: number): number {
    if (given !== undefined) return given;
    const text = template.get('expiration_days')?.[0];
    if (text === undefined) return usual;
    const days = Number(text);
    if (!Number.isInteger(days) || days === 0 || days < -1 || days > 36_500)
      throw new PkiError(`expiration_days: expected a number of days, found "${text}"`);
    return days === -1 ? 36_500 : days;
  }

  /** SIGHUP for the server, if it was asked for; certificates of the server are read again at that alone. */
  protected reload({ reload: file }: CommonFlags): void {
    if (file === undefined) return;
    const pid = Number(readFileSync(file, 'utf8').trim());
    let title = '';
    try {
      title = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
    } catch {
      // No such process: said below.
    }
    // The number in an old file may meanwhile be somebody else's.
    if (!Number.isInteger(pid) || pid <= 1 || !title.includes('ocserv-main'))
      throw new PkiError(
        `${file} names no running server`,
        'the files are written; start or reload the server by hand',
      );
    process.kill(pid, 'SIGHUP');
  }

  /** JSON of a result, or lines for a person. */
  protected print(flags: CommonFlags, result: unknown, lines: readonly string[]): void {
    if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!flags.quiet && lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
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
