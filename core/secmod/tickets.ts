// main's sealed statement about a connection, checked before anything a worker says of that connection is
// believed: base64url of JSON, a dot, base64url of HMAC-SHA256 over the first part as it stands.
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Ticket {
  readonly workerId: number;
  readonly connectionId: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

const MAX_TICKET_CHARACTERS = 2048;

/** Undefined unless the ticket carries the seal of `key` and every member of its type. */
export function openTicket(sealed: string, key: Buffer): Ticket | undefined {
  if (sealed.length > MAX_TICKET_CHARACTERS) return undefined;
  const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/.exec(sealed);
  const statement = match?.[1];
  const seal = match?.[2];
  if (statement === undefined || seal === undefined) return undefined;
  const expected = createHmac('sha256', key).update(statement).digest();
  const given = Buffer.from(seal, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(statement, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  return isTicket(value) ? value : undefined;
}

function isTicket(value: unknown): value is Ticket {
  if (typeof value !== 'object' || value === null) return false;
  const isCount = (name: string): boolean => Number.isSafeInteger(Reflect.get(value, name));
  const isText = (name: string): boolean => typeof Reflect.get(value, name) === 'string';
  return (
    isCount('workerId') &&
    isCount('connectionId') &&
    isCount('acceptedAt') &&
    isText('remoteAddress') &&
    isText('localAddress')
  );
}
