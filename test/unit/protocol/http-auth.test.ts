import assert from 'node:assert/strict';
import { test } from 'node:test';
import { challengeResponse, parseAuthorization } from '../../../core/protocol/index.ts';

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
