// Client and server over an in-memory transport: serials, order, checks, descriptors, hostile callers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  createClient,
  keepOpen,
  parseInterface,
  serve,
  VarlinkError,
  withDescriptors,
  type Handlers,
  type ProtocolViolation,
  type Transport,
  type TransportEvents,
} from '../../../core/varlink/index.ts';

const description = parseInterface(`
interface org.example.Door
method Echo(text: string, times: ?int) -> (text: string)
method Slow(ms: int) -> (ms: int)
method Take() -> (count: int)
method Give() -> ()
method Watch() -> (number: int)
method Refuse() -> ()
method Break() -> ()
error Refused (why: string)
`);

type DoorMethods = {
  Echo: { parameters: { text: string; times?: number }; reply: { text: string } };
  Slow: { parameters: { ms: number }; reply: { ms: number } };
  Take: { parameters: Record<string, never>; reply: { count: number } };
  Give: { parameters: Record<string, never>; reply: Record<string, never> };
  Watch: { parameters: Record<string, never>; reply: { number: number } };
  Refuse: { parameters: Record<string, never>; reply: Record<string, never> };
  Break: { parameters: Record<string, never>; reply: Record<string, never> };
};

/** Two transports joined; `cut` says how many bytes each delivery may have. */
function pair(cut = Infinity): [Transport, Transport] {
  const ends: { events?: TransportEvents; isClosed: boolean }[] = [{ isClosed: false }, { isClosed: false }];
  const make = (own: number, other: number): Transport => ({
    open(events) {
      (ends[own] as { events?: TransportEvents }).events = events;
    },
    send(bytes, descriptors = []) {
      let rest = bytes;
      let fds = [...descriptors];
      while (rest.length > 0) {
        const piece = Buffer.from(rest.subarray(0, Math.min(cut, rest.length)));
        const sent = fds;
        queueMicrotask(() => ends[other]?.events?.onData(piece, sent));
        fds = [];
        rest = rest.subarray(piece.length);
      }
    },
    pendingBytes: 0,
    close() {
      (ends[own] as { isClosed: boolean }).isClosed = true;
      queueMicrotask(() => {
        if (ends[other]?.isClosed === false) ends[other].events?.onClose(undefined);
      });
    },
  });
  return [make(0, 1), make(1, 0)];
}

const closedDescriptors: number[] = [];
const handlers: Handlers<DoorMethods> = {
  Echo: ({ text, times = 1 }) => ({ text: text.repeat(times) }),
  Slow: async ({ ms }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { ms };
  },
  Take: (_, call) => ({ count: call.takeDescriptor() ?? -1 }),
  Give: () => withDescriptors({}, [42]),
  Watch: (_, call) => {
    call.send({ number: 1 });
    call.send({ number: 2 });
    return keepOpen;
  },
  Refuse: () => {
    throw new VarlinkError('org.example.Door.Refused', { why: 'because' });
  },
  Break: () => {
    throw new Error('a secret of the server');
  },
};

function doors(options: { serials?: boolean; cut?: number; maxMessageBytes?: number } = {}) {
  const [near, far] = pair(options.cut);
  const violations: ProtocolViolation[] = [];
  const internal: unknown[] = [];
  serve<DoorMethods>(far, description, handlers, {
    serials: options.serials ?? true,
    ...(options.maxMessageBytes === undefined ? {} : { maxMessageBytes: options.maxMessageBytes }),
    closeDescriptor: (fd) => closedDescriptors.push(fd),
    onViolation: (violation) => violations.push(violation),
    onInternalError: (_, error) => internal.push(error),
  });
  return { near, violations, internal };
}

for (const cut of [1, 2, 7, Infinity]) {
  test(`calls come through when the stream arrives in pieces of ${String(cut)}`, async () => {
    const client = createClient<DoorMethods>(doors({ cut }).near, description, { serials: true });
    const answers = await Promise.all([
      client.call('Echo', { text: 'a' }),
      client.call('Echo', { text: 'jörg', times: 2 }),
    ]);
    assert.deepEqual(
      answers.map(({ parameters }) => parameters.text),
      ['a', 'jörgjörg'],
    );
    client.close();
  });
}

test('with serials a slow answer does not hold up the next; without, answers keep their order', async () => {
  for (const serials of [true, false]) {
    const client = createClient<DoorMethods>(doors({ serials }).near, description, { serials });
    const order: number[] = [];
    await Promise.all(
      [30, 1].map(async (ms) => {
        order.push((await client.call('Slow', { ms })).parameters.ms);
      }),
    );
    assert.deepEqual(order, serials ? [1, 30] : [30, 1]);
    client.close();
  }
});

test('declared errors arrive with their details, others without', async () => {
  const { near, internal } = doors();
  const client = createClient<DoorMethods>(near, description, { serials: true });
  await assert.rejects(client.call('Refuse', {}), {
    error: 'org.example.Door.Refused',
    parameters: { why: 'because' },
  });
  await assert.rejects(client.call('Break', {}), (error: VarlinkError) => !error.message.includes('secret'));
  assert.equal(internal.length, 1);
  client.close();
});

test('a descriptor goes with its call; what the handler leaves is closed', async () => {
  const client = createClient<DoorMethods>(doors({ cut: 3 }).near, description, { serials: true });
  closedDescriptors.length = 0;
  assert.equal((await client.call('Take', {}, { descriptors: [7, 8] })).parameters.count, 7);
  assert.deepEqual(closedDescriptors, [8]);
  const given = await client.call('Give', {});
  assert.deepEqual(given.descriptors, [42]);
  client.close();
});

test('many answers come until the caller stops listening', async () => {
  const client = createClient<DoorMethods>(doors().near, description, { serials: true });
  const seen: number[] = [];
  const stop = client.watch('Watch', {}, ({ number }) => seen.push(number));
  while (seen.length < 2) await turn();
  stop();
  assert.deepEqual(seen, [1, 2]);
  client.close();
});

test('an answer that takes too long is given up, and the connection lives on', async () => {
  const client = createClient<DoorMethods>(doors().near, description, { serials: true });
  await assert.rejects(client.call('Slow', { ms: 60 }, { timeoutMs: 5 }), /no answer to Slow within 5 ms/);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal((await client.call('Echo', { text: 'x' })).parameters.text, 'x');
  client.close();
});

test('calls of a closed connection fail', async () => {
  const client = createClient<DoorMethods>(doors().near, description, { serials: true });
  const waiting = client.call('Slow', { ms: 1000 });
  client.close();
  await assert.rejects(waiting, /connection was closed/);
  await assert.rejects(client.call('Echo', { text: 'x' }), /connection was closed/);
  await client.closed;
});

const hostile: readonly (readonly [string, string, string])[] = [
  ['not JSON', 'hello\0', 'framing'],
  ['not an object', '[1]\0', 'envelope'],
  ['no method', '{}\0', 'envelope'],
  ['a method of another type', '{"method":5}\0', 'envelope'],
  ['a serial that is text', '{"method":"org.example.Door.Echo","serial":"1"}\0', 'envelope'],
  ['descriptors that did not come', '{"method":"org.example.Door.Take","descriptors":1}\0', 'descriptors'],
  ['a negative number of descriptors', '{"method":"org.example.Door.Take","descriptors":-1}\0', 'envelope'],
  ['an unknown method', '{"method":"org.example.Door.Frob"}\0', 'parameters'],
  ['an inherited name', '{"method":"org.example.Door.constructor"}\0', 'parameters'],
  ['a missing member', '{"method":"org.example.Door.Echo","parameters":{}}\0', 'parameters'],
  ['an unknown member', '{"method":"org.example.Door.Echo","parameters":{"text":"a","x":1}}\0', 'parameters'],
  ['a member of another type', '{"method":"org.example.Door.Echo","parameters":{"text":1}}\0', 'parameters'],
  ['a fraction for an integer', '{"method":"org.example.Door.Slow","parameters":{"ms":1.5}}\0', 'parameters'],
];
for (const [what, bytes, kind] of hostile) {
  test(`${what} is a violation (${kind})`, async () => {
    const { near, violations } = doors();
    near.open({ onData: () => undefined, onClose: () => undefined });
    near.send(Buffer.from(bytes));
    while (violations.length === 0) await turn();
    assert.deepEqual(
      violations.map((violation) => violation.kind),
      [kind],
    );
  });
}

test('messages are accepted up to the limit and not one byte beyond', async () => {
  const call = (length: number): string => {
    const text = '{"method":"org.example.Door.Echo","parameters":{"text":""}}';
    return text.replace('""', `"${'x'.repeat(length - text.length)}"`) + '\0';
  };
  for (const [length, accepted] of [
    [199, true],
    [200, true],
    [201, false],
  ] as const) {
    const { near, violations } = doors({ maxMessageBytes: 200 });
    const answers: Buffer[] = [];
    near.open({ onData: (bytes) => answers.push(bytes), onClose: () => undefined });
    near.send(Buffer.from(call(length)));
    await turn();
    await turn();
    assert.equal(answers.length > 0, accepted, String(length));
    assert.equal(violations.length, accepted ? 0 : 1, String(length));
  }
});
