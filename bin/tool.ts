// Entry of the three tools: hands the arguments to oclif and turns whatever goes wrong into one line on standard error
// and an exit status. Called by the bundles that bin/dev/bundle.mjs makes, one a tool: they bring the part of the
// command manifest that concerns the tool and know where its commands are, so that nothing is searched for and only
// what one command needs is loaded.
import { Config } from '@oclif/core/config';
import { run } from '@oclif/core/run';
import type { Command, Interfaces } from '@oclif/core';
import process from 'node:process';
import { handleLostOutput, prepareArguments, reportFailure } from '../commands/base/program.ts';

export interface Tool {
  readonly program: string;
  /** The package's root folder. */
  readonly root: string;
  /** package.json */
  readonly pjson: Interfaces.PJSON & { readonly name: string; readonly version: string };
  /** By oclif's id: the manifest's entry and the module of the command. */
  readonly commands: Readonly<
    Record<
      string,
      { readonly cached: Command.Cached; import(): Promise<{ readonly default: Command.Class }> }
    >
  >;
}

/** Sets the exit status; never rejects. */
export async function runTool(tool: Tool): Promise<void> {
  const { program } = tool;
  const given = process.argv.slice(2);
  handleLostOutput(program);
  try {
    const argv = await prepareArguments(program, given);
    if (argv === undefined) return;
    const options = loadOptions(tool);
    const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
    if (words.includes('--help')) {
      const { default: ProgramHelp } = await import('../commands/base/help.ts');
      await new ProgramHelp(await Config.load(options)).showHelp(argv);
    } else {
      await run(argv, options);
    }
  } catch (error) {
    process.exitCode = reportFailure(program, error, given.includes('--debug'));
  }
}

/** Root runs these programs: no plugins, so no code from anybody's home folder. */
function loadOptions(tool: Tool): Interfaces.Options {
  const { program, root } = tool;
  const pjson = { ...tool.pjson, oclif: { ...tool.pjson.oclif, bin: program } };
  const { name, version } = pjson;
  const commands = Object.entries(tool.commands).map(([id, { cached, import: load }]) => ({
    ...cached,
    load: async () => Object.assign((await load()).default, { id, plugin }),
  }));
  const plugin: Interfaces.Plugin = {
    ...{ _base: '', name, alias: name, version, root, pjson, commands },
    ...{ type: 'core', isRoot: true, valid: true, hasManifest: true, moduleType: 'module', hooks: {} },
    commandIDs: Object.keys(tool.commands),
    commandsDir: undefined,
    options: { root },
    topics: Object.entries(pjson.oclif.topics ?? {})
      .filter(([topic]) => topic.split(':')[0] === program)
      .map(([topic, described]) => ({ name: topic, ...described })),
    // All commands are known above.
    findCommand: async () => Promise.reject(new Error('no such command')),
    load: async () => Promise.resolve(),
  };
  return { root, pjson, plugins: new Map([[name, plugin]]), userPlugins: false, devPlugins: false };
}
