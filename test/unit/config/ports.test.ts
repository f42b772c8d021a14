import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePortRules } from '../../../core/config/index.ts';
import { readPortRules } from '../../../core/config/ports.ts';

const refused: readonly [text: string, pattern: RegExp][] = [
  ['foo(1)', /unknown protocol on restrict-user-to-ports at 0 'foo\(1\)'/],
  ['tcp(1),', /unknown protocol on restrict-user-to-ports at 7 ''/],
  ['tcp443', /expected parenthesis on restrict-user-to-ports at 3 '443'/],
  ['tcp(443', /expected closing parenthesis on restrict-user-to-ports at 4 '443'/],
  ['tcp(1) udp(2)', /expected comma or end of line on restrict-user-to-ports at 7 'udp\(2\)'/],
  ['!tcp(443)', /no bracket following negation at 1/],
  ['tcp(65536)', /port out of range/],
  ['tcp(443-500)', /expected one port number/],
];
for (const [text, pattern] of refused) {
  test(`${text} is refused`, () => assert.match(readPortRules(text).error ?? '', pattern));
}

for (const [text, value] of [
  ['TCP(443) , udp( 53 ),icmp()', 'tcp(443), udp(53), icmp()'],
  ['!(tcp(22), udp())', '!(tcp(22), udp())'],
  ['!(tcp(22)', '!(tcp(22))'],
  ['icmpv6(5)', 'icmpv6()'],
  ['tcp(65535)', 'tcp(65535)'],
] as const) {
  test(`${text} is read`, () => assert.equal(readPortRules(text).value, value));
}

test('one line with ! makes the whole set a deny list', () => {
  assert.deepEqual(parsePortRules(['tcp(1)', '!(udp(2))']), {
    deny: true,
    rules: [
      { protocol: 'tcp', port: 1 },
      { protocol: 'udp', port: 2 },
    ],
  });
});
