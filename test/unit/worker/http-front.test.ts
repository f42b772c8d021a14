import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpFront, type HttpAnswer, type HttpRequest } from '../../../core/worker/http-front.ts';
import { FakeTls } from './fake-tls.ts';

const ok: HttpAnswer = { bytes: Buffer.from('OK'), then: 'keep' };

function open(answer: (request: HttpRequest) => Promise<HttpAnswer> = async () => ok, lastWords?: Buffer) {
  const tls = new FakeTls();
  const requests: HttpRequest[] = [];
  const violations: string[] = [];
  const connects: string[] = [];
  const conversation = new HttpFront().converse(tls, {
    onRequest: (request) => {
      requests.push(request);
      return answer(request);
    },
    onConnect: (request, early) => connects.push(`${request.target} ${early.toString('latin1')}`),
    onViolation: (rule) => {
      violations.push(rule);
      return lastWords;
    },
  });
  const send = async (text: string): Promise<void> => {
    conversation.receive(Buffer.from(text, 'latin1'));
    await pause(5);
  };
  return { tls, requests, violations, connects, conversation, send };
}

const get = (headers = '') => `GET / HTTP/1.1\r\n${headers}\r\n`;

test('malformed and ambiguous requests are closed without an answer', async () => {
  const corpus = [
    'HELO\r\n\r\n',
    '\x16\x03\x01\x02\x00',
    'get / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\n\n',
    'GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n',
    'GET / HTTP/2.0\r\n\r\n',
    'GET /\r\n\r\n',
    'GET / HTTP/1.1\r\nA b: c\r\n\r\n',
    'GET / HTTP/1.1\r\nA : c\r\n\r\n',
    'GET / HTTP/1.1\r\n: c\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\r\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc',
    'POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc',
    'POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n',
  ];
  for (const text of corpus) {
    const { tls, requests, violations, send } = open();
    await send(text);
    assert.deepEqual(
      [tls.written, tls.left, requests.length, violations.length],
      ['', 'end', 0, 1],
      JSON.stringify(text),
    );
  }
});

test('limits hold at the limit and end one beyond it', async () => {
  const header = (bytes: number) => `X: ${'y'.repeat(bytes - 1)}\r\n`;
  const table: [string, string, boolean][] = [
    ['target', `GET /${'a'.repeat(254)} HTTP/1.1\r\n\r\n`, true],
    ['target + 1', `GET /${'a'.repeat(255)} HTTP/1.1\r\n\r\n`, false],
    ['headers', get(header(16_384)), true],
    ['headers + 1', get(header(16_385)), false],
    ['body', `POST / HTTP/1.1\r\nContent-Length: 262144\r\n\r\n${'b'.repeat(262_144)}`, true],
    ['body + 1', 'POST / HTTP/1.1\r\nContent-Length: 262145\r\n\r\n', false],
    [
      'chunks',
      `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n${'b'.repeat(0x40000)}\r\n0\r\n\r\n`,
      true,
    ],
    [
      'chunks + 1',
      `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40001\r\n${'b'.repeat(0x40001)}\r\n0\r\n\r\n`,
      false,
    ],
  ];
  for (const [name, text, isAccepted] of table) {
    const { tls, send } = open();
    await send(text);
    assert.deepEqual([tls.written, tls.left], isAccepted ? ['OK', undefined] : ['', 'end'], name);
  }
});

test('the seventeenth request of a connection is not answered', async () => {
  const { tls, send, requests } = open();
  for (let count = 1; count <= 16; count += 1) await send(get());
  assert.deepEqual([requests.length, tls.left], [16, undefined]);
  await send(get());
  assert.deepEqual([requests.length, tls.left], [16, 'end']);
});

test('pipelined requests are closed, in one piece or while an answer is due', async () => {
  const together = open();
  await together.send(get() + get());
  assert.deepEqual([together.tls.written, together.tls.left], ['', 'end']);
  const waiting = open(() => pause(50).then(() => ok));
  await waiting.send(get());
  await waiting.send('G');
  await pause(60);
  assert.deepEqual([waiting.tls.written, waiting.tls.left], ['', 'end']);
});

test('a request may come byte by byte; headers of earlier requests stay, the last value wins', async () => {
  const { requests, conversation, send } = open();
  await send(get('Cookie: a=1\r\nUser-Agent: first\r\nX-Empty: \r\n'));
  for (const byte of Buffer.from(
    'POST /auth HTTP/1.1\r\nuser-agent: second\r\nContent-Length: 3\r\n\r\nabc',
  )) {
    conversation.receive(Buffer.from([byte]));
  }
  await pause(5);
  const [, second] = requests;
  assert.ok(second);
  assert.equal(second.body.toString(), 'abc');
  assert.deepEqual(
    ['cookie', 'user-agent', 'x-empty', 'host'].map((name) => second.header(name)),
    ['a=1', 'second', undefined, undefined],
  );
});

test('HTTP/1.0 and "Connection: close" get one answer, "Expect" and "Upgrade" change nothing', async () => {
  const old = open();
  await old.send('GET / HTTP/1.0\r\n\r\n');
  assert.deepEqual([old.tls.written, old.tls.left, old.requests[0]?.minorVersion], ['OK', 'end', 0]);
  const closing = open();
  await closing.send(get('Connection: close\r\n'));
  assert.deepEqual([closing.tls.written, closing.tls.left], ['OK', 'end']);
  const now = open();
  await now.send('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx');
  await now.send(get('Connection: Upgrade\r\nUpgrade: websocket\r\n'));
  assert.deepEqual([now.tls.written, now.tls.left, now.requests.length], ['OKOK', undefined, 2]);
});

test('an answer that closes or refuses is the last', async () => {
  for (const [then, left] of [
    ['close', 'end'],
    ['refuse', 'abort 49'],
  ] as const) {
    const { tls, send, requests } = open(async () => ({ bytes: Buffer.from('NO'), then }));
    await send(get());
    await send(get());
    assert.deepEqual([tls.written, tls.left, requests.length], ['NO', left, 1]);
  }
});

test('CONNECT pauses the connection and hands over what followed', async () => {
  for (const target of ['/CSCOSSLC/tunnel', 'CSCOSSLC/tunnel']) {
    const { tls, connects, send, conversation } = open();
    await send(get());
    await send(`CONNECT ${target} HTTP/1.1\r\nX-CSTP-Version: 1\r\n\r\nSTF\x01`);
    assert.deepEqual(connects, [`${target} STF\x01`]);
    assert.equal(tls.isPaused, true);
    conversation.close();
    assert.equal(tls.left, undefined);
  }
});

test('what is wrong is said in words, once, and a request that ends in the middle is wrong', async () => {
  const table: [string, string][] = [
    ['BREW / HTTP/1.1\r\n\r\n', 'malformed request: invalid method encountered'],
    ['GET / HTTP/1.1\r\nA b: c\r\n\r\n', 'malformed request: invalid header token'],
    ['GET / HTTP/1.1\r\nHost: a\r\n', 'the request ends in the middle'],
    ['POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc', 'the request ends in the middle'],
  ];
  for (const [text, expected] of table) {
    const { violations, conversation, send, tls } = open();
    await send(text);
    conversation.receiveEnd();
    conversation.receiveEnd();
    await pause(5);
    assert.deepEqual([violations, tls.left], [[expected], 'end'], text);
  }
});

test('an end between two requests is none', async () => {
  const { violations, conversation, send, tls } = open();
  await send(get());
  assert.equal(conversation.isInRequest, false);
  conversation.receiveEnd();
  assert.deepEqual([violations, tls.left], [[], 'end']);
});

test('credentials count for the request they came with', async () => {
  const seen: (string | undefined)[] = [];
  const { send, requests } = open(async (request) => {
    seen.push(request.header('authorization'), request.header('x-kept'));
    return ok;
  });
  await send(get('Authorization: Bearer planted\r\nX-Kept: yes\r\n'));
  await send(get());
  assert.deepEqual(seen, ['Bearer planted', 'yes', undefined, 'yes']);
  assert.equal(requests[0]?.header('authorization'), undefined, 'forgotten once answered');
});

test('last words, where there are any, come before the end', async () => {
  const { tls, violations, send } = open(undefined, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await send('nonsense\r\n\r\n');
  assert.equal(violations.length, 1);
  assert.equal(tls.written, 'HTTP/1.1 400 Bad Request\r\n\r\n');
  assert.equal(tls.left, 'end');
});
