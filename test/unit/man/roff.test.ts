// Markdown to manual pages: nothing lost, nothing guessed, no warning of man.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildPages } from '../../../man/build.ts';
import { toRoff } from '../../../man/roff.ts';

const title = '# x(8) 2026-01-01 product\n\n';

test('a page without its title line, or with a form that has no place in one, is refused', () => {
  assert.throws(() => toRoff('## Name\n'), /begins with/);
  assert.throws(() => toRoff(`${title}> quoted\n`), /no manual page form for Markdown "blockquote"/);
  assert.throws(() => toRoff(`${title}![picture](x.png)\n`), /no manual page form for Markdown "image"/);
});

test('lines that begin with a dot or quote, backslashes and minus survive', () => {
  const text = toRoff(`${title}.hidden and 'quoted' a\\\\b c-d\n`);
  assert.match(text, /^\\&\.hidden and 'quoted' a\\eb c\\-d$/m);
});

test('an option list becomes tagged paragraphs', () => {
  const text = toRoff(`${title}- \`-c\`, \`--passwd\`=*FILE*: Password file: the one.\n`);
  assert.ok(
    text.includes('.TP\n\\fB\\-c\\fR, \\fB\\-\\-passwd\\fR=\\fIFILE\\fR\nPassword file: the one.\n'),
    text,
  );
});

for (const { file, text } of buildPages()) {
  test(`${file.split('/').at(-1) ?? ''} is what its source says, and man reads it without a warning`, () => {
    assert.equal(readFileSync(file, 'utf8'), text, 'run "npm run build"');
    const read = spawnSync('man', ['--warnings', '-l', '-P', 'cat', file], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    assert.equal(read.stderr, '');
    assert.equal(read.status, 0);
    assert.ok(read.stdout.length > 500);
  });
}
