// The sample configuration, written from the option table: man/ocserv.conf.sample. Every option once, with what it
// does and its default; only what a first server needs is not commented out. Called by generate.ts.
import type { OptionRow } from './option.ts';
import { optionChapters, type OptionValue } from './options.ts';

const WIDTH = 100;

/** Options that the sample sets; the rest is there to be uncommented. */
const active: ReadonlySet<string> = new Set([
  'auth',
  'tcp-port',
  'udp-port',
  'run-as-user',
  'run-as-group',
  'socket-file',
  'server-cert',
  'server-key',
  'isolate-workers',
  'max-clients',
  'max-same-clients',
  'try-mtu-discovery',
  'use-occtl',
  'pid-file',
  'device',
  'ipv4-network',
  'dns',
]);

export function sampleConfiguration(): string {
  const chapters = optionChapters.map(({ title, rows }) => {
    const options = Object.entries<OptionRow<never>>(rows as never)
      .filter(([, row]) => row.scope.includes('global'))
      .map(([name, row]) => sampleOption(name, row));
    return `# ---- ${title} ----\n\n${options.join('\n')}`;
  });
  return `${introduction}\n${chapters.join('\n')}\n${virtualHost}`;
}

const introduction = `# Configuration of ocserv; see ocserv.conf(5). Check it with: ocserv --test-config
# A line is name = value. Lists have one value a line. An indented line is one more value of the option above it.
# Lines that are commented out show the default, or an example where there is none.
`;

const virtualHost = `# ---- Virtual hosts ----

# Everything below a section header is for clients that ask for this name. What the section does not set, it has
# from above; a list that it sets takes the place of the one above.
#[vhost:www.example.com]
#server-cert = /etc/ocserv/www-cert.pem
#server-key = /etc/ocserv/www-key.pem
`;

function sampleOption(name: string, row: OptionRow<never>): string {
  const about = [row.summary, row.note, ...remarks(row)].filter((part) => part !== undefined).join(' ');
  const value = row.example ?? defaultText(row) ?? '';
  const line = `${active.has(name) ? '' : '#'}${name} = ${value}`.trimEnd();
  return `${wrap(about)}\n${line}\n`;
}

/** What a reader must know besides the summary. */
export function remarks(row: OptionRow<never>): readonly string[] {
  const result: string[] = [];
  if (row.kind.shape === 'texts' || row.kind.shape === 'methods') result.push('May be repeated.');
  if (!row.scope.includes('vhost') && row.scope.includes('global')) result.push('Not in virtual hosts.');
  if (!row.reload) result.push('A change takes a restart.');
  if (!row.honoured) {
    result.push(
      row.refusal === undefined
        ? 'Not yet honoured: a warning says so.'
        : 'Not yet honoured: the server refuses to start with it.',
    );
  }
  return result;
}

/** The default as written in a file; undefined if there is none. */
export function defaultText(row: OptionRow<never>): string | undefined {
  if (row.shownDefault !== undefined) return undefined;
  const initial: OptionValue = row.kind.initial;
  if (initial === undefined || Array.isArray(initial)) return undefined;
  return String(initial);
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line !== '#') {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
