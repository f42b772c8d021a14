// oclif's help with the program's own name instead of "PROGRAM PROGRAM …": every command lives in a folder named
// like its program, so that name leads each id and is cut here. Named by `oclif.helpClass` in package.json.
import { Help, type Command, type Interfaces } from '@oclif/core';
import process from 'node:process';
import { quietOutput } from './program.ts';

export default class ProgramHelp extends Help {
  constructor(config: Interfaces.Config, options: Partial<Interfaces.HelpOptions> = {}) {
    super(config, {
      ...options,
      sendToStderr: quietOutput.has(config.bin),
      stripAnsi: !process.stdout.isTTY || process.env['NO_COLOR'] !== undefined,
    });
  }

  override formatCommand(command: Command.Loadable): string {
    // The summary stands above already; oclif would repeat it, or else leave out all of the description but its last line.
    const { summary: _summary, ...described } = command;
    return this.#cut(super.formatCommand(described));
  }

  override formatCommands(commands: Command.Loadable[]): string {
    return this.#cut(super.formatCommands(commands));
  }

  override formatTopics(topics: Interfaces.Topic[]): string {
    return this.#cut(super.formatTopics(topics));
  }

  override formatTopic(topic: Interfaces.Topic): string {
    return this.#cut(super.formatTopic(topic));
  }

  /** Cuts the leading program name: "occtl occtl show" becomes "occtl show", a list row "  occtl show" "  show". */
  #cut(text: string): string {
    const program = this.config.bin;
    return text
      .replaceAll(new RegExp(`${program} ${program}(?=[ \\n]|$)`, 'gm'), program)
      .replaceAll(new RegExp(`^(\\s+)${program} (?=[a-z])`, 'gm'), (line, blanks: string) =>
        line.includes('$') ? line : blanks,
      );
  }
}
