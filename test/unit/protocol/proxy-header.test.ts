import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProxyHeader, proxyHeaderLimitBytes } from '../../../core/protocol/index.ts';

const signature = '0d0a0d0a000d0a515549540a';
const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const four = {
  source: { address: '192.0.2.7', port: 51_000 },
  destination: { address: '198.51.100.1', port: 443 },
};
const six = {
  source: { address: '2001:db8:0:0:0:0:0:7', port: 51_000 },
  destination: { address: '2001:db8:0:0:0:0:1:1', port: 443 },
};
const addresses4 = 'c0000207 c6336401 c738 01bb';
const addresses6 = '20010db8000000000000000000000007 20010db8000000000000000000010001 c738 01bb';

const refused: readonly (readonly [name: string, bytes: Buffer, text: RegExp])[] = [
  ['a ClientHello', hex('160301020001000100'), /no PROXY header/],
  ['HTTP', text('GET / HTTP/1.1\r\n'), /no PROXY header/],
  ['another spelling', text('proxy TCP4 1.2.3.4'), /no PROXY header/],
  ['an unknown family', text('PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n'), /unknown family/],
  ['no family', text('PROXY \r\n'), /unknown family/],
  ['IPv6 called IPv4', text('PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n'), /malformed/],
  ['IPv4 called IPv6', text('PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n'), /malformed/],
  ['an IPv6 zone', text('PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n'), /malformed/],
  ['a short IPv4', text('PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n'), /malformed/],
  ['an octal IPv4', text('PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n'), /malformed/],
  ['a name', text('PROXY TCP4 vpn.test 198.51.100.1 1 2\r\n'), /malformed/],
  ['a port too large', text('PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n'), /malformed/],
  ['a port with a zero', text('PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n'), /malformed/],
  ['a port with a sign', text('PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n'), /malformed/],
  ['a missing port', text('PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n'), /malformed/],
  ['one word more', text('PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n'), /malformed/],
  ['two blanks', text('PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n'), /malformed/],
  ['a NUL', text('PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n'), /malformed/],
  ['107 bytes without an end', text(`PROXY UNKNOWN ${'x'.repeat(93)}`), /longer than 107/],
  ['an end behind the 107th byte', text(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), /longer than 107/],
  ['version 1 in binary', hex(`${signature} 11 11 000c ${addresses4}`), /unknown version/],
  ['version 3 in binary', hex(`${signature} 31 11 000c ${addresses4}`), /unknown version/],
  ['an unknown command', hex(`${signature} 22 11 000c ${addresses4}`), /unknown command/],
  ['IPv4 of 11 bytes', hex(`${signature} 21 11 000b ${addresses4}`), /too short/],
  ['IPv6 of 35 bytes', hex(`${signature} 21 21 0023 ${addresses6}`), /too short/],
  ['no addresses', hex(`${signature} 21 11 0000`), /too short/],
  ['more than the limit', hex(`${signature} 21 11 07f1`), /longer than 2048/],
];

for (const [name, bytes, words] of refused) {
  test(`${name} is no header`, () => {
    const header = parseProxyHeader(bytes);
    assert.equal(header.kind, 'mistake');
    assert.match(header.kind === 'mistake' ? header.text : '', words);
  });
}

const padding = '00'.repeat(proxyHeaderLimitBytes - 16 - 12);
const accepted: readonly (readonly [name: string, bytes: Buffer, addresses: object | undefined])[] = [
  ['IPv4 as text', text('PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n'), four],
  [
    'IPv6 as text',
    text('PROXY TCP6 2001:db8::7 2001:db8::1:1 51000 443\r\n'),
    {
      source: { address: '2001:db8::7', port: 51_000 },
      destination: { address: '2001:db8::1:1', port: 443 },
    },
  ],
  ['unknown', text('PROXY UNKNOWN\r\n'), undefined],
  ['unknown, with something behind it', text('PROXY UNKNOWN ffff:: 1 \xff\r\n'), undefined],
  ['unknown of 107 bytes', text(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), undefined],
  ['IPv4', hex(`${signature} 21 11 000c ${addresses4}`), four],
  ['IPv4 of no transport', hex(`${signature} 21 10 000c ${addresses4}`), four],
  ['IPv4 with TLVs', hex(`${signature} 21 11 0014 ${addresses4} 0400050102030405`), four],
  ['IPv4 up to the limit', hex(`${signature} 21 11 07f0 ${addresses4} ${padding}`), four],
  ['IPv6', hex(`${signature} 21 21 0024 ${addresses6}`), six],
  ['a health check', hex(`${signature} 20 00 0000`), undefined],
  ['a health check with addresses', hex(`${signature} 20 11 000c ${addresses4}`), undefined],
  ['no family', hex(`${signature} 21 00 0003 040000`), undefined],
  ['datagrams', hex(`${signature} 21 12 000c ${addresses4}`), undefined],
  ['Unix sockets', hex(`${signature} 21 31 00d8 ${'2f'.repeat(216)}`), undefined],
];

for (const [name, bytes, addresses] of accepted) {
  test(`${name}: understood, whatever follows, and in no smaller part`, () => {
    const whole = { kind: 'header', bytes: bytes.length, addresses };
    assert.deepEqual(parseProxyHeader(bytes), whole);
    assert.deepEqual(parseProxyHeader(Buffer.concat([bytes, hex('16030102')])), whole);
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(parseProxyHeader(bytes.subarray(0, length)), { kind: 'incomplete' });
    }
  });
}
