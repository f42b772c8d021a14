// The login dialogue as a state machine: what the client or the security module says moves it, and each move says
// what to do next. Pure; login.ts carries out the actions.
import type { AuthenticatorStep } from '../interfaces/index.ts';
import {
  canonicalCookie,
  promptMessage,
  type HttpCredentials,
  type HttpScheme,
  type LoginFields,
} from '../protocol/index.ts';

export type LoginState =
  | { readonly name: 'idle' }
  /** The security module has the word; `asked` is what to fall back to if it has no answer. */
  | { readonly name: 'waiting'; readonly asked: Asked | undefined }
  | { readonly name: 'asking'; readonly asked: Asked }
  /** By HTTP authentication: the client's next token is due. */
  | { readonly name: 'negotiating'; readonly context: string }
  | { readonly name: 'done' }
  | { readonly name: 'over' };

export interface Asked {
  readonly context: string;
  readonly message: string;
  readonly promptNumber: number;
}

export type LoginEvent =
  /** With credentials it is a login: openconnect shows a bearer token with GET. */
  | { readonly name: 'formWanted'; readonly httpCredentials?: HttpCredentials | undefined }
  | {
      readonly name: 'posted';
      readonly fields: LoginFields;
      readonly context: string | undefined;
      readonly httpCredentials?: HttpCredentials | undefined;
    }
  | { readonly name: 'stepped'; readonly step: AuthenticatorStep }
  /** The security module does not know the login any more. */
  | { readonly name: 'contextLost' }
  | { readonly name: 'unavailable' };

export interface LoginPolicy {
  readonly asksPassword: boolean;
  /** The login goes by HTTP authentication, not by a form. */
  readonly httpScheme: HttpScheme | undefined;
  /** There is another way in when HTTP authentication fails. */
  readonly hasFallback: boolean;
  /** The certificate that was presented has been refused. */
  readonly isRefused: boolean;
  /** A certificate is needed, and there is none: the security module says so, and counts it. */
  readonly lacksCertificate: boolean;
  /** The certificate suffices, but its owner has to choose a group. */
  readonly mustChooseGroup: boolean;
}

export type LoginAction =
  | { readonly do: 'showForm' }
  | { readonly do: 'showPrompt'; readonly asked: Asked }
  | { readonly do: 'challenge'; readonly scheme: HttpScheme; readonly token?: string | undefined }
  /** Begin again with the next slot. */
  | { readonly do: 'fallBack' }
  | {
      readonly do: 'start';
      readonly username: string;
      readonly password: string | undefined;
      /** In the place of name and password. */
      readonly token?: string;
    }
  | { readonly do: 'continue'; readonly context: string; readonly answer: string }
  | { readonly do: 'succeed'; readonly cookie: string; readonly step: AuthenticatorStep }
  | { readonly do: 'refuse'; readonly reason: string }
  | { readonly do: 'sayUnavailable' };

export type Move = readonly [LoginState, LoginAction];

const idle: LoginState = { name: 'idle' };
const contextPattern = /^[A-Za-z0-9+/=_-]{1,128}$/;

export function moveLogin(state: LoginState, event: LoginEvent, policy: LoginPolicy): Move {
  switch (event.name) {
    case 'formWanted':
      if (event.httpCredentials !== undefined && policy.httpScheme !== undefined) {
        return takePost(state, { ...event, name: 'posted', fields: {}, context: undefined }, policy);
      }
      if (state.name === 'idle' && policy.httpScheme !== undefined) return challenge(policy.httpScheme);
      return state.name === 'asking' ? ask(state.asked) : [state, { do: 'showForm' }];
    case 'posted':
      return takePost(state, event, policy);
    case 'stepped':
      return state.name === 'waiting' ? takeStep(event.step, policy) : refuse('Internal error');
    case 'contextLost':
      if (state.name !== 'waiting') return refuse('Internal error');
      return policy.httpScheme === undefined ? [idle, { do: 'showForm' }] : challenge(policy.httpScheme);
    case 'unavailable': {
      const asked = state.name === 'waiting' ? state.asked : undefined;
      return [asked === undefined ? idle : { name: 'asking', asked }, { do: 'sayUnavailable' }];
    }
  }
}

function takePost(
  state: LoginState,
  { fields, context, httpCredentials }: Extract<LoginEvent, { name: 'posted' }>,
  policy: LoginPolicy,
): Move {
  const { username, password } = fields;
  if (state.name === 'asking') {
    if (password === undefined) return ask(state.asked);
    return [
      { name: 'waiting', asked: state.asked },
      { do: 'continue', context: state.asked.context, answer: password },
    ];
  }
  if (state.name === 'negotiating') return takeToken(state.context, httpCredentials);
  // One login a connection: after success, and while one is under way, another is refused.
  if (state.name !== 'idle') return refuse();
  if (policy.isRefused) return refuse();
  if (policy.lacksCertificate) return start('', undefined);
  if (policy.httpScheme !== undefined) return takeHttpCredentials(policy.httpScheme, httpCredentials);
  if (!policy.asksPassword) return policy.mustChooseGroup ? [idle, { do: 'showForm' }] : start('', undefined);
  if (username === undefined || username === '') {
    // Cisco clients may come back on a new connection with the answer alone.
    if (context === undefined || password === undefined) return [idle, { do: 'showForm' }];
    return [
      { name: 'waiting', asked: undefined },
      { do: 'continue', context, answer: password },
    ];
  }
  return password === undefined ? refuse('No password') : start(username, password);
}

function takeHttpCredentials(scheme: HttpScheme, given: HttpCredentials | undefined): Move {
  if (given === undefined) return challenge(scheme);
  if (given.scheme !== scheme.toLowerCase() || given.token === '') return refuse();
  return [
    { name: 'waiting', asked: undefined },
    { do: 'start', username: '', password: undefined, token: given.token },
  ];
}

/** The next token of a negotiation. One that is none is for the security module to count. */
function takeToken(context: string, given: HttpCredentials | undefined): Move {
  const answer = given?.scheme === 'negotiate' ? given.token : '';
  return [
    { name: 'waiting', asked: undefined },
    { do: 'continue', context, answer },
  ];
}

function challenge(scheme: HttpScheme): Move {
  return [idle, { do: 'challenge', scheme }];
}

function start(username: string, password: string | undefined): Move {
  return [
    { name: 'waiting', asked: undefined },
    { do: 'start', username, password },
  ];
}

function takeStep(step: AuthenticatorStep, { httpScheme, hasFallback }: LoginPolicy): Move {
  if (step.outcome === 'no') {
    const isOver = httpScheme !== 'Negotiate' || !hasFallback;
    return isOver ? refuse(refusalReason(step.reason)) : [idle, { do: 'fallBack' }];
  }
  if (step.outcome === 'yes') {
    const cookie = step.cookie === undefined ? undefined : canonicalCookie(step.cookie);
    return cookie === undefined
      ? refuse('Internal error')
      : [{ name: 'done' }, { do: 'succeed', cookie, step }];
  }
  const { context, token } = step;
  if (context === undefined || !contextPattern.test(context)) return refuse('Internal error');
  if (httpScheme !== undefined) {
    return [
      { name: 'negotiating', context },
      { do: 'challenge', scheme: httpScheme, token },
    ];
  }
  return ask({ context, message: promptMessage(step.prompt), promptNumber: step.promptNumber ?? 0 });
}

function ask(asked: Asked): Move {
  return [
    { name: 'asking', asked },
    { do: 'showPrompt', asked },
  ];
}

function refuse(reason = 'Authentication failed'): Move {
  return [{ name: 'over' }, { do: 'refuse', reason }];
}

/** The reason goes on a status line, so it must be plain text. */
function refusalReason(reason: string | undefined): string {
  return reason !== undefined && /^[\x20-\x7e]{1,80}$/.test(reason) ? reason : 'Authentication failed';
}
