// What a worker answers to requests for a KDC, and what it asks of main.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionsErrors } from '../../../core/interfaces/index.ts';
import { CallTimeoutError, VarlinkError } from '../../../core/varlink/index.ts';
import type { HttpRequest } from '../../../core/worker/http-front.ts';
import { answerKdcRequest, type KdcProxySurroundings } from '../../../core/worker/kdc-proxy.ts';

const good = Buffer.from(
  '3016a00b0409000000056a0330010aa1071b05'.concat(Buffer.from('REALM').toString('hex')),
  'hex',
);
const reply = Buffer.from('6b0330010b', 'hex');

async function post(body: Buffer, answer: { reply: string } | Error = { reply: reply.toString('base64') }) {
  const calls: unknown[] = [];
  const lines: string[] = [];
  const call = ((method: string, parameters: object) => {
    calls.push([method, parameters]);
    if (method === 'AskKdc' && answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ parameters: method === 'AskKdc' ? answer : {}, descriptors: [] });
  }) as unknown as KdcProxySurroundings['sessions']['call'];
  const request: HttpRequest = {
    method: 'POST',
    target: '/KdcProxy',
    minorVersion: 0,
    header: () => undefined,
    body,
  };
  const { bytes, then } = await answerKdcRequest(request, '/KdcProxy', {
    sessions: { call },
    connectionId: 7,
    vhost: 'default',
    includedHeaders: ['X-Extra: 1'],
    onRefused: (reason) => lines.push(reason),
  });
  return { calls, lines, then, text: bytes.toString('latin1') };
}

test('main is asked, and its answer is wrapped', async () => {
  const { calls, lines, then, text } = await post(good);
  assert.deepEqual(calls, [
    [
      'AskKdc',
      {
        connectionId: 7,
        vhost: 'default',
        path: '/KdcProxy',
        realm: 'REALM',
        request: Buffer.from('6a0330010a', 'hex').toString('base64'),
      },
    ],
  ]);
  assert.deepEqual(lines, []);
  assert.equal(then, 'keep');
  const body = Buffer.from('300da00b0409000000056b0330010b', 'hex').toString('latin1');
  assert.equal(
    text,
    'HTTP/1.0 200 OK\r\nContent-Type: application/kerberos\r\nContent-Length: 15\r\n' +
      `Connection: Keep-Alive\r\nX-Extra: 1\r\n\r\n${body}`,
  );
});

test('a malformed request is counted and named, and asks nobody', async () => {
  const { calls, lines, then, text } = await post(good.subarray(1));
  assert.deepEqual(calls, [['CountKdcRequest', { connectionId: 7 }]]);
  assert.deepEqual(lines, ['malformed request: the body is no DER sequence']);
  assert.equal(then, 'close');
  assert.equal(
    text,
    'HTTP/1.0 502 kkdcp: DER decoding error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  );
});

test('what main refuses, what no KDC answers, and silence of main: one line each', async () => {
  const table: [Error, string, string][] = [
    [
      new VarlinkError(sessionsErrors.KdcRefused, { reason: 'no KDC for the realm "X"' }),
      '502 kkdcp: request refused',
      'request refused: no KDC for the realm "X"',
    ],
    [
      new VarlinkError(sessionsErrors.KdcFailed, {
        step: 'connect',
        reason: 'tcp@192.0.2.1:88: no answer in time',
      }),
      '502 kkdcp: error connecting to server',
      'the KDC does not answer: tcp@192.0.2.1:88: no answer in time',
    ],
    [
      new VarlinkError(sessionsErrors.KdcFailed, { step: 'send', reason: 'x' }),
      '502 kkdcp: error sending to server',
      'the KDC does not answer: x',
    ],
    [
      new VarlinkError(sessionsErrors.KdcFailed, { step: 'receive', reason: 'x' }),
      '502 kkdcp: error receiving from server',
      'the KDC does not answer: x',
    ],
    [new CallTimeoutError('AskKdc', 1), '502 kkdcp: request refused', 'main does not answer'],
  ];
  for (const [error, status, line] of table) {
    const { lines, then, text } = await post(good, error);
    assert.equal(text.split('\r\n')[0], `HTTP/1.0 ${status}`);
    assert.deepEqual(lines, [line]);
    assert.equal(then, 'close');
  }
});
