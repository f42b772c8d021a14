// `occtl` without a command: the interactive shell. Every line is a command of its own, so the server may be
// restarted meanwhile.
import { createInterface } from 'node:readline/promises';
import process from 'node:process';
import { ControlCommand, controlFlags } from '../base/control-command.ts';
import {
  controlCommands,
  helpLines,
  parseLine,
  resetTerminal,
  shownCommands,
} from '../base/occtl-grammar.ts';
import { versionLines } from '../base/version.ts';

const shellWords = ['help', '?', 'exit', 'quit', 'reset'];

function complete(line: string): [string[], string] {
  const begun = line.toLowerCase().replace(/^ +/, '');
  const words = [...controlCommands.map((command) => command.words), ...shellWords];
  return [words.filter((candidate) => candidate.startsWith(begun)).map((text) => `${text} `), line];
}

export default class Occtl extends ControlCommand {
  static override summary = 'Look at the running VPN server and steer it.';
  static override flags = controlFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Occtl);
    const interactive = process.stdin.isTTY;
    if (interactive) {
      process.stderr.write(
        `${versionLines('occtl').join('\n')}\nType "help" or "?" for the commands, "exit" to leave.\n`,
      );
    }
    const terminal = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: interactive,
      completer: complete,
      prompt: '> ',
    });
    // Ctrl-C drops the line, not the shell.
    terminal.on('SIGINT', () => {
      process.stdout.write('\n');
      terminal.write(null, { ctrl: true, name: 'u' });
      terminal.prompt();
    });
    terminal.prompt();
    for await (const line of terminal) {
      const word = line.trim().toLowerCase();
      if (word === 'exit' || word === 'quit') break;
      await this.#obey(line, flags['socket-file']);
      terminal.prompt();
    }
    terminal.close();
    process.exitCode = 0;
  }

  async #obey(line: string, socketFile: string): Promise<void> {
    const text = line.trim();
    if (text === '') return;
    if (text === '?' || text.toLowerCase() === 'help') {
      process.stdout.write(`Available Commands\n${helpLines(shownCommands())}`);
      return;
    }
    if (text.toLowerCase() === 'reset') {
      process.stdout.write(resetTerminal);
      return;
    }
    const parsed = parseLine(line);
    if (parsed.kind === 'command') {
      const argument = parsed.argument === '' ? [] : ['--', parsed.argument];
      await this.config.runCommand(`occtl:${parsed.command.id}`, ['--socket-file', socketFile, ...argument]);
    } else if (parsed.kind === 'help') {
      process.stdout.write(helpLines(parsed.commands));
    } else if (parsed.kind === 'refused') {
      process.stderr.write(`"${parsed.text}" is not understood; did you mean "${parsed.command.words}"?\n`);
    } else {
      process.stderr.write(`unknown command: ${parsed.text}\ntype "help" for the list of commands\n`);
    }
  }
}
