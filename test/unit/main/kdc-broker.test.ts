// The broker against sockets of this machine: limits, turns, what a KDC may answer. A real KDC answers it in
// test/e2e/kdc-proxy.test.ts.
import assert from 'node:assert/strict';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { initialSettings } from '../../../core/config/index.ts';
import { KdcBroker, kdcLimits, type KdcAnswer, type KdcLimits } from '../../../core/main/kdc/broker.ts';
import { findKdcs, resolveKdcs } from '../../../core/main/kdc/table.ts';
import { maxKerberosReplyBytes } from '../../../core/protocol/index.ts';
import { createLogger } from '../../../core/system/index.ts';

const request = Buffer.from('6a0330010a', 'hex');
const reply = Buffer.from('6b0330010b', 'hex');
const tooBig = Buffer.from('7e073005a603020134', 'hex');

function framed(bytes: Buffer, length = bytes.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, bytes]);
}

const configured = (rows: readonly string[], others: Readonly<Record<string, readonly string[]>> = {}) =>
  resolveKdcs({
    file: 'f',
    hosts: [
      { settings: { ...initialSettings, kkdcp: rows }, explicit: [] },
      ...Object.entries(others).map(([name, kkdcp]) => ({
        name,
        settings: { ...initialSettings, kkdcp },
        explicit: [],
      })),
    ],
  });

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    t.after(() => socket.destroy());
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function bind(t: TestContext, port = 0): Promise<{ socket: Datagrams; port: number }> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { socket, port: socket.address().port };
}

async function broker(rows: readonly string[], limits: Partial<KdcLimits> = {}): Promise<KdcBroker> {
  const log = createLogger({ component: 'main:', level: 0, destinations: { stderr: false } });
  const made = new KdcBroker(log, { ...kdcLimits, ...limits });
  made.adopt(await configured(rows));
  return made;
}

const ask = (from: KdcBroker, connectionId = 1, client = '192.0.2.1', realm = 'A'): Promise<KdcAnswer> =>
  from.ask({ connectionId, client, vhost: 'default', path: '/k', realm, request });

const failure = (answer: KdcAnswer): string =>
  'failed' in answer ? `${answer.failed.step}: ${answer.failed.message}` : JSON.stringify(answer);

test('rows by host, path and realm', async () => {
  const table = await configured(
    ['/k A tcp@127.0.0.1:1', '/k B tcp@[::1]:2', '/k A udp@127.0.0.1:3', '/l C tcp@127.0.0.1:4'],
    {
      other: ['/k D udp@localhost:5'],
    },
  );
  const ports = (vhost: string, path: string, realm?: string): number[] =>
    findKdcs(table, vhost, path, realm).map(({ port }) => port);
  assert.deepEqual(ports('default', '/k', 'A'), [1, 3]);
  assert.deepEqual(ports('default', '/k', 'a'), [1, 3]);
  assert.deepEqual(ports('default', '/k', 'B'), [2]);
  assert.deepEqual(ports('default', '/k'), [1, 3]);
  assert.deepEqual(ports('default', '/k', 'C'), []);
  assert.deepEqual(ports('default', '/k/', 'A'), []);
  assert.deepEqual(ports('other', '/k', 'A'), []);
  assert.deepEqual(ports('other', '/k', 'D'), [5]);
  assert.deepEqual(ports('unknown', '/k', 'A'), []);
  assert.ok((findKdcs(table, 'other', '/k', 'D')[0]?.addresses.length ?? 0) > 0);
});

test('a host without an address stops the start, and is named', async () => {
  await assert.rejects(
    configured(['/k A tcp@kdc.invalid:88', '/k A udp@kdc.invalid:88']),
    /^Error: kkdcp: error: getaddrinfo\(kdc\.invalid\) failed: E[A-Z_]+; expected a host with an address$/,
  );
});

test('over TCP the length goes in front, and the answer may come in pieces', async (t) => {
  const asked = Promise.withResolvers<Buffer>();
  const port = await listen(t, (socket) => {
    socket.once('data', (bytes) => {
      asked.resolve(bytes);
      const answer = framed(reply);
      socket.setNoDelay();
      let at = 0;
      const timer = setInterval(() => {
        socket.write(answer.subarray(at, at + 1));
        at += 1;
        if (at === answer.length) clearInterval(timer);
      }, 2);
    });
  });
  assert.deepEqual(await ask(await broker([`/k A tcp@127.0.0.1:${port}`])), { reply });
  assert.deepEqual(await asked.promise, framed(request));
});

test('what a KDC says wrongly over TCP is no answer', async (t) => {
  const table: [Buffer, RegExp][] = [
    [framed(reply, 6), /^receive: tcp@127\.0\.0\.1:\d+: the KDC ended the connection before its answer$/],
    [framed(Buffer.alloc(0)), /^receive: .*: an answer of 0 bytes is announced$/],
    [framed(reply, maxKerberosReplyBytes + 1), /an answer of 65533 bytes is announced$/],
    [framed(reply, 0xffffffff), /an answer of 4294967295 bytes is announced$/],
    [Buffer.alloc(2), /ended the connection before its answer$/],
  ];
  for (const [bytes, pattern] of table) {
    const port = await listen(t, (socket) => socket.once('data', () => socket.end(bytes)));
    assert.match(failure(await ask(await broker([`/k A tcp@127.0.0.1:${port}`]))), pattern);
  }
});

test('a lost datagram is sent again; others than the KDC are not heard', async (t) => {
  const kdc = await bind(t);
  const stranger = await bind(t);
  let count = 0;
  kdc.socket.on('message', (bytes, { port, address }) => {
    assert.ok(bytes.equals(request));
    count += 1;
    stranger.socket.send(Buffer.from('forged'), port, address);
    if (count === 2) kdc.socket.send(reply, port, address);
  });
  assert.deepEqual(await ask(await broker([`/k A udp@127.0.0.1:${kdc.port}`])), { reply });
  assert.equal(count, 2);
});

test('an answer that does not fit into a datagram is fetched over TCP', async (t) => {
  const port = await listen(t, (socket) => socket.once('data', () => socket.end(framed(reply))));
  const kdc = await bind(t, port);
  kdc.socket.on('message', (_, from) => kdc.socket.send(tooBig, from.port, from.address));
  assert.deepEqual(await ask(await broker([`/k A udp@127.0.0.1:${port}`])), { reply });
});

test('nobody there, nobody answering, and the next one of the realm', async (t) => {
  const closed = await listen(t, (socket) => socket.destroy());
  const silent = await listen(t, () => undefined);
  const deaf = await bind(t);
  const good = await listen(t, (socket) => socket.once('data', () => socket.end(framed(reply))));
  const refusing = 1;
  const short = { deadlineMs: 300, turnMs: 100 };
  const say = async (...rows: string[]) =>
    failure(
      await ask(
        await broker(
          rows.map((row) => `/k A ${row}`),
          short,
        ),
      ),
    );
  assert.match(await say(`tcp@127.0.0.1:${refusing}`), /^connect: tcp@127\.0\.0\.1:1: connect ECONNREFUSED/);
  assert.match(await say(`udp@127.0.0.1:${refusing}`), /^(send|receive): udp@127\.0\.0\.1:1: .*ECONNREFUSED/);
  assert.match(await say(`tcp@127.0.0.1:${silent}`), /^receive: .*: no answer in time$/);
  assert.match(await say(`udp@127.0.0.1:${deaf.port}`), /^receive: .*: no answer in time$/);
  assert.match(await say(`tcp@127.0.0.1:${closed}`), /^receive: /);
  for (const bad of [refusing, silent, closed]) {
    const rows = [
      `/k A tcp@127.0.0.1:${bad}`,
      `/k A udp@127.0.0.1:${deaf.port}`,
      `/k A tcp@127.0.0.1:${good}`,
    ];
    assert.deepEqual(await ask(await broker(rows, { ...short, deadlineMs: 5000 })), { reply });
  }
});

test('few at a time for a client, a realm and in all; a place is free when a request ends or its client leaves', async (t) => {
  const port = await listen(t, () => undefined);
  const rows = [`/k A tcp@127.0.0.1:${port}`, `/k B tcp@127.0.0.1:${port}`];
  const limits = { perAddress: 2, perRealm: 3, inAll: 4, deadlineMs: 5000 };
  const made = await broker(rows, limits);
  const waiting = [ask(made, 1, 'one'), ask(made, 2, 'one')];
  assert.deepEqual(await ask(made, 3, 'one'), {
    refused: '2 requests of this address are under way already',
  });
  waiting.push(ask(made, 4, 'two'));
  assert.deepEqual(await ask(made, 5, 'three'), {
    refused: '3 requests for the realm "A" are under way already',
  });
  // A dead KDC leaves places for other realms.
  waiting.push(ask(made, 6, 'three', 'B'));
  assert.deepEqual(await ask(made, 7, 'four', 'B'), { refused: '4 requests are under way already' });
  assert.equal(made.isAsking(1), true);
  made.abandon(1);
  made.abandon(99);
  assert.match(failure((await waiting[0]) ?? { refused: '' }), /no answer in time$/);
  assert.equal(made.isAsking(1), false);
  waiting.push(ask(made, 8, 'one'));
  assert.deepEqual(await ask(made, 9, 'one'), {
    refused: '2 requests of this address are under way already',
  });
  made.close();
  for (const answer of await Promise.all(waiting)) assert.match(failure(answer), /no answer in time$/);
  assert.deepEqual(await ask(made, 10, 'one', 'C'), { refused: 'no KDC for the realm "C"' });
});
