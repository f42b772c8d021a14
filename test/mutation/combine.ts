// Does the model test notice every mistake in core/secmod/auth/combine.ts? Runs it against copies with one mistake
// each. `node test/mutation/combine.ts` prints the result; the model test asks for the score.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { checkLoginModel } from '../support/login-model.ts';
import { mutantsOf } from './mutants.ts';

const subject = path.resolve(import.meta.dirname, '../../core/secmod/auth/combine.ts');

export interface MutationResult {
  readonly mutants: number;
  /** Mistakes that nothing noticed, each as "LINE: before → after". */
  readonly survivors: readonly string[];
}

export async function runMutants(): Promise<MutationResult> {
  const original = await readFile(subject, 'utf8');
  const mutants = mutantsOf(original);
  const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-mutants-'));
  const survivors: string[] = [];
  try {
    if (!(await survives(folder, 'original', original))) throw new Error('the model does not hold at all');
    for (const [index, { name, source }] of mutants.entries()) {
      if (await survives(folder, String(index), source)) survivors.push(name);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { mutants: mutants.length, survivors };
}

/** Throws for a copy that is no TypeScript any more: that would be the mutator's mistake. */
async function survives(folder: string, name: string, source: string): Promise<boolean> {
  // The source imports nothing, so that a copy works anywhere.
  const file = path.join(folder, `${name}.ts`);
  await writeFile(file, source);
  const module: unknown = await import(pathToFileURL(file).href);
  try {
    checkLoginModel(module as Parameters<typeof checkLoginModel>[0]);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === import.meta.filename) {
  const { mutants, survivors } = await runMutants();
  const killed = mutants - survivors.length;
  for (const survivor of survivors) process.stdout.write(`survived  combine.ts:${survivor}\n`);
  process.stdout.write(
    `${killed} of ${mutants} mutants killed, ${((100 * killed) / mutants).toFixed(1)} %\n`,
  );
}
