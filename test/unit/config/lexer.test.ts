import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTokens } from '../../../core/config/lexer.ts';

const cases: readonly [what: string, text: string, ...tokens: string[]][] = [
  ['neither sign', 'dpd 90', '!1:1'],
  ['a comment before the sign', 'dpd # = 90', '!1:1'],
  ['a section without end', '[vhost:a', '!1:1'],
  ['NUL', 'dpd = 9\u00000', '!1:8'],
  ['a line of 2047 bytes', `banner = ${'x'.repeat(2039)}`, '!1:1'],
  ['equals', 'dpd = 90', '1:7 dpd=90'],
  ['colon', 'dpd : 90', '1:7 dpd=90'],
  ['the first sign counts', 'banner = a:b=c', '1:10 banner=a:b=c'],
  ['no space', 'dpd=90', '1:5 dpd=90'],
  ['CRLF', 'dpd = 90\r\nmtu = 1\r\n', '1:7 dpd=90', '2:7 mtu=1'],
  ['byte order mark', '\ufeffdpd = 90', '1:8 dpd=90'],
  ['comments', '# a = 1\n; b = 2\n  # c = 3'],
  ['trailing comment, in quotes too', 'banner = "room # 4"', '1:10 banner="room'],
  ['no comment without white space', 'banner = a#b ; c', '1:10 banner=a#b ; c'],
  ['a value that is all comment', 'banner = # nothing', '1:10 banner='],
  ['continuation', 'route = a\n\n# x\n  b # c', '1:9 route=a', '4:3 +route=b'],
  ['the first line may be indented', '  dpd = 90', '1:9 dpd=90'],
  [
    'a section ends continuation',
    'route = a\n[vhost:x] junk\n  dpd = 1',
    '1:9 route=a',
    '[vhost:x]',
    '3:9 dpd=1',
  ],
  ['an indented section is a value', 'route = a\n [vhost:x]', '1:9 route=a', '2:2 +route=[vhost:x]'],
  ['empty name', '= 1', '1:3 =1'],
];

for (const [what, text, ...expected] of cases) {
  test(`lines: ${what}`, () => {
    const found = readTokens(text).map((token) => {
      if (token.kind === 'mistake') return `!${token.line}:${token.column}`;
      if (token.kind === 'section') return `[${token.name}]`;
      const plus = token.continued ? '+' : '';
      return `${token.line}:${token.valueColumn} ${plus}${token.name}=${token.value}`;
    });
    assert.deepEqual(found, expected);
  });
}

test('a line of 2046 bytes is read whole', () => {
  const [token] = readTokens(`banner = ${'x'.repeat(2037)}`);
  assert.ok(token?.kind === 'option');
  assert.equal(token.value.length, 2037);
});
