import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  camouflagedConnectResponse,
  camouflagedMistakeResponse,
  camouflageResponse,
  revealTarget,
} from '../../../core/protocol/index.ts';

const now = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
const lines = (bytes: Buffer): string[] => bytes.toString('latin1').split('\r\n');

test('the secret is everything behind the first question mark, and nothing else', () => {
  const reveal = (target: string) => revealTarget(target, (query) => query === 's?x');
  assert.equal(reveal('/?s?x'), '/');
  assert.equal(reveal('/auth?s?x'), '/auth');
  for (const target of ['/', '/?', '/?s', '/?S?X', '/?s?x&', '/?%73?x', '/s?x', '/??s?x', '/#?s']) {
    assert.equal(reveal(target), undefined, target);
  }
});

test('with a realm nobody is let in, without one there is nothing', () => {
  assert.deepEqual(lines(camouflageResponse({ minorVersion: 1, method: 'GET', realm: 'a "b" \\', now })), [
    'HTTP/1.1 401 Unauthorized',
    'Date: Fri, 02 Jan 2026 03:04:05 GMT',
    'WWW-Authenticate: Basic realm="a \\"b\\" \\\\"',
    'Content-Type: text/html',
    'Content-Length: 53',
    'Connection: close',
    '',
    '<html><body><h1>401 Unauthorized</h1></body></html>',
    '',
  ]);
  assert.deepEqual(lines(camouflageResponse({ minorVersion: 0, method: 'GET', realm: undefined, now })), [
    'HTTP/1.0 404 Not Found',
    'Date: Fri, 02 Jan 2026 03:04:05 GMT',
    'Content-Type: text/html',
    'Content-Length: 50',
    'Connection: close',
    '',
    '<html><body><h1>404 Not Found</h1></body></html>',
    '',
  ]);
});

test('HEAD is answered with the same head alone', () => {
  const facts = { minorVersion: 1, realm: 'r', now } as const;
  const get = camouflageResponse({ ...facts, method: 'GET' }).toString();
  const head = camouflageResponse({ ...facts, method: 'HEAD' }).toString();
  assert.equal(head, get.slice(0, get.indexOf('\r\n\r\n') + 4));
});

test('CONNECT is not done here, and what is no request is bad', () => {
  assert.equal(lines(camouflagedConnectResponse(now))[0], 'HTTP/1.1 405 Method Not Allowed');
  assert.equal(lines(camouflagedMistakeResponse(now))[0], 'HTTP/1.1 400 Bad Request');
});
