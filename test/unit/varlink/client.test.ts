// The calling end: answers written by hand, then both ends joined.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  CallTimeoutError,
  ConnectionClosedError,
  createClient,
  keepOpen,
  serve,
  VarlinkError,
  withDescriptors,
  type ClientOptions,
} from '../../../core/varlink/index.ts';
import { exampleDescription, type ExampleMethods } from './example.ts';
import { fakeTransport, joinedTransports } from './fake-transport.ts';

function start(options: ClientOptions = { serials: true }) {
  const transport = fakeTransport();
  const violations: string[] = [];
  const closed: number[] = [];
  const client = createClient<ExampleMethods>(transport, exampleDescription, {
    closeDescriptor: (descriptor) => closed.push(descriptor),
    onViolation: (violation) => violations.push(`${violation.kind}: ${violation.message}`),
    ...options,
  });
  return { transport, violations, closed, client };
}

test('a server that breaks the rules is reported and left; open calls fail', async () => {
  const cases: [string, string][] = [
    ['{"serial":2,"parameters":{"sum":1}}\0', 'envelope: an answer belongs to no call'],
    ['{"parameters":{"sum":1}}\0', 'envelope: an answer belongs to no call'],
    [
      '{"serial":1,"parameters":{"sum":"x"}}\0',
      'parameters: the answer to Add does not fit the interface: sum: expected int, found string',
    ],
    [
      '{"serial":1}\0',
      'parameters: the answer to Add does not fit the interface: sum: expected a value, found nothing',
    ],
    ['{"serial":1,"parameters":{"sum":1},"continues":true}\0', 'envelope: the answer to Add promises more'],
    ['nonsense\0', 'framing: a message is not JSON'],
  ];
  for (const [bytes, violation] of cases) {
    const { transport, client, violations } = start();
    const answer = assert.rejects(client.call('Add', { a: 1 }), ConnectionClosedError);
    transport.receive(bytes);
    await answer;
    assert.deepEqual([violations, transport.isClosed], [[violation], true], bytes);
    await client.closed;
  }
});

test('calls leave as plain Varlink without serials, numbered with them, descriptors announced', () => {
  const plain = start({ serials: false });
  plain.client.call('Add', { a: 1 }).catch(() => undefined);
  plain.client.notify('Add', { a: 2 });
  const inner = start();
  inner.client.call('Open', {}, { descriptors: [5] }).catch(() => undefined);
  inner.client.watch('Watch', {}, () => undefined);
  plain.client.close();
  inner.client.close();
  assert.deepEqual(
    [...plain.transport.sent, ...inner.transport.sent],
    [
      { text: '{"method":"org.example.Test.Add","parameters":{"a":1}}\0', descriptors: [] },
      { text: '{"method":"org.example.Test.Add","parameters":{"a":2},"oneway":true}\0', descriptors: [] },
      {
        text: '{"method":"org.example.Test.Open","parameters":{},"serial":1,"descriptors":1}\0',
        descriptors: [5],
      },
      {
        text: '{"method":"org.example.Test.Watch","parameters":{},"more":true,"serial":2}\0',
        descriptors: [],
      },
    ],
  );
});

test('answers in another order than the calls find their calls by serial', async () => {
  const { transport, client } = start();
  const calls = [client.call('Add', { a: 1 }), client.call('Add', { a: 2 }), client.call('Add', { a: 3 })];
  for (const serial of [3, 1, 2]) {
    transport.receive(`{"serial":${String(serial)},"parameters":{"sum":${String(serial * 10)}}}\0`);
  }
  assert.deepEqual(
    (await Promise.all(calls)).map(({ parameters }) => parameters.sum),
    [10, 20, 30],
  );
});

test('an error reply rejects with its name and details', async () => {
  const { transport, client } = start();
  const answer = client.call('Add', { a: 1 });
  transport.receive('{"serial":1,"error":"org.example.Test.Refused","parameters":{"reason":"odd"}}\0');
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof VarlinkError);
    assert.deepEqual([error.error, error.parameters], ['org.example.Test.Refused', { reason: 'odd' }]);
    return true;
  });
});

test('a call without an answer in time rejects; a late answer is ignored and its descriptors are closed', async () => {
  const { transport, client, violations, closed } = start({ serials: true, timeoutMs: 5 });
  await assert.rejects(client.call('Open', {}), CallTimeoutError);
  transport.receive('{"serial":1,"parameters":{"name":"x"},"descriptors":1}\0', [9]);
  assert.deepEqual([violations, closed, transport.isClosed], [[], [9], false]);
});

test('without serials a late answer could be taken for the next, so a time-out ends the connection', async () => {
  const { transport, client } = start({ serials: false, timeoutMs: 5 });
  await assert.rejects(client.call('Add', { a: 1 }), CallTimeoutError);
  assert.ok(transport.isClosed);
  await assert.rejects(client.call('Add', { a: 1 }), ConnectionClosedError);
});

test('when the server goes away open calls reject with the cause, and closed resolves', async () => {
  const { transport, client } = start();
  const answer = client.call('Add', { a: 1 });
  const failure = new Error('reset');
  transport.hangUp(failure);
  await assert.rejects(
    answer,
    (error: Error) => error instanceof ConnectionClosedError && error.cause === failure,
  );
  await client.closed;
  client.close();
});

test('both ends together: calls, errors, streams and descriptors, in pieces of any size', async () => {
  for (const pieceBytes of [1, 2, 7, 1000]) {
    const [near, far] = joinedTransports(pieceBytes);
    serve<ExampleMethods>(
      near,
      exampleDescription,
      {
        Add: ({ a, b = 0 }) => ({ sum: a + b }),
        Describe: () => ({}),
        Plant: () => {
          throw new VarlinkError('org.example.Test.Refused', { reason: 'dry' });
        },
        Open: (_parameters, call) => withDescriptors({ name: 'x' }, [Number(call.takeDescriptor()) + 1]),
        Watch: (_parameters, call) => {
          for (const count of [1, 2, 3]) call.send({ count });
          return keepOpen;
        },
      },
      { serials: true, closeDescriptor: () => undefined },
    );
    const client = createClient<ExampleMethods>(far, exampleDescription, {
      serials: true,
      closeDescriptor: () => undefined,
    });
    assert.deepEqual((await client.call('Add', { a: 1, b: 2 })).parameters, { sum: 3 });
    assert.deepEqual(await client.call('Open', {}, { descriptors: [41] }), {
      parameters: { name: 'x' },
      descriptors: [42],
    });
    await assert.rejects(client.call('Plant', { tree: { name: '', children: [] }, wet: true }), VarlinkError);
    const counts: number[] = [];
    const stop = client.watch('Watch', {}, ({ count }) => counts.push(count));
    await turn();
    stop();
    assert.deepEqual(counts, [1, 2, 3]);
    client.close();
    await client.closed;
  }
});

test('a stream gives every answer in order, ends with the last one, and throws what the server refuses', async () => {
  const [near, far] = joinedTransports(7);
  let isPatient = true;
  serve<ExampleMethods>(near, exampleDescription, {
    Add: ({ a }) => ({ sum: a }),
    Describe: () => ({}),
    Plant: () => ({}),
    Open: () => ({ name: 'x' }),
    Watch: async (_parameters, call) => {
      if (!isPatient) throw new VarlinkError('org.example.Test.Refused', { reason: 'late' });
      for (const count of [1, 2]) call.send({ count });
      assert.ok(await call.drained());
      return { count: 3 };
    },
  });
  const client = createClient<ExampleMethods>(far, exampleDescription);
  const counts: number[] = [];
  for await (const { count } of client.stream('Watch', {})) counts.push(count);
  assert.deepEqual(counts, [1, 2, 3]);
  assert.deepEqual(
    (await client.call('Add', { a: 5 })).parameters,
    { sum: 5 },
    'the connection is free again',
  );
  isPatient = false;
  await assert.rejects(async () => {
    for await (const { count } of client.stream('Watch', {})) counts.push(count);
  }, VarlinkError);
  for await (const { count } of client.stream('Add', { a: 1 }) as AsyncIterable<{ count?: number }>)
    assert.equal(count, undefined, 'one answer is a stream of one');
  client.close();
});
