// The answering end, fed bytes written by hand: broken rules first, then order, streams and descriptors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  keepOpen,
  serve,
  VarlinkError,
  withDescriptors,
  type Call,
  type Handlers,
  type ServerOptions,
} from '../../../core/varlink/index.ts';
import { exampleDescription, exampleText, type ExampleMethods } from './example.ts';
import { fakeTransport } from './fake-transport.ts';

function start(handlers: Partial<Handlers<ExampleMethods>> = {}, options: ServerOptions = {}) {
  const transport = fakeTransport();
  const violations: string[] = [];
  const internal: string[] = [];
  const closed: number[] = [];
  serve<ExampleMethods>(
    transport,
    exampleDescription,
    {
      Add: ({ a, b = 0 }) => ({ sum: a + b }),
      Describe: () => ({}),
      Plant: () => ({}),
      Open: () => ({ name: 'x' }),
      Watch: () => ({ count: 0 }),
      ...handlers,
    },
    {
      serials: true,
      maxMessageBytes: 200,
      closeDescriptor: (descriptor) => closed.push(descriptor),
      onViolation: (violation) => violations.push(`${violation.kind}: ${violation.message}`),
      onInternalError: (method, error) => internal.push(`${method}: ${String(error)}`),
      ...options,
    },
  );
  const sent = (): string[] => transport.sent.map(({ text }) => text);
  return { transport, violations, internal, closed, sent };
}
const call = (method: string, rest: string): string => `{"method":"org.example.Test.${method}",${rest}}\0`;

test('bytes that are no call end the connection and are reported, without quoting them', () => {
  const cases: [string, string][] = [
    ['\0', 'framing: a message is not JSON'],
    ['{"hunter2\0', 'framing: a message is not JSON'],
    ['[]\0', 'envelope: a message is not an object'],
    ['null\0', 'envelope: a message is not an object'],
    ['{}\0', 'envelope: a message is not a call'],
    ['{"method":1}\0', 'envelope: a message is not a call'],
    ['{"method":"x","parameters":[]}\0', 'envelope: a message is not a call'],
    ['{"method":"x","serial":"1"}\0', 'envelope: a message is not a call'],
    ['{"method":"x","serial":1.5}\0', 'envelope: a message is not a call'],
    ['{"method":"x","descriptors":-1}\0', 'envelope: the number of descriptors is no number'],
    ['{"method":"x","descriptors":"1"}\0', 'envelope: the number of descriptors is no number'],
    ['{"method":"x","descriptors":1}\0', 'descriptors: a message announces descriptors that did not come'],
    [`{"method":"${'x'.repeat(200)}`, 'framing: a message is longer than 200 bytes'],
  ];
  for (const [bytes, violation] of cases) {
    const { transport, violations, sent } = start();
    transport.receive(bytes);
    assert.deepEqual([violations, sent(), transport.isClosed], [[violation], [], true], bytes);
  }
});

test('a call of exactly the limit is served, one byte more is not', async () => {
  for (const [length, isServed] of [
    [199, true],
    [200, true],
    [201, false],
  ] as const) {
    const { transport, sent } = start();
    const bare = call('Add', '"parameters":{"a":1},"x":""').length - 1;
    transport.receive(call('Add', `"parameters":{"a":1},"x":"${'y'.repeat(length - bare)}"`));
    await turn();
    assert.deepEqual([sent().length === 1, transport.isClosed], [isServed, !isServed], String(length));
  }
});

test('parameters that do not fit are refused by name and reported; the connection lives on', async () => {
  const { transport, violations, sent } = start();
  transport.receive(call('Add', '"parameters":{"a":"1"},"serial":1'));
  transport.receive(call('Add', '"parameters":{"a":1,"c":2},"serial":2'));
  transport.receive(call('Add', '"serial":3'));
  transport.receive(call('Add', '"parameters":{"a":1,"b":null},"serial":4'));
  await turn();
  const refusal = (parameter: string, serial: number): string =>
    `{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"${parameter}"},"serial":${String(serial)}}\0`;
  assert.deepEqual(sent().sort(), [
    refusal('a', 1),
    refusal('a', 3),
    refusal('c', 2),
    '{"parameters":{"sum":1},"serial":4}\0',
  ]);
  assert.deepEqual(violations, [
    'parameters: Add: a: expected int, found string',
    'parameters: Add: c: expected no such member, found it',
    'parameters: Add: a: expected a value, found nothing',
  ]);
});

test('a method that does not exist, of whatever spelling, is refused and reported', async () => {
  for (const name of [
    'org.example.Test.Nothing',
    'org.example.Other.Add',
    'Add',
    'org.example.Test.constructor',
  ]) {
    const { transport, violations, sent } = start();
    transport.receive(`{"method":"${name}"}\0`);
    await turn();
    assert.deepEqual(sent(), [
      `{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"${name}"}}\0`,
    ]);
    assert.equal(violations.length, 1);
  }
});

test('a declared error reaches the caller; any other failure is only called internal', async () => {
  const { transport, sent, internal } = start({
    Add: ({ a }) => {
      if (a === 1) throw new VarlinkError('org.example.Test.Refused', { reason: 'odd' });
      return Promise.reject(new Error('secret detail'));
    },
  });
  transport.receive(call('Add', '"parameters":{"a":1},"serial":1'));
  transport.receive(call('Add', '"parameters":{"a":2},"serial":2'));
  await turn();
  assert.deepEqual(sent(), [
    '{"error":"org.example.Test.Refused","parameters":{"reason":"odd"},"serial":1}\0',
    '{"error":"org.varlink.service.InternalError","parameters":{},"serial":2}\0',
  ]);
  assert.deepEqual(internal, ['org.example.Test.Add: Error: secret detail']);
});

test('with serials a slow answer does not hold up the next; without, answers keep the order', async () => {
  for (const [serials, order] of [
    [true, [2, 1]],
    [false, [1, 2]],
  ] as const) {
    const slow = Promise.withResolvers<undefined>();
    const { transport, sent } = start(
      {
        Add: async ({ a }) => {
          if (a === 1) await slow.promise;
          return { sum: a };
        },
      },
      { serials },
    );
    transport.receive(call('Add', `"parameters":{"a":1}${serials ? ',"serial":1' : ''}`));
    transport.receive(call('Add', `"parameters":{"a":2}${serials ? ',"serial":2' : ''}`));
    await turn();
    slow.resolve(undefined);
    await turn();
    assert.deepEqual(
      sent().map((text) => (JSON.parse(text.slice(0, -1)) as { parameters: { sum: number } }).parameters.sum),
      order,
    );
  }
});

test('a oneway call gets no answer, not even a refusal', async () => {
  const seen: number[] = [];
  const { transport, sent } = start({
    Add: ({ a }) => {
      seen.push(a);
      return { sum: a };
    },
  });
  transport.receive(call('Add', '"parameters":{"a":1},"oneway":true'));
  transport.receive(call('Add', '"parameters":{},"oneway":true'));
  await turn();
  assert.deepEqual([seen, sent()], [[1], []]);
});

test('a stream sends until the caller goes away, of which its handler hears', async () => {
  let stream: Call<{ count: number }> | undefined;
  let ended = 0;
  const { transport, sent } = start({
    Watch: (_parameters, handed) => {
      stream = handed;
      handed.onClosed(() => (ended += 1));
      return keepOpen;
    },
  });
  transport.receive(call('Watch', '"more":true,"serial":7'));
  await turn();
  stream?.send({ count: 1 });
  stream?.send({ count: 2 });
  transport.hangUp();
  stream?.send({ count: 3 });
  assert.deepEqual(sent(), [
    '{"parameters":{"count":1},"continues":true,"serial":7}\0',
    '{"parameters":{"count":2},"continues":true,"serial":7}\0',
  ]);
  assert.equal(ended, 1);
});

test('a caller that does not read is cut off', async () => {
  const { transport, violations } = start();
  transport.pendingBytes = 16 * 1024 * 1024 + 1;
  transport.receive(call('Add', '"parameters":{"a":1}'));
  await turn();
  assert.deepEqual(violations, ['flood: the other side does not read its messages']);
  assert.ok(transport.isClosed);
});

test('descriptors find their message however the stream is cut; what nobody takes is closed', async () => {
  const first = call('Open', '"serial":1,"descriptors":1');
  const second = call('Add', '"parameters":{"a":1},"serial":2');
  const third = call('Open', '"serial":3,"descriptors":2');
  const bytes = Buffer.from(first + second + third);
  const thirdStart = first.length + second.length;
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const taken: (number | undefined)[][] = [];
    const { transport, closed, violations } = start({
      Open: (_parameters, handed) => {
        taken.push([handed.takeDescriptor()]);
        return { name: 'x' };
      },
    });
    // The kernel delivers descriptors with the read that brings the first byte of their message.
    transport.receive(bytes.subarray(0, cut), cut > thirdStart ? [11, 12, 13] : [11]);
    transport.receive(bytes.subarray(cut), cut > thirdStart ? [] : [12, 13]);
    await turn();
    assert.deepEqual([taken, closed, violations], [[[11], [12]], [13], []], `cut at ${String(cut)}`);
  }
});

test('descriptors nobody announced are closed and end the connection', () => {
  const alone = start();
  alone.transport.receive(call('Add', '"parameters":{"a":1}'), [11, 12]);
  assert.deepEqual(alone.closed, [11, 12]);
  assert.deepEqual(alone.violations, ['descriptors: descriptors belong to no message']);
  for (const [count, isRefused] of [
    [63, false],
    [64, false],
    [65, true],
  ] as const) {
    const { transport, violations, closed } = start();
    transport.receive(
      '{',
      Array.from({ length: count }, (_, index) => index + 100),
    );
    assert.deepEqual([violations.length === 1, closed.length], [isRefused, isRefused ? count : 0]);
  }
});

test('descriptors that wait for the rest of their message are closed when the caller goes away', () => {
  const { transport, closed } = start();
  transport.receive('{"method":', [11]);
  transport.hangUp();
  transport.receive('x', [12]);
  assert.deepEqual(closed, [11, 12]);
});

test('descriptors of a refused call are closed', async () => {
  const { transport, closed } = start();
  transport.receive(call('Add', '"parameters":{},"descriptors":1'), [11]);
  transport.receive('{"method":"x","descriptors":1}\0', [12]);
  await turn();
  assert.deepEqual(closed, [11, 12]);
});

test('a reply hands descriptors over, announces them, and our copies are closed', async () => {
  const { transport, closed } = start({ Open: () => withDescriptors({ name: 'tun' }, [21, 22]) });
  transport.receive(call('Open', '"serial":1'));
  await turn();
  assert.deepEqual(transport.sent, [
    { text: '{"parameters":{"name":"tun"},"serial":1,"descriptors":2}\0', descriptors: [21, 22] },
  ]);
  assert.deepEqual(closed, [21, 22]);
});

test('org.varlink.service describes the interface on a door that has it', async () => {
  const info = { vendor: 'v', product: 'p', version: '1', url: 'u' };
  const { transport, sent } = start({}, { info, serials: false });
  transport.receive('{"method":"org.varlink.service.GetInfo"}\0');
  for (const name of ['org.example.Test', 'org.example.Nothing']) {
    transport.receive(
      `{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"${name}"}}\0`,
    );
  }
  await turn();
  assert.deepEqual(
    sent().map((text) => JSON.parse(text.slice(0, -1)) as unknown),
    [
      { parameters: { ...info, interfaces: ['org.varlink.service', 'org.example.Test'] } },
      { parameters: { description: exampleText } },
      { error: 'org.varlink.service.InterfaceNotFound', parameters: { interface: 'org.example.Nothing' } },
    ],
  );
});
