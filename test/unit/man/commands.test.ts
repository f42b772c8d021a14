// The manual pages of ocpasswd and occert beside the programs: every option and command is in the page, and what the page
// calls an option is one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');

interface Manifest {
  readonly commands: Readonly<
    Record<
      string,
      { readonly flags: Readonly<Record<string, { readonly char?: string; readonly hidden?: boolean }>> }
    >
  >;
}
const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;

/** "-c" and "--passwd" of the tags of lists: what a reader looks an option up by. */
function optionsOfPage(text: string): Set<string> {
  const tags = text.split('\n').filter((line) => /^- `-/.test(line));
  return new Set(
    tags
      .flatMap((line) => [...(/^- (.*?): /.exec(line)?.[1] ?? '').matchAll(/`(--?[a-z0-9-]+)`/g)])
      .map(([, option]) => option ?? ''),
  );
}

for (const program of ['ocpasswd', 'occert']) {
  const page = readFileSync(path.join(root, `man/${program}.8.md`), 'utf8');
  const commands = Object.entries(manifest.commands).filter(([id]) => id.split(':')[0] === program);

  test(`${program}(8) has every option of the program and no other`, () => {
    const real = new Set(
      commands.flatMap(([, { flags }]) =>
        Object.entries(flags)
          .filter(([, { hidden }]) => hidden !== true)
          .flatMap(([name, { char }]) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]),
      ),
    );
    for (const word of ['-h', '--help', '-v', '--version']) real.add(word);
    assert.deepEqual([...optionsOfPage(page)].sort(), [...real].sort());
  });

  test(`${program}(8) has every command of the program`, () => {
    const names = commands.map(([id]) => id.split(':').slice(1).join(' ')).filter((name) => name !== '');
    const missing = names.filter((name) => !page.includes(`\n### ${name}\n`));
    assert.deepEqual(missing, []);
  });

  test(`the examples of ${program}(8) work as they stand there`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-man-'));
    try {
      const examples = /\n## Examples\n\n```\n([^]*?)```/.exec(page)?.[1]?.trimEnd().split('\n') ?? [];
      assert.ok(examples.length > 0);
      for (const line of examples) {
        const here = line
          .replaceAll('/etc/ocserv', folder)
          .replace(/^occert (\w+)/, `occert $1 --dir ${folder}`);
        const { status, stderr } = spawnSync('sh', ['-c', here], {
          input: 'password\n',
          encoding: 'utf8',
          env: { ...process.env, PATH: `${path.join(root, 'bin')}:${process.env['PATH'] ?? ''}` },
        });
        assert.equal(status, 0, `${line}: ${stderr}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test(`man has nothing to complain about in ${program}(8)`, () => {
    const { status, stderr } = spawnSync('man', ['--warnings', '-l', path.join(root, `man/${program}.8`)], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80' },
    });
    assert.deepEqual([status, stderr], [0, '']);
  });
}
