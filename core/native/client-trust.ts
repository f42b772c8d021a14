// Whom client certificates must come from, judged by OpenSSL exactly as in a worker's handshake. Called by the
// security module, which judges again what a worker shows it.
import { addon } from './addon.ts';

export interface NameAttribute {
  /** Dotted. */
  readonly oid: string;
  readonly value: string;
}

export interface ClientIdentity {
  /** Why the chain is not to be trusted, in OpenSSL's words; the rest is then only what somebody claims. */
  readonly problem: string | undefined;
  /** The distinguished name of the leaf, in its order. */
  readonly subject: readonly NameAttribute[];
  /** rfc822 names of the leaf's subjectAltName, in order. */
  readonly emails: readonly string[];
}

export interface RevocationList {
  /** Distinguished name on one line. */
  readonly issuer: string;
  /** Its nextUpdate has passed. What it revokes stays revoked. */
  readonly isOutOfDate: boolean;
}

/** Immutable; freed by the garbage collector. */
export interface ClientTrust {
  /** `chain`: DER, leaf first. Chain, dates, purpose (clientAuth, any, or none named) and revocation are checked. */
  identify(chain: readonly Buffer[]): ClientIdentity;
  revocationLists(): readonly RevocationList[];
}

const raw = addon as { ClientTrust: new (authorities: string, revocation: string) => ClientTrust };

/** PEM both; without lists nothing is revoked. Throws with OpenSSL's words when one cannot be used. */
export function createClientTrust(authorities: string, revocation: string | undefined): ClientTrust {
  return new raw.ClientTrust(authorities, revocation ?? '');
}
