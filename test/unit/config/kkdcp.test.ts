import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKdcRow, readKdcRow } from '../../../core/config/kkdcp.ts';

const refused: [string, RegExp][] = [
  ['/KdcProxy', /^Cannot parse kkdcp string: "\/KdcProxy"; expected PATH REALM udp@HOST:PORT/],
  ['/KdcProxy A', /^Cannot parse kkdcp string: /],
  ['/KdcProxy A 127.0.0.1:88', /^Cannot parse kkdcp string: /],
  ['/KdcProxy A tcp@kdc:88 more', /^Cannot parse kkdcp string: /],
  ['KdcProxy A tcp@kdc:88', /expected a path that begins with "\/"/],
  ['/KdcProxy?x A tcp@kdc:88', /without "\?"/],
  ['/Kdc\u00e4 A tcp@kdc:88', /expected a path/],
  [`/${'x'.repeat(255)} A tcp@kdc:88`, /expected a path/],
  ['/ A tcp@kdc:88', /where clients log in/],
  ['/auth A tcp@kdc:88', /where clients log in/],
  [`/KdcProxy ${'A'.repeat(128)} tcp@kdc:88`, /expected at most 127 characters/],
  ['/KdcProxy A sctp@kdc:88', /^cannot handle protocol "sctp"; expected udp or tcp/],
  ['/KdcProxy A tcp@kdc', /^No server port specified in: "kdc"; expected HOST:PORT/],
  ['/KdcProxy A tcp@kdc:', /^No server port specified in: /],
  ['/KdcProxy A tcp@fd00::1:88', /^No server port specified in: /],
  ['/KdcProxy A tcp@[fd00::1]', /^No server port specified in: /],
  ['/KdcProxy A tcp@[kdc]:88', /expected a name, an IPv4 address or an IPv6 address in brackets/],
  ['/KdcProxy A tcp@:88', /found host ":88"/],
  ['/KdcProxy A tcp@127.0.0.256:88', /found host "127\.0\.0\.256:88"/],
  ['/KdcProxy A tcp@kdc:0', /found port "0"; expected 1…65535/],
  ['/KdcProxy A tcp@kdc:65536', /found port "65536"/],
  ['/KdcProxy A tcp@kdc:ssh', /found port "ssh"/],
];

for (const [value, pattern] of refused) {
  test(`refused: ${value.slice(0, 60)}`, () => {
    assert.match(readKdcRow(value).error ?? 'accepted', pattern);
  });
}

test('rows as they are written', () => {
  const row = { path: '/KdcProxy', realm: 'A.COM', protocol: 'tcp', host: 'kdc.a.com', port: 88 };
  const rows: [string, object][] = [
    ['/KdcProxy A.COM tcp@kdc.a.com:88', row],
    ['/KdcProxy\tA.COM   udp@127.0.0.1:65535', { ...row, protocol: 'udp', host: '127.0.0.1', port: 65_535 }],
    ['/KdcProxy A.COM tcp@[fd00::1]:1', { ...row, host: 'fd00::1', port: 1 }],
    ['/KdcProxy A.COM tcp@kdc.a.com:kerberos', row],
    ['/KdcProxy A.COM tcp@kdc.a.com:kpasswd', { ...row, port: 464 }],
  ];
  for (const [text, expected] of rows) {
    const { value } = readKdcRow(text);
    assert.ok(value !== undefined, text);
    assert.deepEqual(parseKdcRow(value), expected);
  }
  assert.throws(() => parseKdcRow('/KdcProxy'), /^RangeError: Cannot parse/);
});
