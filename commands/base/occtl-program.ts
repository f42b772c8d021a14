// From occtl's command line to an oclif command: answers help and mistakes itself. Called by program.ts.
import process from 'node:process';
import {
  helpLines,
  optionFlags,
  parseArguments,
  parseLine,
  resetTerminal,
  shownCommands,
} from './occtl-grammar.ts';
import { versionLines } from './version.ts';

const usage = `Usage: occtl [OPTIONS...] [COMMAND]

Looks at the running VPN server and steers it. Without a command: an interactive shell.

  -s, --socket-file FILE   control socket (default /var/run/occtl.socket)
  -j, --json               print JSON
  -n, --no-pager           do not start a pager
      --debug              show more in "show status"
  -v, --version            print the version
  -h, --help               print this help

`;

const examples = `
Examples:
  occtl show users
  occtl --json show status
  occtl disconnect user alice

Exit status: 0 success, 1 failure, 2 "show user" or "show id" found nothing.
`;

/** The oclif arguments, or undefined when everything has been said and the exit status is set. */
export function occtlArguments(given: readonly string[]): string[] | undefined {
  const parsed = parseArguments(given);
  if (!parsed.ok) {
    process.stderr.write(`occtl: ${parsed.problem}\nhint: see "occtl --help"\n`);
    process.exitCode = 1;
    return undefined;
  }
  const { options, words } = parsed;
  if (options.help) {
    process.stdout.write(`${usage}Available Commands\n${helpLines(shownCommands())}${examples}`);
    return undefined;
  }
  if (options.version) {
    process.stderr.write(`${versionLines('occtl').join('\n')}\n`);
    return undefined;
  }
  if (words === '') {
    const interactive =
      given.length === 0 || (options.socketFile !== undefined && !options.json) || options.debug;
    if (interactive && !given.includes('')) return ['occtl', ...optionFlags(options)];
    process.exitCode = 1;
    return undefined;
  }
  // Words of the interactive shell that scripts give all the same.
  const word = words.trim().toLowerCase();
  if (word === 'help') {
    process.stdout.write(`Available Commands\n${helpLines(shownCommands())}`);
    return undefined;
  }
  if (word === 'reset' || word === 'exit' || word === 'quit') {
    if (word === 'reset' && process.stdout.isTTY) process.stdout.write(resetTerminal);
    return undefined;
  }
  const line = parseLine(words);
  if (line.kind === 'command') {
    if (line.ignored !== '')
      process.stderr.write(`occtl: ignoring "${line.ignored}" after "${line.command.words}"\n`);
    const argument = line.argument === '' ? [] : ['--', line.argument];
    return [`occtl:${line.command.id}`, ...optionFlags(options), ...argument];
  }
  process.exitCode = 1;
  if (line.kind === 'help') process.stderr.write(helpLines(line.commands));
  else if (line.kind === 'refused') {
    process.stderr.write(`occtl: "${line.text}" is not understood; did you mean "${line.command.words}"?\n`);
  } else process.stderr.write(`unknown command: ${line.text}\nsee "occtl --help" for the list of commands\n`);
  return undefined;
}
