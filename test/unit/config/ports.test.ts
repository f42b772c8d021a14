import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePortRules } from '../../../core/config/index.ts';
import { readPortRules } from '../../../core/config/ports.ts';

const refused: readonly [text: string, pattern: RegExp][] = [
  ['foo(1)', /unknown protocol on restrict-user-to-ports at 0 'foo\(1\)'/],
  ['tcp(1),', /unknown protocol on restrict-user-to-ports at 7 ''/],
  ['tcp443', /expected parenthesis on restrict-user-to-ports at 3 '443'/],
  ['tcp(443', /expected closing parenthesis on restrict-user-to-ports at 4 '443'/],
  ['!(tcp(22)), !(udp(53))', /expected end of line on restrict-user-to-ports at 10 ', !\(udp\(53\)\)'/],
  ['tcp(1) udp(2)', /expected comma or end of line on restrict-user-to-ports at 7 'udp\(2\)'/],
  ['!tcp(443)', /no bracket following negation at 1/],
  ['tcp(65536)', /port out of range/],
  ['tcp(443-)', /expected a port number or a range/],
  ['tcp(443-65536)', /port out of range/],
  ['tcp(500-443)', /expected a range upwards/],
  ['tcp(0-443)', /expected a range upwards/],
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
  ['udp( 8000 - 8010 ), tcp(5-5)', 'udp(8000-8010), tcp(5)'],
] as const) {
  test(`${text} is read`, () => assert.equal(readPortRules(text).value, value));
}

test('several lines are one list; lines that allow and lines that forbid are none', () => {
  assert.deepEqual(parsePortRules(['!(tcp(1))', '!(udp(2-3), icmp())']), {
    deny: true,
    rules: [{ protocol: 'tcp', port: 1 }, { protocol: 'udp', port: 2, lastPort: 3 }, { protocol: 'icmp' }],
  });
  assert.deepEqual(parsePortRules([]), { deny: false, rules: [] });
  assert.equal(parsePortRules(['tcp(1)', '!(udp(2))']), undefined);
});
