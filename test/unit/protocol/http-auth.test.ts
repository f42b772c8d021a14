import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authenticateValue,
  challengeResponse,
  httpScheme,
  parseAuthorization,
} from '../../../core/protocol/index.ts';

test('the scheme in any case, and what follows it', () => {
  const table: [string | undefined, object | undefined][] = [
    [undefined, undefined],
    ['', { scheme: '', token: '' }],
    ['Bearer', { scheme: 'bearer', token: '' }],
    ['Bearer ', { scheme: 'bearer', token: '' }],
    ['Bearer a.b.c', { scheme: 'bearer', token: 'a.b.c' }],
    ['bEARER\ta.b.c ', { scheme: 'bearer', token: 'a.b.c' }],
    ['Bearer  a b', { scheme: 'bearer', token: 'a b' }],
    ['BearerX a', { scheme: 'bearerx', token: 'a' }],
    ['Basic dTpw', { scheme: 'basic', token: 'dTpw' }],
  ];
  for (const [value, expected] of table) assert.deepEqual(parseAuthorization(value), expected, value);
});

test('a challenge is byte for byte what clients know', () => {
  assert.equal(
    challengeResponse(1, 'Bearer', false).toString(),
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n',
  );
  assert.equal(
    challengeResponse(0, 'Bearer', true).toString(),
    'HTTP/1.0 401 Unauthorized\r\nX-HTTP-Auth-Support: fallback\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n',
  );
});

test('tokens of a negotiation go out as base64 and nothing else', () => {
  assert.match(
    challengeResponse(1, 'Negotiate', false, 'oYI=').toString(),
    /\r\nWWW-Authenticate: Negotiate oYI=\r\n/,
  );
  for (const hostile of ['a\r\nSet-Cookie: x=y', 'a b', '', '='])
    assert.throws(() => authenticateValue('Negotiate', hostile), RangeError, JSON.stringify(hostile));
});

test('the scheme is that of the method that logs in by it', () => {
  assert.equal(httpScheme(['certificate', 'gssapi']), 'Negotiate');
  assert.equal(httpScheme(['oidc']), 'Bearer');
  assert.equal(httpScheme(['certificate', 'plain']), undefined);
});
