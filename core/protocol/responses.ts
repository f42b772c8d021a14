// HTTP responses as bytes. They are not written by Node's ServerResponse because clients depend on the order
// of headers and on what is left out. Called by the worker; pure.
import { phoneLoginCookies, phoneSessionCookie } from './cookies.ts';
import { authenticateValue, type HttpScheme } from './http-auth.ts';

export interface ResponseOptions {
  /** Minor version of the request, which the answer repeats. */
  readonly minorVersion: 0 | 1;
  readonly status: number;
  readonly reason: string;
  /** Complete header lines in order, without line end. */
  readonly headers: readonly string[];
  readonly body?: string | Buffer;
}

export function response(options: ResponseOptions): Buffer {
  const { minorVersion, status, reason, headers, body = '' } = options;
  const head = [`HTTP/1.${minorVersion} ${status} ${reason}`, ...headers, '', ''].join('\r\n');
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    typeof body === 'string' ? Buffer.from(body, 'utf8') : body,
  ]);
}

/** 200 with a fixed document, as the static URLs answer. */
export function documentResponse(
  minorVersion: 0 | 1,
  contentType: string,
  body: string | Buffer,
  includedHeaders: readonly string[],
): Buffer {
  return response({
    minorVersion,
    status: 200,
    reason: 'OK',
    headers: [
      'Connection: Keep-Alive',
      `Content-Type: ${contentType}`,
      'X-Transcend-Version: 1',
      contentLength(body),
      ...includedHeaders,
    ],
    body,
  });
}

export function notFoundResponse(minorVersion: 0 | 1): Buffer {
  const body = '<html><body><h1>404 Not Found</h1></body></html>\r\n';
  return response({
    minorVersion,
    status: 404,
    reason: 'Not found',
    headers: [contentLength(body), 'Connection: close'],
    body,
  });
}

/** Answer to a login that is over; the reason is the person's only explanation. */
export function refusedLoginResponse(minorVersion: 0 | 1, reason: string): Buffer {
  return response({ minorVersion, status: 401, reason, headers: ['Content-Length: 0'] });
}

/**
 * A login goes by HTTP authentication. `hasForm`: a client that cannot do that may ask for the form instead. `token`
 * (base64): the server's part of a negotiation under way.
 */
export function challengeResponse(
  minorVersion: 0 | 1,
  scheme: HttpScheme,
  hasForm: boolean,
  token?: string,
): Buffer {
  return response({
    minorVersion,
    status: 401,
    reason: 'Unauthorized',
    headers: [
      // As openconnect knows it.
      ...(hasForm ? ['X-HTTP-Auth-Support: fallback'] : []),
      `WWW-Authenticate: ${authenticateValue(scheme, token)}`,
      'Content-Length: 0',
    ],
  });
}

/** The security module is not there right now. */
export function unavailableResponse(minorVersion: 0 | 1): Buffer {
  return response({
    minorVersion,
    status: 503,
    reason: 'Service Unavailable',
    headers: ['Content-Length: 0', 'Retry-After: 5'],
  });
}

/** 200 with a KDC-PROXY-MESSAGE. */
export function kdcReplyResponse(
  minorVersion: 0 | 1,
  body: Buffer,
  includedHeaders: readonly string[],
): Buffer {
  return response({
    minorVersion,
    status: 200,
    reason: 'OK',
    headers: [
      'Content-Type: application/kerberos',
      contentLength(body),
      'Connection: Keep-Alive',
      ...includedHeaders,
    ],
    body,
  });
}

export type KdcFailure = 'decoding' | 'refused' | 'connect' | 'send' | 'receive';

/** The KDC could not be asked; the words are those of the C program. */
export function kdcFailureResponse(minorVersion: 0 | 1, failure: KdcFailure): Buffer {
  const words: Readonly<Record<KdcFailure, string>> = {
    decoding: 'DER decoding error',
    refused: 'request refused',
    connect: 'error connecting to server',
    send: 'error sending to server',
    receive: 'error receiving from server',
  };
  return response({
    minorVersion,
    status: 502,
    reason: `kkdcp: ${words[failure]}`,
    headers: ['Content-Length: 0', 'Connection: close'],
  });
}

export type ConnectRefusal = 'noCookie' | 'cookie' | 'unavailable' | 'network' | 'addresses' | 'server';

/** CONNECT refused: 401 makes a client log in again, 503 makes it come back with the same cookie. */
export function refusedConnectResponse(refusal: ConnectRefusal): Buffer {
  const lines: Readonly<Record<ConnectRefusal, readonly string[]>> = {
    cookie: ['HTTP/1.1 401 Cookie is not acceptable'],
    noCookie: ['HTTP/1.1 503 Service Unavailable'],
    unavailable: ['HTTP/1.1 503 Service Unavailable'],
    network: ['HTTP/1.1 503 Service Unavailable', 'X-Reason: Server configuration error'],
    addresses: ['HTTP/1.1 503 Service Unavailable', 'X-Reason: No free address'],
    server: ['HTTP/1.1 503 Service Unavailable', 'X-Reason: Server error'],
  };
  return Buffer.from([...lines[refusal], '', ''].join('\r\n'), 'latin1');
}

export interface LoginResponseOptions {
  readonly minorVersion: 0 | 1;
  readonly document: string;
  readonly includedHeaders: readonly string[];
}

const xmlContent = 'Content-Type: text/xml; charset=utf-8';

/** 200 with a login form; `contextCookie` is a Set-Cookie value. */
export function formResponse(options: LoginResponseOptions & { contextCookie: string }): Buffer {
  return response({
    minorVersion: options.minorVersion,
    status: 200,
    reason: 'OK',
    headers: [
      `Set-Cookie: ${options.contextCookie}`,
      xmlContent,
      contentLength(options.document),
      'X-Transcend-Version: 1',
      ...options.includedHeaders,
    ],
    body: options.document,
  });
}

/** 200 at the end of a login; included headers stand before the last cookie. */
export function successResponse(
  options: LoginResponseOptions & {
    cookies: [first: string[], last: string];
    /** Value of WWW-Authenticate: the last word of HTTP authentication. */
    authenticate?: string | undefined;
  },
): Buffer {
  const [first, last] = options.cookies;
  return response({
    minorVersion: options.minorVersion,
    status: 200,
    reason: 'OK',
    headers: [
      'Connection: Keep-Alive',
      ...(options.authenticate === undefined ? [] : [`WWW-Authenticate: ${options.authenticate}`]),
      xmlContent,
      contentLength(options.document),
      'X-Transcend-Version: 1',
      ...first.map((cookie) => `Set-Cookie: ${cookie}`),
      ...options.includedHeaders,
      `Set-Cookie: ${last}`,
    ],
    body: options.document,
  });
}

/** GET /svc, and whatever lacks name or password: a Cisco IP phone then posts them. */
export function phoneFormResponse(minorVersion: 0 | 1, includedHeaders: readonly string[]): Buffer {
  const cookies = phoneLoginCookies().map((cookie) => `Set-Cookie: ${cookie}`);
  return response({
    minorVersion,
    status: 200,
    reason: 'OK',
    headers: ['Content-Length: 0', ...cookies, 'X-Transcend-Version: 1', ...includedHeaders],
  });
}

/** The end of a phone's login. */
export function phoneSuccessResponse(minorVersion: 0 | 1, cookie: string): Buffer {
  return response({
    minorVersion,
    status: 200,
    reason: 'OK',
    headers: [
      'Connection: Keep-Alive',
      'Content-Length: 0',
      `Set-Cookie: ${phoneSessionCookie(cookie)}`,
      'X-Transcend-Version: 1',
    ],
  });
}

function contentLength(body: string | Buffer): string {
  return `Content-Length: ${Buffer.byteLength(body)}`;
}
