import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  documentResponse,
  formResponse,
  notFoundResponse,
  refusedConnectResponse,
  refusedLoginResponse,
  successResponse,
  unavailableResponse,
} from '../../../core/protocol/index.ts';

test('refusals are byte for byte what clients know', () => {
  assert.equal(
    notFoundResponse(1).toString(),
    'HTTP/1.1 404 Not found\r\nContent-Length: 50\r\nConnection: close\r\n\r\n<html><body><h1>404 Not Found</h1></body></html>\r\n',
  );
  assert.equal(
    refusedLoginResponse(1, 'Authentication failed').toString(),
    'HTTP/1.1 401 Authentication failed\r\nContent-Length: 0\r\n\r\n',
  );
  assert.match(unavailableResponse(0).toString(), /^HTTP\/1\.0 503 Service Unavailable\r\n/);
  assert.equal(refusedConnectResponse('cookie').toString(), 'HTTP/1.1 401 Cookie is not acceptable\r\n\r\n');
  assert.equal(
    refusedConnectResponse('addresses').toString(),
    'HTTP/1.1 503 Service Unavailable\r\nX-Reason: No free address\r\n\r\n',
  );
  assert.equal(refusedConnectResponse('unavailable').toString(), 'HTTP/1.1 503 Service Unavailable\r\n\r\n');
  assert.equal(
    refusedConnectResponse('network').toString(),
    'HTTP/1.1 503 Service Unavailable\r\nX-Reason: Server configuration error\r\n\r\n',
  );
});

test('a fixed document carries the version header and the configured headers last', () => {
  assert.equal(
    documentResponse(0, 'text/xml', '0,0,0000\n', ['X-Frame-Options: deny']).toString(),
    'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Type: text/xml\r\nX-Transcend-Version: 1\r\n' +
      'Content-Length: 9\r\nX-Frame-Options: deny\r\n\r\n0,0,0000\n',
  );
});

test('the form response has no Connection header and counts bytes, not characters', () => {
  assert.equal(
    formResponse({
      minorVersion: 1,
      document: 'é',
      includedHeaders: [],
      contextCookie: 'webvpncontext=x',
    }).toString(),
    'HTTP/1.1 200 OK\r\nSet-Cookie: webvpncontext=x\r\nContent-Type: text/xml; charset=utf-8\r\n' +
      'Content-Length: 2\r\nX-Transcend-Version: 1\r\n\r\né',
  );
});

test('included headers stand before the last cookie of the success response', () => {
  const text = successResponse({
    minorVersion: 1,
    document: 'doc',
    includedHeaders: ['X-Extra: 1'],
    cookies: [['a=1', 'b=2'], 'c=3'],
  }).toString();
  assert.equal(
    text,
    'HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 3\r\n' +
      'X-Transcend-Version: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Extra: 1\r\nSet-Cookie: c=3\r\n\r\ndoc',
  );
});
