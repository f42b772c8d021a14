// The walls between the rooms, walked as a graph: who imports whom, directly and in the end.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { commandRooms, walls } from '../../support/rooms.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const sources = globSync('{core,commands}/**/*.ts', { cwd: root }).sort();

/** Everything a file imports for use at run time: repository paths for our own, package names for others. */
function importsOf(file: string): { target: string; isTypeOnly: boolean }[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found: { target: string; isTypeOnly: boolean }[] = [];
  const pattern = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)';|import\('([^']+)'\)/gm;
  for (const [, type, fixed, late] of text.matchAll(pattern)) {
    const specifier = fixed ?? late ?? '';
    const target = specifier.startsWith('.') ? path.join(path.dirname(file), specifier) : specifier;
    found.push({ target, isTypeOnly: type !== undefined });
  }
  return found;
}

const graph = new Map(sources.map((file) => [file, importsOf(file)]));
const roomOf = (file: string): string | undefined => /^core\/([^/]+)\//.exec(file)?.[1];

test('every room of core is in the table', () => {
  const rooms = new Set(sources.map(roomOf).filter((room) => room !== undefined));
  assert.deepEqual(
    [...rooms].filter((room) => !(room in walls)),
    [],
  );
});

test('no file reaches through a wall', () => {
  const broken: string[] = [];
  for (const [file, imports] of graph) {
    const room = roomOf(file);
    for (const { target } of imports) {
      const used = roomOf(target);
      if (used === undefined || used === room) continue;
      const allowed = room === undefined ? commandRooms : (walls[room] ?? []);
      // Generators run by hand may read the parser beside the index.
      if (!allowed.includes(used)) broken.push(`${file} uses core/${used}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** The chain of imports from a file to a package or room that must stay out of reach. */
function chainTo(start: string, isForbidden: (target: string) => boolean): string[] | undefined {
  const queue: string[][] = [[start]];
  const seen = new Set([start]);
  for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
    for (const { target, isTypeOnly } of graph.get(chain.at(-1) ?? '') ?? []) {
      if (isTypeOnly || seen.has(target)) continue;
      seen.add(target);
      if (isForbidden(target)) return [...chain, target];
      if (graph.has(target)) queue.push([...chain, target]);
    }
  }
  return undefined;
}

const outOfReach: readonly (readonly [string, RegExp, RegExp])[] = [
  [
    'what occtl starts with does not load certificates or the addon',
    /^commands\/occtl\//,
    /^core\/(pki|native)\/|^@peculiar|^node-forge$/,
  ],
  ['ocpasswd does not load certificates', /^commands\/ocpasswd\//, /^core\/pki\/|^@peculiar|^node-forge$/],
  [
    'a worker knows no password file, no state, no certificate library',
    /^core\/worker\//,
    /^core\/(passwd|store|pki|secmod|main)\/|^node:sqlite$|^@peculiar/,
  ],
  ['main knows no password file', /^core\/main\//, /^core\/(passwd|secmod|worker|pki)\//],
];
for (const [claim, from, forbidden] of outOfReach) {
  test(claim, () => {
    for (const file of sources.filter((source) => from.test(source))) {
      const chain = chainTo(file, (target) => forbidden.test(target));
      assert.equal(chain?.join(' -> '), undefined);
    }
  });
}

test('every source file says what it is for in its first line', () => {
  const silent = sources
    .filter((file) => !file.includes('/generated/'))
    .filter((file) => !/^(\/\/|\/\*)/.test(readFileSync(path.join(root, file), 'utf8')));
  assert.deepEqual(silent, []);
});
