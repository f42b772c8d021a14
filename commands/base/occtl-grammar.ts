// The command line of occtl as people and scripts write it, turned into oclif's: command words in any case, options
// before and after them, the rest of the line as the argument, and the C tool's answers to what is no command.
// Used by bin/launch for one command and by the interactive shell for each line.

export interface ControlWords {
  /** The words as typed, lower case. */
  readonly words: string;
  /** oclif's id. */
  readonly id: string;
  readonly argument?: string;
  readonly summary: string;
  readonly hidden?: boolean;
  /** Trailing words are refused: they could mean a question about the command, not the command. */
  readonly exact?: boolean;
}

/** In matching order: the first whose words begin the line. */
export const controlCommands: readonly ControlWords[] = [
  {
    words: 'disconnect user',
    id: 'disconnect:user',
    argument: 'NAME',
    summary: 'End all connections of a user',
  },
  { words: 'disconnect id', id: 'disconnect:id', argument: 'ID', summary: 'End one connection' },
  {
    words: 'terminate user',
    id: 'terminate:user',
    argument: 'NAME',
    summary: "End a user's connections and sessions",
  },
  {
    words: 'terminate id',
    id: 'terminate:id',
    argument: 'ID',
    summary: 'End one connection and its session',
  },
  { words: 'terminate session', id: 'terminate:session', argument: 'SID', summary: 'Invalidate a session' },
  { words: 'unban ip', id: 'unban:ip', argument: 'IP', summary: 'Take an address off the ban list' },
  { words: 'reload', id: 'reload', summary: 'Apply the configuration file again', exact: true },
  { words: 'show status', id: 'show:status', summary: 'Status and statistics of the server' },
  { words: 'show users', id: 'show:users', summary: 'Connected users' },
  {
    words: 'show ip bans points',
    id: 'show:ip:ban:points',
    summary: 'All addresses with points',
    hidden: true,
  },
  { words: 'show ip bans', id: 'show:ip:bans', summary: 'Banned addresses' },
  { words: 'show ip ban points', id: 'show:ip:ban:points', summary: 'All addresses with points' },
  { words: 'show iroutes', id: 'show:iroutes', summary: 'Networks behind connected users' },
  { words: 'show sessions all', id: 'show:sessions:all', summary: 'All sessions' },
  { words: 'show sessions valid', id: 'show:sessions:valid', summary: 'Sessions that can reconnect' },
  { words: 'show cookies all', id: 'show:sessions:all', summary: 'All sessions', hidden: true },
  {
    words: 'show cookies valid',
    id: 'show:sessions:valid',
    summary: 'Sessions that can reconnect',
    hidden: true,
  },
  { words: 'show session', id: 'show:session', argument: 'SID', summary: 'One session' },
  { words: 'show user', id: 'show:user', argument: 'NAME', summary: 'One user' },
  { words: 'show id', id: 'show:id', argument: 'ID', summary: 'One connection' },
  { words: 'show events', id: 'show:events', summary: 'Users as they come and go' },
  { words: 'top', id: 'top', summary: 'Live table of the tunnels' },
  { words: 'stop now', id: 'stop', summary: 'Stop the server', exact: true },
  { words: 'stop', id: 'stop', summary: 'Stop the server', exact: true, hidden: true },
];

/** RIS, "reset to initial state" (ECMA-48). */
export const resetTerminal = '\u001bc';

export function shownCommands(): ControlWords[] {
  return controlCommands.filter((command) => command.hidden !== true);
}

export type ParsedLine =
  | {
      readonly kind: 'command';
      readonly command: ControlWords;
      readonly argument: string;
      readonly ignored: string;
    }
  /** A prefix of these commands, or one of them without its argument. */
  | { readonly kind: 'help'; readonly commands: readonly ControlWords[]; readonly status: number }
  | { readonly kind: 'unknown'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string; readonly command: ControlWords };

/** Reads the command words of a line; options were taken out before. */
export function parseLine(line: string): ParsedLine {
  const text = line.trim().replaceAll(/[ \t]+/g, ' ');
  const lower = text.toLowerCase();
  const command = controlCommands.find((candidate) => lower.startsWith(candidate.words));
  if (command === undefined) {
    const begun = lower.replace(/ ?\?$/, '');
    const matching = controlCommands.filter(
      (candidate) => candidate.hidden !== true && candidate.words.startsWith(begun),
    );
    return matching.length > 0 ? { kind: 'help', commands: matching, status: 1 } : { kind: 'unknown', text };
  }
  const rest = text.slice(command.words.length).trim();
  if (rest === '?') return { kind: 'help', commands: [command], status: 1 };
  if (command.argument === undefined) {
    if (rest !== '' && command.exact === true) return { kind: 'refused', text, command };
    return { kind: 'command', command, argument: '', ignored: rest };
  }
  if (rest === '') return { kind: 'help', commands: [command], status: 1 };
  return { kind: 'command', command, argument: rest, ignored: '' };
}

/** ` %12s %s\t%16s`, as the C tool lists its commands. */
export function helpLines(commands: readonly ControlWords[]): string {
  return commands
    .map(({ words, argument, summary }) =>
      argument === undefined
        ? ` ${words.padStart(16)}\t${summary.padStart(16)}\n`
        : ` ${words.padStart(12)} ${argument}\t${summary.padStart(16)}\n`,
    )
    .join('');
}

export interface ControlOptions {
  socketFile: string | undefined;
  json: boolean;
  noPager: boolean;
  debug: boolean;
  help: boolean;
  version: boolean;
  /** Options of single commands, as oclif flags. */
  more: string[];
}

export type ParsedArguments =
  | { readonly ok: true; readonly options: ControlOptions; readonly words: string }
  | { readonly ok: false; readonly problem: string };

const longOptions = ['socket-file', 'json', 'no-pager', 'debug', 'help', 'version'] as const;
/** Options of single commands, which refuse those that are not theirs: without a value, with one, with one after "=". */
const commandOptions: Readonly<Record<string, 'none' | 'value' | 'inline'>> = {
  ...({ follow: 'none', 'no-follow': 'none', once: 'none' } as const),
  ...({ since: 'value', sort: 'value' } as const),
  watch: 'inline',
};

/** Takes the options out of the command line, wherever they stand before `--`. */
export function parseArguments(given: readonly string[]): ParsedArguments {
  const options: ControlOptions = {
    socketFile: undefined,
    json: false,
    noPager: false,
    debug: false,
    help: false,
    version: false,
    more: [],
  };
  const words: string[] = [];
  const pending = [...given];
  const take = (name: string, inline: string | undefined): string | undefined => {
    if (name !== 'socket-file') {
      if (name === 'no-pager') options.noPager = true;
      else options[name as 'json' | 'debug' | 'help' | 'version'] = true;
      return undefined;
    }
    options.socketFile = inline ?? pending.shift();
    return options.socketFile === undefined ? 'option --socket-file (-s) needs a file name' : undefined;
  };
  const short: Readonly<Record<string, string>> = {
    s: 'socket-file',
    j: 'json',
    n: 'no-pager',
    h: 'help',
    v: 'version',
  };
  for (let word = pending.shift(); word !== undefined; word = pending.shift()) {
    let problem: string | undefined;
    if (word === '--') {
      words.push(...pending.splice(0));
    } else if (word.startsWith('--')) {
      const [name = '', inline] = word.slice(2).split(/=(.*)/s);
      const all = [...longOptions, ...Object.keys(commandOptions)];
      const matching = all.filter((option) => option.startsWith(name));
      const chosen =
        matching.find((option) => option === name) ?? (matching.length === 1 ? matching[0] : undefined);
      const kind = commandOptions[chosen ?? ''];
      if (chosen === undefined) problem = `unknown option "${word}"`;
      else if (kind === undefined) problem = take(chosen, inline);
      else if (kind === 'none' && inline !== undefined) problem = `option --${chosen} takes no value`;
      else {
        const value = inline ?? (kind === 'value' ? pending.shift() : undefined);
        if (kind === 'value' && value === undefined) problem = `option --${chosen} needs a value`;
        else if (chosen === 'watch') options.more.push(`--watch=${value ?? '2'}`);
        else options.more.push(value === undefined ? `--${chosen}` : `--${chosen}=${value}`);
      }
    } else if (/^-[a-z]/i.test(word)) {
      for (let index = 1; index < word.length && problem === undefined; index++) {
        const name = short[word.charAt(index)];
        if (name === undefined) problem = `unknown option "-${word.charAt(index)}"`;
        else if (name === 'socket-file') {
          problem = take(name, word.slice(index + 1) || undefined);
          break;
        } else problem = take(name, undefined);
      }
    } else {
      words.push(word);
    }
    if (problem !== undefined) return { ok: false, problem };
  }
  return { ok: true, options, words: words.join(' ') };
}

/** The options again, as oclif flags. */
export function optionFlags(options: ControlOptions): string[] {
  return [
    ...(options.socketFile === undefined ? [] : ['--socket-file', options.socketFile]),
    ...(options.json ? ['--json'] : []),
    ...(options.noPager ? ['--no-pager'] : []),
    ...(options.debug ? ['--debug'] : []),
    ...options.more,
  ];
}
