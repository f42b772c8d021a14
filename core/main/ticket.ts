// Seals main's statement about an accepted connection. The worker carries it to the security module, which thus
// knows the client's address without trusting the worker. Called by accept.ts; format in ARCHITECTURE.md.
import { createHmac } from 'node:crypto';

export interface TicketStatement {
  readonly workerId: number;
  readonly connectionId: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

export function sealTicket(statement: TicketStatement, key: Buffer): string {
  const text = Buffer.from(JSON.stringify(statement)).toString('base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
