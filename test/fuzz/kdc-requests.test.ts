// Whatever is posted to the KDC proxy, and whatever a KDC answers: the parsers answer, never throw, and let through
// nothing but one whole request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isKerberosRequest,
  maxKerberosRequestBytes,
  parseKdcProxyMessage,
  wantsTcp,
  writeKdcProxyMessage,
} from '../../core/protocol/index.ts';
import { element } from '../support/der.ts';

const framed = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

function check(body: Buffer): boolean {
  const parsed = parseKdcProxyMessage(body);
  if ('mistake' in parsed) {
    assert.match(parsed.mistake, /^[A-Za-z0-9 ,;-]{5,80}$/);
    return false;
  }
  assert.ok(isKerberosRequest(parsed.request));
  assert.ok(parsed.request.length <= maxKerberosRequestBytes);
  assert.match(parsed.realm ?? 'none', /^[\x21-\x7e]{1,127}$/);
  // It stands in the body as it is, behind its length.
  assert.ok(body.includes(framed(parsed.request)));
  return true;
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const request = fc
  .tuple(fc.constantFrom(0x6a, 0x6c), bytes(300))
  .map(([tag, content]) => element(tag, content));
const realm = fc.string({ unit: fc.constantFrom(...'ABCXYZ.-_$/'), minLength: 1, maxLength: 127 });
const good = fc.record({ request, realm: fc.option(realm), hint: fc.option(bytes(5)) }).map((parts) => ({
  ...parts,
  body: element(
    0x30,
    element(0xa0, element(0x04, framed(parts.request))),
    ...(parts.realm === null ? [] : [element(0xa1, element(0x1b, Buffer.from(parts.realm)))]),
    ...(parts.hint === null || parts.hint.length === 0 ? [] : [element(0xa2, element(0x02, parts.hint))]),
  ),
}));

test('arbitrary bytes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        bytes(300),
        bytes(300).map((content) => element(0x30, content)),
      ),
      (body) => {
        assert.equal(check(body), false);
        isKerberosRequest(body);
        assert.equal(wantsTcp(body), false);
      },
    ),
    { numRuns: 3000 },
  );
});

test('good messages are read, cut ones are not', () => {
  fc.assert(
    fc.property(good, fc.nat(), ({ body, request: sent, realm: name }, cut) => {
      assert.deepEqual(parseKdcProxyMessage(body), { request: sent, realm: name ?? undefined });
      assert.equal(check(body.subarray(0, cut % body.length)), false);
      assert.equal(check(Buffer.concat([body, body.subarray(0, 1 + (cut % body.length))])), false);
    }),
    { numRuns: 2000 },
  );
});

test('good messages, spoiled at a few places', () => {
  const change = fc.tuple(
    fc.nat(),
    fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0x84, 0xff, 0x30, 0xa0, 0x1f)),
  );
  fc.assert(
    fc.property(good, fc.array(change, { minLength: 1, maxLength: 4 }), ({ body }, changes) => {
      const spoiled = Buffer.from(body);
      // Mostly the heads, where the lengths are.
      for (const [at, value] of changes) spoiled[at % Math.min(spoiled.length, 48)] = value;
      check(spoiled);
    }),
    { numRuns: 5000 },
  );
});

test('elements in any order and nesting', () => {
  const tag = fc.constantFrom(0x30, 0xa0, 0xa1, 0xa2, 0xa3, 0x04, 0x1b, 0x02, 0x6a, 0x7e, 0xa6);
  const { tree } = fc.letrec<{ tree: Buffer }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      bytes(8),
      request.map(framed),
      fc
        .tuple(tag, fc.array(tie('tree'), { maxLength: 4 }))
        .map(([outer, inner]) => element(outer, ...inner)),
    ),
  }));
  fc.assert(
    fc.property(tree, (body) => {
      check(body);
      wantsTcp(body);
    }),
    { numRuns: 4000 },
  );
});

test('answers of a KDC are wrapped whole, whatever they are', () => {
  fc.assert(
    fc.property(bytes(70_000), (reply) => {
      if (reply.length > 65_532) return;
      const wrapped = writeKdcProxyMessage(reply);
      assert.ok(wrapped.subarray(-reply.length - 4).equals(framed(reply)));
      const parsed = parseKdcProxyMessage(wrapped);
      if ('request' in parsed) assert.ok(parsed.request.equals(reply));
    }),
    { numRuns: 500 },
  );
});
