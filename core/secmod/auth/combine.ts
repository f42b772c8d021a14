// When a login is granted. The one place that decides it; pure, so that all of it can be tested.
//
// A slot is a set of methods that must all be satisfied: slot 0 is every `auth` line (AND), each `enable-auth`
// line is a slot of its own (OR: the worker may begin a login with any of them). In a slot stands at most one
// method with a back end (plain, pam, radius, gssapi, oidc); `certificate` may stand beside it or alone.
//
//   begun ──begin──▶ asking ──answer──▶ checking ──accepted──▶ granted
//                      ▲                   │ │
//                      └─prompted/rejected─┘ └─rejected for good, unavailable──▶ refused
//
// A ban, a time-out, a client that leaves and an answer that nobody asked for end in `refused` from every
// state but `granted`. `granted` and `refused` are final.

export type MethodName = 'certificate' | 'plain' | 'pam' | 'radius' | 'gssapi' | 'oidc';

export interface Slot {
  readonly methods: readonly MethodName[];
}

/** What a certificate says that the security module has verified itself. */
export interface VerifiedCertificate {
  readonly username: string | undefined;
  readonly groups: readonly string[];
}

export interface LoginRules {
  readonly slot: Slot;
  /** How often a wrong answer to the first prompt may be given: 3 where the method can ask again, else 1. */
  readonly tries: number;
  readonly requestedGroup: string | undefined;
  /** `cert-group-oid` is set: the session's group must be one of the certificate's. */
  readonly certificateNamesGroups: boolean;
}

export interface LoginState {
  readonly phase: 'begun' | 'asking' | 'checking' | 'granted' | 'refused';
  readonly certificate: VerifiedCertificate | undefined;
  readonly wrongAnswers: number;
  /** 0 until a further factor is asked for. */
  readonly promptNumber: number;
}

export type LoginEvent =
  | { readonly kind: 'begin'; readonly certificate: VerifiedCertificate | undefined }
  /** The client answered the outstanding prompt. */
  | { readonly kind: 'answer' }
  /** The back end wants something further. A factor's number never goes down. */
  | { readonly kind: 'prompted'; readonly prompt: string; readonly promptNumber: number }
  /** The back end is satisfied. `groups` undefined: it knows of no groups at all (oidc). */
  | { readonly kind: 'accepted'; readonly username: string; readonly groups: readonly string[] | undefined }
  /** The answer was wrong. `isFinal`: the back end does not ask again; else `prompt` may say it in its own words. */
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      readonly isFinal: boolean;
      readonly prompt?: string;
    }
  /** The back end could not tell: nobody's fault but the server's, so it costs no points. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'banned' | 'expired' | 'abandoned' };

/** For the person at the client: the reason on the 401 line. */
export type PublicReason =
  'Authentication failed' | 'No certificate' | 'Could not read certificate' | 'Internal error';

export type Verdict =
  /** Show `prompt` (undefined: the standard text) and wait for an answer. */
  | {
      readonly say: 'ask';
      readonly prompt: string | undefined;
      readonly promptNumber: number;
      readonly failure?: string;
    }
  /** Hand the answer to the back end and come back with what it says. */
  | { readonly say: 'check' }
  /** `failure`: a failed attempt, in words for the log; it is counted and costs points. */
  | { readonly say: 'no'; readonly reason: PublicReason; readonly failure?: string }
  | { readonly say: 'yes'; readonly username: string; readonly groupname: string | undefined };

export const PASSWORD_TRIES = 3;
export const RETRY_PROMPT = 'Login failed.\nPlease enter your password.';

export const begun: LoginState = { phase: 'begun', certificate: undefined, wrongAnswers: 0, promptNumber: 0 };

/** The slots of a host, by number. */
export function slotsOf(auth: readonly MethodName[], enableAuth: readonly MethodName[]): Slot[] {
  return [{ methods: [...new Set(auth)] }, ...enableAuth.map((name) => ({ methods: [name] }))];
}

/** The method of a slot that has a back end; undefined when the slot is `certificate` alone. */
export function backendOf(slot: Slot): Exclude<MethodName, 'certificate'> | undefined {
  return slot.methods.find((name) => name !== 'certificate');
}

/** At least one method, and no two with a back end. */
function isSound({ methods }: Slot): boolean {
  return methods.length > 0 && methods.filter((name) => name !== 'certificate').length <= 1;
}

export function stepLogin(
  rules: LoginRules,
  state: LoginState,
  event: LoginEvent,
): { readonly state: LoginState; readonly verdict: Verdict } {
  if (state.phase === 'granted' || state.phase === 'refused') return refuse(state, 'Authentication failed');
  switch (event.kind) {
    case 'banned':
    case 'expired':
    case 'abandoned':
      return refuse(state, 'Authentication failed');
    case 'begin':
      return state.phase === 'begun' ? begin(rules, state, event.certificate) : outOfTurn(state);
    case 'answer':
      return state.phase === 'asking'
        ? { state: { ...state, phase: 'checking' }, verdict: { say: 'check' } }
        : outOfTurn(state);
    case 'prompted':
      return state.phase === 'checking' ? prompt(state, event.prompt, event.promptNumber) : outOfTurn(state);
    case 'rejected':
      return state.phase === 'checking'
        ? reject(rules, state, event.reason, event.isFinal, event.prompt)
        : outOfTurn(state);
    case 'unavailable':
      return state.phase === 'checking' ? refuse(state, 'Internal error') : outOfTurn(state);
    case 'accepted':
      return state.phase === 'checking'
        ? accept(rules, state, event.username, event.groups)
        : outOfTurn(state);
  }
}

interface Result {
  readonly state: LoginState;
  readonly verdict: Verdict;
}

function begin(rules: LoginRules, state: LoginState, certificate: VerifiedCertificate | undefined): Result {
  const needsCertificate = rules.slot.methods.includes('certificate');
  // The configuration allows no such slot: whichever back end were asked, the others would be passed over.
  if (!isSound(rules.slot)) return refuse(state, 'Internal error');
  if (needsCertificate && certificate === undefined) return refuse(state, 'No certificate', 'no certificate');
  // A certificate that the slot does not ask for gives no rights and sets no conditions.
  const next: LoginState = { ...state, certificate: needsCertificate ? certificate : undefined };
  if (backendOf(rules.slot) !== undefined) {
    return {
      state: { ...next, phase: 'asking' },
      verdict: { say: 'ask', prompt: undefined, promptNumber: 0 },
    };
  }
  // The certificate alone.
  if (certificate?.username === undefined) {
    return refuse(next, 'Could not read certificate', 'the certificate names no user');
  }
  const group = memberGroup(rules.requestedGroup, certificate.groups);
  if (!group.isAllowed) return refuse(next, 'Authentication failed', 'not a member of the requested group');
  return grant(next, certificate.username, group.name);
}

function prompt(state: LoginState, text: string, number: number): Result {
  const promptNumber = Math.max(state.promptNumber, number);
  return {
    state: { ...state, phase: 'asking', promptNumber },
    verdict: { say: 'ask', prompt: text, promptNumber },
  };
}

/** Also where a right password is not enough, so that a refusal tells nothing about the password. */
function reject(
  rules: LoginRules,
  state: LoginState,
  failure: string,
  isFinal: boolean,
  prompt = RETRY_PROMPT,
): Result {
  const wrongAnswers = state.wrongAnswers + 1;
  const next: LoginState = { ...state, wrongAnswers };
  if (isFinal || wrongAnswers >= rules.tries) return refuse(next, 'Authentication failed', failure);
  return {
    state: { ...next, phase: 'asking' },
    verdict: { say: 'ask', prompt, promptNumber: state.promptNumber, failure },
  };
}

function accept(
  rules: LoginRules,
  state: LoginState,
  username: string,
  groups: readonly string[] | undefined,
): Result {
  // A request that the back end cannot confirm is refused, never dropped.
  const group = memberGroup(rules.requestedGroup, groups ?? []);
  if (!group.isAllowed) return reject(rules, state, 'not a member of the requested group', false);
  const { certificate } = state;
  if (certificate !== undefined && certificate.username !== username) {
    return reject(rules, state, 'certificate is for another user', false);
  }
  if (
    certificate !== undefined &&
    rules.certificateNamesGroups &&
    (group.name === undefined || !certificate.groups.includes(group.name))
  ) {
    return reject(rules, state, 'certificate is for another group', false);
  }
  return grant(state, username, group.name);
}

/** Requested: must be a member. Not requested: the first group, if any. */
function memberGroup(requested: string | undefined, groups: readonly string[]) {
  if (requested === undefined) return { isAllowed: true, name: groups[0] };
  return { isAllowed: groups.includes(requested), name: requested };
}

function grant(state: LoginState, username: string, groupname: string | undefined): Result {
  return { state: { ...state, phase: 'granted' }, verdict: { say: 'yes', username, groupname } };
}

/** An answer while another is being checked, or a reply nobody waits for: somebody plays tricks. */
function outOfTurn(state: LoginState): Result {
  return refuse(state, 'Authentication failed', 'answer out of turn');
}

function refuse(state: LoginState, reason: PublicReason, failure?: string): Result {
  const verdict: Verdict = failure === undefined ? { say: 'no', reason } : { say: 'no', reason, failure };
  return { state: { ...state, phase: state.phase === 'granted' ? 'granted' : 'refused' }, verdict };
}
