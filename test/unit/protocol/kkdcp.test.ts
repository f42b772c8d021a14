// Messages of the KDC proxy, written by hand: refused ones first, then those of MIT's client and of Windows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isKerberosRequest,
  maxKerberosReplyBytes,
  maxKerberosRequestBytes,
  parseKdcProxyMessage,
  wantsTcp,
  writeKdcProxyMessage,
} from '../../../core/protocol/index.ts';
import { element } from '../../support/der.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s+/g, ''), 'hex');
/** AS-REQ with three bytes in it, behind its length. */
const asRequest = hex('6a 03 30 01 00');
const framed = hex('00000005 6a 03 30 01 00');
const kerberos = element(0xa0, element(0x04, framed));
const realm = (name: string): Buffer => element(0xa1, element(0x1b, Buffer.from(name, 'latin1')));
const hint = (content: Buffer): Buffer => element(0xa2, element(0x02, content));
const message = (...members: Buffer[]): Buffer => element(0x30, ...members);

test('what is no KDC-PROXY-MESSAGE is refused, and why', () => {
  const tooLong = Buffer.alloc(maxKerberosRequestBytes + 1);
  element(0x6a, Buffer.alloc(maxKerberosRequestBytes + 1 - 4)).copy(tooLong);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(tooLong.length);
  const refused: [Buffer, string][] = [
    [Buffer.alloc(0), 'the body is no DER sequence'],
    [hex('30'), 'the body is no DER sequence'],
    [hex('31 00'), 'the body is no DER sequence'],
    [hex('30 80 00 00'), 'the body is no DER sequence'],
    [hex('30 84 00000000'), 'the body is no DER sequence'],
    [hex('3f 01 00'), 'the body is no DER sequence'],
    // A length in more bytes than it needs.
    [Buffer.concat([hex('30 81'), message(kerberos).subarray(1)]), 'the body is no DER sequence'],
    [Buffer.concat([hex('30 82 00'), message(kerberos).subarray(1)]), 'the body is no DER sequence'],
    [message(kerberos).subarray(0, -1), 'the body is no DER sequence'],
    [Buffer.concat([message(kerberos), hex('00')]), 'bytes follow the message'],
    [message(), 'no kerb-message'],
    [message(realm('A')), 'no kerb-message'],
    [message(element(0xa0, element(0x03, framed))), 'no kerb-message'],
    [message(element(0xa0, framed)), 'no kerb-message'],
    [message(element(0xa0, Buffer.concat([element(0x04, framed), hex('0500')]))), 'no kerb-message'],
    [message(element(0x80, framed)), 'no kerb-message'],
    [message(kerberos, element(0xa1, element(0x0c, Buffer.from('A')))), 'target-domain is no GeneralString'],
    [message(kerberos, realm('')), 'target-domain is no name of a realm'],
    [message(kerberos, realm('A'.repeat(128))), 'target-domain is no name of a realm'],
    [message(kerberos, realm('A B')), 'target-domain is no name of a realm'],
    [message(kerberos, realm('A\0')), 'target-domain is no name of a realm'],
    [message(kerberos, realm('\xe4')), 'target-domain is no name of a realm'],
    [message(kerberos, element(0xa2, element(0x04, hex('00')))), 'dclocator-hint is no INTEGER'],
    [message(kerberos, hint(Buffer.alloc(0))), 'dclocator-hint is no INTEGER of 32 bits'],
    [message(kerberos, hint(Buffer.alloc(6))), 'dclocator-hint is no INTEGER of 32 bits'],
    [message(kerberos, hint(hex('01')), realm('A')), 'surplus members'],
    [message(kerberos, realm('A'), realm('B')), 'surplus members'],
    [message(kerberos, element(0xa3, hex('0500'))), 'surplus members'],
    [
      message(element(0xa0, element(0x04, hex('000000')))),
      'the length in front of the Kerberos message is not its length',
    ],
    [
      message(element(0xa0, element(0x04, hex('00000006 6a 03 30 01 00')))),
      'the length in front of the Kerberos message is not its length',
    ],
    [
      message(element(0xa0, element(0x04, asRequest))),
      'the length in front of the Kerberos message is not its length',
    ],
    [
      message(element(0xa0, element(0x04, Buffer.concat([length, tooLong])))),
      'a Kerberos message of 48129 bytes; at most 48128 are passed on',
    ],
    [
      message(element(0xa0, element(0x04, hex('00000000')))),
      'neither AS-REQ, TGS-REQ nor a change of password',
    ],
    [
      message(element(0xa0, element(0x04, hex('00000002 6b 00')))),
      'neither AS-REQ, TGS-REQ nor a change of password',
    ],
  ];
  for (const [body, mistake] of refused) {
    assert.deepEqual(parseKdcProxyMessage(body), { mistake }, body.subarray(0, 40).toString('hex'));
  }
});

test('a message with and without its optional members', () => {
  const good: [Buffer, string | undefined][] = [
    [message(kerberos), undefined],
    [message(kerberos, realm('EXAMPLE.COM')), 'EXAMPLE.COM'],
    [message(kerberos, realm('A'.repeat(127))), 'A'.repeat(127)],
    [message(kerberos, hint(hex('40000000'))), undefined],
    [message(kerberos, realm('example.com'), hint(hex('00 80000000'))), 'example.com'],
  ];
  for (const [body, name] of good) {
    assert.deepEqual(parseKdcProxyMessage(body), { request: asRequest, realm: name });
    for (let end = 0; end < body.length; end += 1) {
      assert.ok('mistake' in parseKdcProxyMessage(body.subarray(0, end)), String(end));
    }
  }
});

test('a request of exactly the longest length', () => {
  const longest = element(0x6c, Buffer.alloc(maxKerberosRequestBytes - 4));
  assert.equal(longest.length, maxKerberosRequestBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(longest.length);
  const parsed = parseKdcProxyMessage(
    message(element(0xa0, element(0x04, Buffer.concat([length, longest])))),
  );
  assert.ok('request' in parsed);
  assert.ok(parsed.request.equals(longest));
});

test('only requests of Kerberos are passed on', () => {
  const sound = ['6a 00', '6c 03 30 01 00', '0006 0001 0000', '0007 ff80 0000 00'];
  const unsound = [
    '',
    '6a',
    '6a 01',
    '6a 00 00',
    '6a 81 00',
    '6b 00',
    '7e 00',
    '0006 0002 0000',
    '0007 0001 0000',
  ];
  for (const text of sound) assert.ok(isKerberosRequest(hex(text)), text);
  for (const text of unsound) assert.ok(!isKerberosRequest(hex(text)), text);
  assert.ok(!isKerberosRequest(element(0x6a, Buffer.alloc(maxKerberosRequestBytes))));
});

test('an answer is wrapped with its length in front', () => {
  assert.deepEqual(writeKdcProxyMessage(hex('6b 00')), hex('30 0a a0 08 04 06 00000002 6b 00'));
  const long = Buffer.alloc(maxKerberosReplyBytes, 7);
  const wrapped = writeKdcProxyMessage(long);
  // 65,536 bytes with the length: three bytes for each length in DER.
  assert.deepEqual(wrapped.subarray(0, 19), hex('30 83 01000a a0 83 010005 04 83 010000 0000fffc'));
  assert.ok(wrapped.subarray(19).equals(long));
  assert.throws(() => writeKdcProxyMessage(Buffer.alloc(maxKerberosReplyBytes + 1)), /^RangeError/);
});

test('a KDC that has more to say than a datagram holds', () => {
  // pvno 5, msg-type 30, stime, susec, error-code, realm, sname
  const error = (code: string): Buffer =>
    element(
      0x7e,
      message(
        hex('a0 03 02 01 05 a1 03 02 01 1e'),
        element(0xa4, element(0x18, Buffer.from('20260101000000Z'))),
        hex('a5 03 02 01 00'),
        hex(`a6 03 02 01 ${code}`),
        element(0xa9, element(0x1b, Buffer.from('A'))),
      ),
    );
  assert.equal(wantsTcp(error('34')), true);
  assert.equal(wantsTcp(error('19')), false);
  assert.equal(wantsTcp(hex('6b 00')), false);
  assert.equal(wantsTcp(hex('7e 00')), false);
  assert.equal(wantsTcp(hex('7e 02 30 00')), false);
  const whole = error('34');
  for (let end = 0; end < whole.length; end += 1) assert.equal(wantsTcp(whole.subarray(0, end)), false);
});
