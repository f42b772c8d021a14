// What a server under camouflage says to somebody who does not know the secret: what any web server says that lets nobody in
// (with a realm) or has nothing to show (without). One answer for every path and method, and the usual one for what is no
// request at all; nothing in it is peculiar to this server. Called by the worker; pure.
import { response } from './responses.ts';

/** The request's target without the secret; undefined if `isSecret` does not know what stands behind the first "?". */
export function revealTarget(target: string, isSecret: (query: string) => boolean): string | undefined {
  const mark = target.indexOf('?');
  if (mark < 0 || !isSecret(target.slice(mark + 1))) return undefined;
  return target.slice(0, mark);
}

export interface CamouflageAnswer {
  readonly minorVersion: 0 | 1;
  readonly method: string;
  readonly realm: string | undefined;
  readonly now: Date;
}

export function camouflageResponse({ minorVersion, method, realm, now }: CamouflageAnswer): Buffer {
  const [status, reason] =
    realm === undefined ? ([404, 'Not Found'] as const) : ([401, 'Unauthorized'] as const);
  return page(
    { minorVersion, status, reason, now },
    method,
    realm === undefined ? [] : [`WWW-Authenticate: Basic realm="${realm.replace(/["\\]/g, '\\$&')}"`],
  );
}

/** CONNECT, which a web server does not do, whatever cookie it carries. */
export function camouflagedConnectResponse(now: Date): Buffer {
  const status = { minorVersion: 1, status: 405, reason: 'Method Not Allowed', now } as const;
  return page(status, 'CONNECT', ['Allow: GET, HEAD, POST']);
}

/** Bytes that are no request. */
export function camouflagedMistakeResponse(now: Date): Buffer {
  return page({ minorVersion: 1, status: 400, reason: 'Bad Request', now }, 'GET', []);
}

interface Status {
  readonly minorVersion: 0 | 1;
  readonly status: number;
  readonly reason: string;
  readonly now: Date;
}

function page(
  { minorVersion, status, reason, now }: Status,
  method: string,
  headers: readonly string[],
): Buffer {
  const body = `<html><body><h1>${String(status)} ${reason}</h1></body></html>\r\n`;
  return response({
    minorVersion,
    status,
    reason,
    headers: [
      `Date: ${now.toUTCString()}`,
      ...headers,
      'Content-Type: text/html',
      `Content-Length: ${String(body.length)}`,
      'Connection: close',
    ],
    ...(method === 'HEAD' ? {} : { body }),
  });
}
