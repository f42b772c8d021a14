// Entry of ocserv, run by launch.sh: hands the arguments to oclif and turns whatever goes wrong into one line on
// standard error and an exit status. The tools, which start often, have tool.ts.
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** The package's root, whether this file runs from source or from dist. */
function packageRoot(): string {
  let folder = path.dirname(import.meta.dirname);
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}

const root = packageRoot();
// Never the shared folder under /tmp that Node would choose: what lies there is code to the next start.
enableCompileCache(path.join(root, 'dist', '.cache'));

const { handleLostOutput, prepareArguments, reportFailure } = await import('../commands/base/program.ts');

const program = 'ocserv';
const given = process.argv.slice(2);
handleLostOutput(program);

try {
  const argv = await prepareArguments(program, given);
  if (argv !== undefined) {
    // Late: half of the start-up time, and help and version do without.
    const { Config } = await import('@oclif/core/config');
    const { run } = await import('@oclif/core/run');
    const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      oclif: { bin: string };
    };
    pjson.oclif.bin = program;
    // Root runs these programs: no code from anybody's home folder.
    const config = await Config.load({ root, pjson: pjson as never, userPlugins: false, devPlugins: false });
    await run(argv, config);
  }
} catch (error) {
  process.exitCode = reportFailure(program, error, given.includes('--debug'));
}
