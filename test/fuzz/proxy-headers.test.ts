// Whatever begins a connection: the parser of PROXY headers answers, takes no more than there is, stays within its limit,
// and says the same of a header wherever it is cut.
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseProxyHeader, proxyHeaderLimitBytes } from '../../core/protocol/index.ts';

const seed = Number(process.env['OCSERV_FUZZ_SEED'] ?? '1');
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const binary = fc
  .tuple(
    fc.constantFrom(0x20, 0x21, 0x22, 0x11, 0x2f),
    fc.constantFrom(0x00, 0x10, 0x11, 0x12, 0x21, 0x22, 0x31, 0xff),
    fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 65_535 })),
    anyBytes,
  )
  .map(([command, family, length, rest]) =>
    Buffer.concat([signature, Buffer.from([command, family, length >> 8, length & 255]), rest]),
  );
const word = fc.oneof(
  fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN', '', '192.0.2.1', '2001:db8::1', '443', '65536', '0', '\r\n'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const line = fc
  .array(word, { maxLength: 8 })
  .map((words) => Buffer.from(`PROXY ${words.join(' ')}\r\n`, 'latin1'));

test('any first bytes have an answer, the same wherever they are cut', () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(fc.oneof(anyBytes, binary, line), fc.nat(), (bytes, cut) => {
      const header = parseProxyHeader(bytes);
      kinds.set(header.kind, (kinds.get(header.kind) ?? 0) + 1);
      if (header.kind === 'incomplete') assert.ok(bytes.length < proxyHeaderLimitBytes);
      if (header.kind === 'mistake') assert.match(header.text, /^[\x20-\x7e]{1,60}$/);
      if (header.kind !== 'header') return;
      assert.ok(header.bytes >= 15 && header.bytes <= Math.min(bytes.length, proxyHeaderLimitBytes));
      for (const endpoint of Object.values(header.addresses ?? {})) {
        assert.ok(isIP(endpoint.address) !== 0 && endpoint.port >= 0 && endpoint.port <= 65_535);
      }
      assert.deepEqual(parseProxyHeader(bytes.subarray(0, cut % header.bytes)), { kind: 'incomplete' });
    }),
    { seed, numRuns: 20_000 },
  );
  // The generator does its work.
  for (const kind of ['incomplete', 'mistake', 'header']) assert.ok((kinds.get(kind) ?? 0) > 500, kind);
});
