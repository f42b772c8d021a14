// The completion files are those of the manifest, and bash completes with them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = path.join(root, 'contrib/completion');
const { completionFiles } = (await import(path.join(root, 'bin/dev/completion.mjs'))) as {
  completionFiles(manifest: unknown): Record<string, string>;
};

test('the files in contrib are what the manifest says', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as unknown;
  for (const [name, text] of Object.entries(completionFiles(manifest)))
    assert.equal(readFileSync(path.join(folder, name), 'utf8'), text, `${name}: run "npm run build"`);
});

/** What bash offers for a line whose last word is to be completed; occtl answers from the given listing. */
function complete(tool: string, line: string, listing = ''): string[] {
  const script = [
    'occtl() { printf %s "$listing"; }',
    `. '${folder}/${tool}.bash'`,
    'IFS=" " read -r -a COMP_WORDS <<<"$line"; [[ $line == *" " ]] && COMP_WORDS+=("")',
    'COMP_CWORD=$((${#COMP_WORDS[@]} - 1))',
    `_${tool}; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, line, listing },
  });
  assert.equal(stderr, '');
  return stdout.split('\n').filter(Boolean);
}

const users = 'id user\n 7 alice\n 6 (none)\n 5 albert\n 4 bob\n';
const cases: readonly (readonly [
  tool: string,
  line: string,
  offered: readonly string[],
  listing?: string,
])[] = [
  ['occtl', 'occtl sh', ['show']],
  ['occtl', 'occtl -j show se', ['sessions', 'session']],
  ['occtl', 'occtl show ip ', ['bans', 'ban']],
  ['occtl', 'occtl show ip ban ', ['points']],
  ['occtl', 'occtl disconnect user al', ['alice', 'albert'], users],
  ['occtl', 'occtl terminate id ', ['7', '6', '5', '4'], users],
  ['occtl', 'occtl show users ', []],
  ['occtl', 'occtl --no-p', ['--no-pager']],
  ['occert', 'occert cli', ['client']],
  ['ocpasswd', 'ocpasswd --pass', ['--passwd']],
];
for (const [tool, line, offered, listing] of cases) {
  test(`"${line}" is completed with ${offered.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(complete(tool, line, listing).sort(), [...offered].sort());
  });
}

test('a user name is never run by the shell', () => {
  const name = '$(touch${IFS}/tmp/x)`id`;reboot';
  assert.deepEqual(complete('occtl', 'occtl disconnect user ', `id user\n 7 ${name}\n`), [
    '\\$\\(touch\\$\\{IFS\\}/tmp/x\\)\\`id\\`\\;reboot',
  ]);
});
