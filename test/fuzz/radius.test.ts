// Whatever arrives on the socket, and whatever stands in the configuration: the parsers answer, never throw, and
// believe nothing that is not sealed with the secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRadiusConfiguration } from '../../core/secmod/radius/configuration.ts';
import { groupsOf, supplementOf } from '../../core/secmod/radius/reply.ts';
import { decodeAnswer, decodePacket, encodeAccessRequest } from '../../core/secmod/radius/packet.ts';

const request = encodeAccessRequest({
  identifier: 7,
  authenticator: Buffer.alloc(16, 1),
  secret: 'secret',
  attributes: [],
});

/** Type, true length, value: what a packet is made of. */
const attributeBytes = fc
  .tuple(
    fc.oneof(fc.constantFrom(6, 8, 9, 18, 22, 24, 25, 26, 80, 97, 123, 168, 169), fc.nat(255)),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([type, value]) => Buffer.from([type, value.length + 2, ...value]));

const packet = fc.array(attributeBytes, { maxLength: 12 }).map((attributes) => {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(20);
  head[0] = 2;
  head[1] = 7;
  head.writeUInt16BE(20 + body.length, 2);
  return Buffer.concat([head, body]);
});

test('arbitrary datagrams', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, requireMessageAuthenticator) => {
      const answer = decodeAnswer(Buffer.from(bytes), {
        request,
        secret: 'secret',
        requireMessageAuthenticator,
      });
      assert.ok('problem' in answer);
    }),
    { numRuns: 3000 },
  );
});

test('well-formed packets with arbitrary attributes: structure is read, settings are single lines', () => {
  fc.assert(
    fc.property(packet, (bytes) => {
      assert.ok(
        'problem' in decodeAnswer(bytes, { request, secret: 'secret', requireMessageAuthenticator: true }),
      );
      const decoded = decodePacket(bytes);
      assert.ok(!('problem' in decoded));
      groupsOf(decoded.attributes, 'semicolon');
      for (const line of supplementOf(decoded.attributes).lines)
        assert.match(line, /^[a-z0-9-]+ = [0-9A-Fa-f:./]+$/);
    }),
    { numRuns: 3000 },
  );
});

test('cut and stretched packets', () => {
  fc.assert(
    fc.property(packet, fc.nat(400), fc.nat(65_535), (bytes, end, length) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt16BE(length, 2);
      decodePacket(copy);
      decodePacket(bytes.subarray(0, end));
    }),
    { numRuns: 3000 },
  );
});

test('configuration files', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'authserver',
      'acctserver',
      'servers',
      'radius_timeout',
      'serv-type',
      '[::1]:1:s',
      '10.0.0.1',
      ',',
      ':',
      '\n',
      ' ',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), fc.string({ maxLength: 60 }), (words, secrets) => {
      const { configuration, problems } = parseRadiusConfiguration(
        '/f',
        words.join(''),
        'auth',
        () => secrets,
      );
      assert.equal(configuration === undefined, problems.length > 0);
    }),
    { numRuns: 2000 },
  );
});
