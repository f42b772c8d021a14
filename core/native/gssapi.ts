// Tickets of clients (SPNEGO with Kerberos), checked by MIT Kerberos' library, which is opened when the first
// configuration asks for it. Used by the security module, auth/gssapi.ts.
import { addon } from './addon.ts';

export type GssapiStep =
  /** Why, in the library's words. */
  | { readonly state: 'failed'; readonly problem: string }
  /** The client must answer the token. */
  | { readonly state: 'underWay'; readonly token: Buffer }
  | {
      readonly state: 'done';
      /** For the client; may be empty. */
      readonly token: Buffer;
      /** user@REALM. */
      readonly principal: string;
      /** What auth_to_local of krb5.conf makes of it; absent: nothing. */
      readonly localName?: string;
      /** When the person proved who he is, seconds since 1970; absent: not known. */
      readonly authenticatedAt?: number;
      readonly isAnonymous: boolean;
    };

/** One client's negotiation. Freed by the garbage collector, after the work that is under way. */
export interface GssapiNegotiation {
  /** Off the event loop; may read keytab and replay cache. One at a time. */
  accept(token: Buffer): Promise<GssapiStep>;
}

export interface GssapiCredentials {
  begin(): GssapiNegotiation;
}

const raw = addon as { GssapiCredentials: new (keytab: string) => GssapiCredentials };

/**
 * Keys of any service in a keytab (the system's unless told), which is read again with every ticket. Throws with the
 * library's words when there are none. Reads files, so it is for the start of the server.
 */
export function acquireGssapiCredentials(keytab: string | undefined): GssapiCredentials {
  if (keytab?.includes('\0') === true) throw new TypeError('keytab: expected a file name without NUL');
  return new raw.GssapiCredentials(keytab ?? '');
}
