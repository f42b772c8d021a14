// The gssapi method: the client's token (SPNEGO, Kerberos inside) says who it is; no password is seen. The library checks
// it (core/native/gssapi.ts), here it is decided whether that is enough: a name of this machine, a recent ticket.
import type { GssapiCredentials, GssapiNegotiation, GssapiStep } from '../../native/index.ts';
import type { Clock } from '../clock.ts';
import { quoted, type Log } from '../log.ts';
import type { Backend, BackendReply, Conversation } from './backend.ts';
import type { StartPam } from './pam.ts';
import { cachedGroups, groupsOfUser } from './system-groups.ts';

/** How the keys are opened; of core/native but in tests. Throws an Error with the library's words. */
export type AcquireGssapi = (keytab: string | undefined) => GssapiCredentials;

export interface GssapiOptions {
  /** Undefined: the system's. */
  readonly keytab: string | undefined;
  /** The user is what auth_to_local makes of the principal, or nobody; else it is the principal itself. */
  readonly requiresLocalUser: boolean;
  /** Seconds since the person proved who he is; undefined: any ticket that is valid. */
  readonly freshnessSeconds: number | undefined;
  /** Groups with a lower id are left out of auto-select-group. */
  readonly lowestGid: number;
  readonly acquireGssapi: AcquireGssapi;
  readonly startPam: StartPam;
  readonly clock: Clock;
  readonly log: Log;
}

/** Kerberos takes one round, with a wrong guess of the mechanism two. */
const MAX_ROUNDS = 4;
const MAX_REASON_CHARACTERS = 300;
/** As the C program: a principal of 64 bytes or more is refused. */
const MAX_PRINCIPAL_BYTES = 63;

/** Throws an Error with the text for the log when there are no keys. */
export function gssapiBackend(options: GssapiOptions): Backend {
  let credentials: GssapiCredentials;
  try {
    credentials = options.acquireGssapi(options.keytab);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const where = options.keytab ?? "the system's keytab";
    throw new Error(`gssapi: ${problem}; expected the key of a service in ${where}`, { cause: error });
  }
  return {
    name: 'gssapi',
    isByToken: true,
    tries: 1,
    begin: () => new GssapiConversation(options, credentials.begin()),
    listGroups: cachedGroups({ ...options, title: 'gssapi-auth' }),
  };
}

class GssapiConversation implements Conversation {
  readonly #options: GssapiOptions;
  readonly #negotiation: GssapiNegotiation;
  #rounds = 0;

  constructor(options: GssapiOptions, negotiation: GssapiNegotiation) {
    this.#options = options;
    this.#negotiation = negotiation;
  }

  async answer(text: string): Promise<BackendReply> {
    const token = readToken(text);
    if (token === undefined) return refused('not a token');
    this.#rounds += 1;
    if (this.#rounds > MAX_ROUNDS) return refused('too many rounds');
    const step = await this.#negotiation.accept(token);
    switch (step.state) {
      case 'failed':
        return refused(`token refused: ${inWords(step.problem)}`);
      case 'underWay':
        return { kind: 'prompted', prompt: '', promptNumber: 0, token: step.token.toString('base64') };
      case 'done':
        return this.#judge(step);
    }
  }

  close(): void {
    // Nothing to end: the negotiation is gone with this object.
  }

  async #judge(step: Extract<GssapiStep, { state: 'done' }>): Promise<BackendReply> {
    const username = userOf(step, this.#options);
    if ('problem' in username) return refused(username.problem);
    const found = await groupsOfUser(this.#options, username.name);
    if ('problem' in found) return { kind: 'unavailable', reason: `groups of the user: ${found.problem}` };
    return {
      kind: 'accepted',
      username: username.name,
      groups: found.groups,
      ...(step.token.length === 0 ? {} : { token: step.token.toString('base64') }),
    };
  }
}

/** Who the sender of a good token is to us. */
function userOf(
  { principal, localName, authenticatedAt, isAnonymous }: Extract<GssapiStep, { state: 'done' }>,
  { requiresLocalUser, freshnessSeconds, clock }: GssapiOptions,
): { readonly name: string } | { readonly problem: string } {
  const whose = `ticket of ${quoted(principal)}`;
  if (isAnonymous) return { problem: 'anonymous ticket' };
  if (freshnessSeconds !== undefined) {
    if (authenticatedAt === undefined) return { problem: `${whose} without a time` };
    if (clock.now() / 1000 > authenticatedAt + freshnessSeconds) {
      return { problem: `${whose} is older than tgt-freshness-time (${freshnessSeconds} s)` };
    }
  }
  if (requiresLocalUser) {
    return localName === undefined ? { problem: `${whose} maps to no local user` } : { name: localName };
  }
  return Buffer.byteLength(principal) > MAX_PRINCIPAL_BYTES
    ? { problem: `${whose}: the name is too long` }
    : { name: principal };
}

function refused(reason: string): BackendReply {
  return { kind: 'rejected', reason, isFinal: true };
}

/** base64, whole and without anything else; undefined: it is not. */
export function readToken(text: string): Buffer | undefined {
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** The library's words may hold a principal of the client's choice. */
function inWords(problem: string): string {
  const text = problem.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029'\\]/g, '?').toWellFormed();
  return text.slice(0, MAX_REASON_CHARACTERS);
}
