// Whatever arrives on a door: the process lives, every broken rule is reported, every descriptor is closed once,
// and a handler sees nothing that does not fit its interface.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { sessionsDescription, type SessionsMethods } from '../../core/interfaces/index.ts';
import { checkParameters, serve, type Handlers } from '../../core/varlink/index.ts';
import { fakeTransport } from '../unit/varlink/fake-transport.ts';

const methods = Object.keys(sessionsDescription.methods);
const members = [
  ...new Set(
    Object.values(sessionsDescription.methods).flatMap(({ parameters }) =>
      parameters.members.map(({ name }) => name),
    ),
  ),
];

const anyCall = fc.record(
  {
    method: fc.oneof(
      fc.constantFrom(...methods.map((name) => `org.ocserv.Sessions.${name}`)),
      fc.string({ maxLength: 30 }),
      fc.jsonValue(),
    ),
    parameters: fc.oneof(
      fc.dictionary(fc.constantFrom(...members), fc.jsonValue({ maxDepth: 2 })),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    serial: fc.oneof(fc.nat(), fc.jsonValue({ maxDepth: 1 })),
    descriptors: fc.oneof(fc.nat({ max: 3 }), fc.jsonValue({ maxDepth: 1 })),
    oneway: fc.boolean(),
    more: fc.boolean(),
  },
  { requiredKeys: [] },
);
const anyMessage = fc.oneof(
  anyCall.map((value) => Buffer.from(`${JSON.stringify(value)}\0`)),
  fc.jsonValue().map((value) => Buffer.from(`${JSON.stringify(value)}\0`)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

test('no sequence of reads harms a server', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(anyMessage, fc.nat({ max: 3 })), { maxLength: 8 }),
      fc.integer({ min: 1, max: 300 }),
      async (reads, pieceBytes) => {
        const transport = fakeTransport();
        let violations = 0;
        const closed: number[] = [];
        const handlers = Object.fromEntries(
          methods.map((name) => [
            name,
            (parameters: unknown) => {
              assert.equal(checkParameters(sessionsDescription, name, parameters), undefined);
              return {};
            },
          ]),
        ) as unknown as Handlers<SessionsMethods>;
        serve<SessionsMethods>(transport, sessionsDescription, handlers, {
          serials: true,
          maxMessageBytes: 500,
          closeDescriptor: (descriptor) => closed.push(descriptor),
          onViolation: () => (violations += 1),
          onInternalError: (_method, error) => {
            throw error as Error;
          },
        });
        let next = 100;
        for (const [bytes, count] of reads) {
          const descriptors = Array.from({ length: count }, () => next++);
          for (let start = 0; start < bytes.length; start += pieceBytes) {
            transport.receive(bytes.subarray(start, start + pieceBytes), start === 0 ? descriptors : []);
          }
          if (bytes.length === 0) next -= count;
        }
        const closedForCause = transport.isClosed;
        transport.hangUp();
        await turn();
        assert.ok(!closedForCause || violations > 0, 'closed without a report');
        assert.deepEqual(
          closed.toSorted((a, b) => a - b),
          Array.from({ length: next - 100 }, (_, index) => index + 100),
          'every descriptor is closed once',
        );
        for (const { text } of transport.sent)
          assert.ok(text.endsWith('\0') && JSON.parse(text.slice(0, -1)));
      },
    ),
    { numRuns: 1500 },
  );
});
