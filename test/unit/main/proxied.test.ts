// The first bytes of real connections, with a real socket on either side.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTrusted, ProxiedConnections, type Proxied } from '../../../core/main/proxied.ts';
import { listenTcp, type Endpoint } from '../../../core/native/index.ts';

const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n';

interface Taken {
  readonly socket: Socket;
  readonly proxied: Proxied;
}

/** Somebody connects; `then` plays the front end. Answers with what came of it and what was logged. */
async function meet(
  then: (socket: Socket) => Promise<unknown>,
  deadlineMs?: number,
): Promise<{ taken: Taken | undefined; text: string; lines: string[] }> {
  const lines: string[] = [];
  const keep = (entry: string): void => void lines.push(entry);
  const proxied = new ProxiedConnections({ info: keep, error: keep });
  let taken: Taken | undefined;
  const listener = listenTcp({
    address: '127.0.0.1',
    onConnection: (fd, remote) => {
      proxied.await(
        fd,
        remote,
        (back, facts) => (taken = { socket: new Socket({ fd: back }), proxied: facts }),
        deadlineMs,
      );
    },
  });
  const socket = connect(listener.local.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await then(socket);
  let text = '';
  for (let waited = 0; waited < 50 && proxied.size > 0; waited++) await sleep(10);
  if (taken !== undefined) {
    taken.socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    await sleep(20);
    taken.socket.destroy();
  }
  proxied.close();
  socket.destroy();
  listener.close();
  return { taken, text, lines };
}

const send =
  (...parts: readonly string[]) =>
  async (socket: Socket): Promise<void> => {
    socket.setNoDelay(true);
    for (const part of parts) {
      socket.write(part, 'latin1');
      await sleep(15);
    }
  };

test('the header is taken off, what follows it is left for whoever serves the client', async () => {
  const { taken, text, lines } = await meet(send(`${line}hello`));
  assert.deepEqual(taken?.proxied.addresses, {
    remote: { address: '192.0.2.7', port: 51_000 },
    local: { address: '198.51.100.1', port: 443 },
  });
  assert.equal(text, 'hello');
  assert.deepEqual(lines, []);
});

test('a header in pieces is put together', async () => {
  const { taken, text } = await meet(send('P', 'ROXY TC', line.slice(8, 40), `${line.slice(40)}he`, 'llo'));
  assert.equal(taken?.proxied.addresses?.remote.address, '192.0.2.7');
  assert.equal(text, 'hello');
});

test('addresses have one spelling', async () => {
  const { taken } = await meet(send('PROXY TCP6 ::FFFF:192.0.2.7 2001:DB8:0:0::1 1 2\r\n'));
  assert.deepEqual(taken?.proxied.addresses, {
    remote: { address: '192.0.2.7', port: 1 },
    local: { address: '2001:db8::1', port: 2 },
  });
});

test('of a front end that does not know its client, its own address remains', async () => {
  const { taken, lines } = await meet(send('PROXY UNKNOWN\r\n'));
  assert.ok(taken !== undefined && taken.proxied.addresses === undefined);
  assert.deepEqual(lines, []);
});

for (const [name, then, words, deadlineMs] of [
  [
    'no header',
    send('\x16\x03\x01\x02\x00\x01'),
    /^rejected connection from 127\.0\.0\.1:\d+: no PROXY header$/,
  ],
  ['half a header', async (socket: Socket) => socket.end(line.slice(0, 20)), /ends in the middle/],
  ['silence', () => Promise.resolve(), /no PROXY header within 0\.1 s/, 100],
  ['a drip', send('P', 'R', 'O', 'X', 'Y', ' ', 'T', 'C', 'P'), /within 0\.1 s/, 100],
] as const) {
  test(`${name}: closed, with one line`, async () => {
    const { taken, lines } = await meet(then, deadlineMs);
    assert.equal(taken, undefined);
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', words);
  });
}

test('a front end that only looks whether somebody listens is not worth a line', async () => {
  const { taken, lines } = await meet(async (socket) => socket.end());
  assert.equal(taken, undefined);
  assert.deepEqual(lines, []);
});

test('who is believed', () => {
  const from = (address: string): Endpoint => ({ address, port: 1 });
  assert.ok(isTrusted(from('192.0.2.1'), []));
  assert.ok(isTrusted(from('192.0.2.1'), ['10.0.0.0/8', '192.0.2.1']));
  assert.ok(isTrusted(from('2001:db8::5'), ['2001:db8::/32']));
  assert.equal(isTrusted(from('192.0.2.2'), ['192.0.2.1', '2001:db8::/32']), false);
  assert.equal(isTrusted(from('nonsense'), ['192.0.2.1']), false);
});
