// Which of a host's methods a login begins with: slot 0 is what all `auth` lines demand together, each `enable-auth`
// line is an alternative. Only a proposal: the security module checks the slot it is told. Called by login.ts; pure.
import type { WorkerSettings } from '../config/index.ts';

export interface Slot {
  /** As Authenticator.Start counts. */
  readonly index: number;
  readonly methods: readonly string[];
}

export interface SlotFacts {
  /** Presented on this connection, and good. */
  readonly hasCertificate: boolean;
  /** The request carries X-Support-HTTP-Auth, or a token of Negotiate. */
  readonly wantsHttpAuth: boolean;
  /** The request carries a bearer token. */
  readonly hasBearerToken: boolean;
  /** Slots that have failed on this connection, so that the next one has its turn. */
  readonly failed: ReadonlySet<number>;
}

export interface ChosenSlot extends Slot {
  /** It needs a certificate that the client has not presented, and there is no other slot. */
  readonly lacksCertificate: boolean;
}

/** Undefined: every slot has failed. */
export function chooseSlot(
  settings: Pick<WorkerSettings, 'auth' | 'enable-auth'>,
  { hasCertificate, wantsHttpAuth, hasBearerToken, failed }: SlotFacts,
): ChosenSlot | undefined {
  const slots = [settings.auth, ...settings['enable-auth'].map((name) => [name])]
    .map((methods, index) => ({ index, methods }))
    .filter(({ index }) => !failed.has(index));
  const has = ({ methods }: Slot, name: string): boolean => methods.includes(name);
  const possible = slots.filter((slot) => hasCertificate || !has(slot, 'certificate'));
  const [first] = possible;
  if (first === undefined) return slots[0] && { ...slots[0], lacksCertificate: true };
  const byCertificate = hasCertificate ? possible.find((slot) => has(slot, 'certificate')) : undefined;
  // A token says by itself what it is for.
  const byToken = hasBearerToken ? possible.find((slot) => has(slot, 'oidc')) : undefined;
  const byHttp = wantsHttpAuth
    ? (possible.find((slot) => has(slot, 'gssapi')) ?? possible.find((slot) => has(slot, 'oidc')))
    : // A client that says nothing of it gets a form, if there is one: others know no 401.
      possible.find((slot) => !has(slot, 'gssapi'));
  return { ...(byCertificate ?? byToken ?? byHttp ?? first), lacksCertificate: false };
}
