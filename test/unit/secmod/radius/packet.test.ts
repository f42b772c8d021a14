import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { attribute } from '../../../../core/secmod/radius/attributes.ts';
import {
  decodeAnswer,
  decodePacket,
  encodeAccessRequest,
  encodeAccountingRequest,
} from '../../../../core/secmod/radius/packet.ts';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const text = (value: string): string => Buffer.from(value).toString('hex');
const md5 = (...parts: readonly Buffer[]): Buffer => createHash('md5').update(Buffer.concat(parts)).digest();

// RFC 2865, 7.1: the example of the standard itself, secret and all.
const SECRET = 'xyzzy5461';
const AUTHENTICATOR = hex('0f403f9473978057bd83d5cb98f4227a');
const REQUEST = hex(`01 00 0038 0f403f9473978057bd83d5cb98f4227a
  01 06 6e656d6f  02 12 0dbe708d93d413ce3196e43f782a0aee  04 06 c0a80110  05 06 00000003`);
const ACCEPT = hex(`02 00 0026 86fe220e7624ba2a1005f6bf9b55e0b2
  06 06 00000001  0f 06 00000000  0e 06 c0a80103`);
const lenient = { request: REQUEST, secret: SECRET, requireMessageAuthenticator: false };

test('the password is hidden as in the example of the standard, and Message-Authenticator comes first', () => {
  const packet = encodeAccessRequest({
    identifier: 0,
    authenticator: AUTHENTICATOR,
    secret: SECRET,
    attributes: [
      attribute('User-Name', 'nemo'),
      attribute('User-Password', Buffer.from('arctangent')),
      attribute('NAS-IP-Address', '192.168.1.16'),
    ],
  });
  const expected = (seal: string): Buffer =>
    hex(`01 00 0044 0f403f9473978057bd83d5cb98f4227a  50 12 ${seal}
      01 06 6e656d6f  02 12 0dbe708d93d413ce3196e43f782a0aee  04 06 c0a80110`);
  const seal = createHmac('md5', SECRET)
    .update(expected('00'.repeat(16)))
    .digest('hex');
  assert.equal(packet.toString('hex'), expected(seal).toString('hex'));
});

test('long, empty and overlong passwords', () => {
  const hidden = (password: string): Buffer => {
    const authenticator = AUTHENTICATOR;
    const attributes = [attribute('User-Password', Buffer.from(password))];
    return encodeAccessRequest({ identifier: 1, authenticator, secret: 's', attributes }).subarray(38);
  };
  assert.equal(hidden('').length, 2 + 16);
  assert.equal(hidden('x'.repeat(16)).length, 2 + 16);
  assert.equal(hidden('x'.repeat(128)).length, 2 + 128);
  assert.throws(() => hidden('x'.repeat(129)), RangeError);
  // The second block hangs on the first one as it was sent.
  const two = hidden('abcdefghijklmnopq').subarray(2);
  const mask = md5(Buffer.from('s'), two.subarray(0, 16));
  assert.equal((two[16] ?? 0) ^ (mask[0] ?? 0), 'q'.charCodeAt(0));
});

test('an accounting request is sealed by its own digest', () => {
  const packet = encodeAccountingRequest(7, SECRET, [
    attribute('Acct-Status-Type', 1),
    attribute('Acct-Session-Id', 'id'),
  ]);
  const with_ = (authenticator: string): Buffer =>
    hex(`04 07 001e ${authenticator} 28 06 00000001 2c 04 ${text('id')}`);
  const authenticator = md5(with_('00'.repeat(16)), Buffer.from(SECRET)).toString('hex');
  assert.equal(packet.toString('hex'), with_(authenticator).toString('hex'));
});

test('the answer of the example is believed, with padding behind it, and with no single bit changed', () => {
  const answer = decodeAnswer(Buffer.concat([ACCEPT, Buffer.alloc(5)]), lenient);
  assert.ok('code' in answer);
  assert.equal(answer.code, 2);
  assert.deepEqual(
    answer.attributes.map(({ type, value }) => [type, value.toString('hex')]),
    [
      [6, '00000001'],
      [15, '00000000'],
      [14, 'c0a80103'],
    ],
  );
  for (let bit = 0; bit < ACCEPT.length * 8; bit++) {
    const forged = Buffer.from(ACCEPT);
    forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.ok('problem' in decodeAnswer(forged, lenient), `bit ${bit}`);
  }
  assert.ok('problem' in decodeAnswer(ACCEPT, { ...lenient, secret: 'another' }));
});

test('an answer is cut at every length without harm', () => {
  for (let length = 0; length < ACCEPT.length; length++) {
    assert.ok('problem' in decodeAnswer(ACCEPT.subarray(0, length), lenient), `${length} bytes`);
  }
});

/** An answer with the given attributes (hex), sealed as a server does; `seal` stands where "SEAL" is. */
function answerWith(attributes: string, code = 2, secret = SECRET): Buffer {
  const build = (seal: string): Buffer => {
    const body = hex(attributes.replaceAll('SEAL', seal));
    const head = Buffer.alloc(20);
    head.writeUInt8(code, 0);
    head.writeUInt16BE(20 + body.length, 2);
    AUTHENTICATOR.copy(head, 4);
    return Buffer.concat([head, body]);
  };
  const sealed = build(
    createHmac('md5', secret)
      .update(build('00'.repeat(16)))
      .digest('hex'),
  );
  md5(sealed, Buffer.from(secret)).copy(sealed, 4);
  return sealed;
}

test('Message-Authenticator: required, right, wrong, twice, of a wrong length', () => {
  const strict = { ...lenient, requireMessageAuthenticator: true };
  const problem = (bytes: Buffer, expectation = strict): string => {
    const answer = decodeAnswer(bytes, expectation);
    return 'problem' in answer ? answer.problem : 'believed';
  };
  assert.match(problem(ACCEPT), /^the Message-Authenticator is missing; expected a server that sends it/);
  assert.equal(problem(answerWith('50 12 SEAL')), 'believed');
  assert.equal(problem(answerWith('06 06 00000002 50 12 SEAL 12 03 61', 11)), 'believed');
  const wrong = answerWith(`50 12 ${'ab'.repeat(16)}`);
  assert.equal(problem(wrong), 'the Message-Authenticator is wrong');
  assert.equal(problem(wrong, lenient), 'the Message-Authenticator is wrong');
  assert.equal(problem(answerWith('50 03 ab')), 'the Message-Authenticator is wrong');
  assert.equal(problem(answerWith('50 12 SEAL 50 12 SEAL')), 'more than one Message-Authenticator');
});

test('only answers to the request at hand', () => {
  assert.deepEqual(decodeAnswer(answerWith('', 5), lenient), {
    problem: 'code 5 is no answer to the request',
  });
  assert.deepEqual(decodeAnswer(answerWith('', 1), lenient), {
    problem: 'code 1 is no answer to the request',
  });
  const other = Buffer.from(REQUEST);
  other[1] = 9;
  assert.deepEqual(decodeAnswer(ACCEPT, { ...lenient, request: other }), {
    problem: 'the identifier is of another request',
  });
});

test('vendor attributes are taken apart; one that breaks the form is left out, the packet is not', () => {
  const packet = (body: string): ReturnType<typeof decodePacket> => {
    const bytes = hex(body);
    const head = hex(`02 00 0000 ${'00'.repeat(16)}`);
    head.writeUInt16BE(20 + bytes.length, 2);
    return decodePacket(Buffer.concat([head, bytes]));
  };
  const found = (body: string): unknown => {
    const decoded = packet(body);
    return 'problem' in decoded
      ? decoded.problem
      : decoded.attributes.map(({ vendor, type, value }) => [vendor, type, value.toString('hex')]);
  };
  assert.deepEqual(found('1a 12 00000137 1c 06 08080808 1d 06 08080404'), [
    [311, 28, '08080808'],
    [311, 29, '08080404'],
  ]);
  assert.deepEqual(found('1a 0c 00000137 1c 07 08080808 0106 61626364'), [[undefined, 1, '61626364']]);
  assert.deepEqual(found('1a 05 000001 0103 61'), [[undefined, 1, '61']]);
  assert.equal(found('01 01'), 'an attribute at byte 20 has a wrong length');
  assert.equal(found('01 04 61'), 'an attribute at byte 20 has a wrong length');
  assert.equal(found('01'), 'an attribute at byte 20 has a wrong length');
});

test('a packet that would be too long is not made', () => {
  const attributes = Array.from({ length: 17 }, () => attribute('Class', Buffer.alloc(253)));
  assert.throws(() => encodeAccountingRequest(1, 's', attributes), RangeError);
});
