// Loads a configuration file. Called by the commands (start, --test-config) and by main (reload).
//
// 1 read. 2 collect the lines of each host. 3 values. 4 inherit and derive. 5 check each host. 6 check files.
// Nothing is thrown for bad input and everything wrong is reported; with an error there is no configuration.
import { readFileSync, statSync } from 'node:fs';
import { checkFiles } from './check-files.ts';
import { checkHost } from './check.ts';
import { settleDefaultHost, settleVirtualHost } from './inherit.ts';
import { findOption, optionNames, optionTable } from './options.ts';
import { formerOptions } from './options/former.ts';
import { collectSections, readValues, type Report } from './parser.ts';
import type { Configuration, Diagnostic } from './types.ts';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

export interface LoadOptions {
  /** Also look at the files that the configuration names: do they exist, do keys fit certificates? */
  readonly checkFiles?: boolean;
  /** What relative paths are relative to; default the current folder. */
  readonly folder?: string;
}

export interface Loaded {
  /** Absent if there is an error among the diagnostics. */
  readonly configuration?: Configuration;
  readonly diagnostics: readonly Diagnostic[];
}

export function loadConfiguration(file: string, options: LoadOptions = {}): Loaded {
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (stat.isDirectory())
      return unreadable(file, ` reading ${file} failed Is a directory; expected a file`);
    if (stat.size > MAX_FILE_BYTES) return unreadable(file, 'the file is too large; expected at most 4 MiB');
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    return unreadable(
      file,
      `cannot access config file: ${file} (${code}); expected a readable file, name it with --config`,
    );
  }
  return parseConfiguration(file, bytes, options);
}

function unreadable(file: string, text: string): Loaded {
  return { diagnostics: [{ severity: 'error', file, text }] };
}

/** As loadConfiguration, for bytes at hand. */
export function parseConfiguration(file: string, bytes: Buffer | string, options: LoadOptions = {}): Loaded {
  const diagnostics: Diagnostic[] = [];
  const report = reporter(file, diagnostics);
  const text = typeof bytes === 'string' ? bytes : bytes.toString('utf8');
  if (typeof bytes !== 'string' && !Buffer.from(text).equals(bytes)) {
    report('warning', 'the file is not UTF-8; unreadable characters are replaced, expected UTF-8');
  }
  const folder = options.folder ?? process.cwd();
  const [main, ...others] = collectSections(text, report);
  const kind = { kind: 'main', names: mainNames } as const;
  const base = readValues(main ?? { lines: [] }, report, kind);
  const hosts = [
    { host: settleDefaultHost(base.values, folder), places: base.places },
    ...others.map((section) => {
      const own = readValues(section, report, kind);
      return {
        host: settleVirtualHost(section.name ?? '', own.values, base.values, folder),
        places: own.places,
      };
    }),
  ];
  for (const { host, places } of hosts) {
    checkHost({ host, places, report });
    if (options.checkFiles === true) checkFiles({ host, places, report });
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  return { configuration: { file, hosts: hosts.map(({ host }) => host) }, diagnostics };
}

export function reporter(file: string, diagnostics: Diagnostic[]): Report {
  return (severity, text, at = {}) => {
    const { place, option, vhost, hint } = at;
    diagnostics.push({
      severity,
      file,
      ...(place === undefined ? {} : { line: place.line, column: place.column }),
      ...(vhost === undefined ? {} : { vhost }),
      ...(option === undefined ? {} : { option }),
      text,
      ...(hint === undefined ? {} : { hint }),
    });
  };
}

/** What an unknown name in the main file is compared with. */
const mainNames: ReadonlySet<string> = new Set(
  [...optionNames, ...Object.keys(formerOptions)].filter((name) =>
    findOption(name)?.scope.some((scope) => scope !== 'user'),
  ),
);

/** Options that per-user and per-group files may hold. */
export const overlayNames: ReadonlySet<string> = new Set(
  optionNames.filter((name) => optionTable[name].scope.includes('user')),
);
