// Logins under way. Called by the Authenticator doors of the workers; what a login comes to is decided by
// auth/combine.ts, here it gets its context, its timers and its consequences.
//
// 1 start: ticket, host, slot; one unfinished login per connection. 2 the back end is asked with each answer.
// 3 a failed answer costs points and leaves a line in the log. 4 a granted login becomes a session with a cookie.
import { randomBytes } from 'node:crypto';
import type { Settings } from '../config/index.ts';
import { userNameProblem } from '../passwd/index.ts';
import type { BackendReply, Conversation, SessionSupplement } from './auth/backend.ts';
import type { Backends } from './auth/backends.ts';
import {
  backendOf,
  begun,
  slotsOf,
  stepLogin,
  type LoginEvent,
  type LoginRules,
  type LoginState,
  type Verdict,
} from './auth/combine.ts';
import type { Clock } from './clock.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import { quoted, shortId, type Log } from './log.ts';
import type { PresentedCertificates } from './presented.ts';
import { newSessionId, type SessionTable } from './sessions.ts';
import type { AuthStatistics } from './statistics.ts';
import type { UserThrottle } from './throttle.ts';
import type { Ticket } from './tickets.ts';

export interface Step {
  readonly outcome: 'ask' | 'no' | 'yes';
  readonly context?: string;
  readonly prompt?: string;
  readonly promptNumber?: number;
  readonly reason?: string;
  readonly cookie?: string;
  readonly username?: string;
  readonly groupname?: string;
  /** base64, for the client's software. */
  readonly token?: string;
  /** Put beside the cookie by security-module.ts. */
  readonly profile?: { readonly name: string; readonly sha1: string };
}

export interface LoginRequest {
  readonly vhost: string;
  readonly method: number;
  readonly credentials: {
    readonly username: string;
    readonly password?: string | undefined;
    readonly token?: string | undefined;
    readonly group?: string | undefined;
  };
  readonly userAgent?: string | undefined;
}

/** A host as the logins see it. */
export interface LoginHost {
  /** "default" for the default host. */
  readonly name: string;
  /** "vhost:NAME: " in front of log texts; empty for the default host. */
  readonly logPrefix: string;
  readonly settings: Settings;
  readonly backends: Backends;
}

export interface LoginsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly failures: FailedAttempts;
  readonly statistics: AuthStatistics;
  readonly throttle: UserThrottle;
  readonly sessions: SessionTable;
  readonly presented: PresentedCertificates;
  /** The answer to a failed attempt takes at least so long, whatever was wrong. */
  readonly failureDelayMs: number;
  host(vhost: string): LoginHost | undefined;
}

interface Login {
  readonly context: string;
  readonly sessionId: string;
  readonly host: LoginHost;
  /** Empty as long as only a token says who it is. */
  username: string;
  readonly userAgent: string | undefined;
  readonly rules: LoginRules;
  readonly methodName: string;
  readonly startedAt: number;
  readonly conversation: Conversation | undefined;
  /** Longest answer that its back end is given. */
  readonly answerCharacters: number;
  /** The connection that goes on with it: a client may come back on another one. */
  ticket: Ticket;
  state: LoginState;
  /** The last step was a failed attempt. */
  hasJustFailed: boolean;
  /** What the back end said with its acceptance. */
  supplement: SessionSupplement | undefined;
  cancelTimer: () => void;
}

/** A login lasts no longer than this where `auth-timeout` is 0. */
const LONGEST_LOGIN_MS = 3_600_000;
const MAX_LOGINS = 65_536;
/** What no person types is cut; a cut password is wrong all the same. */
const MAX_PASSWORD_CHARACTERS = 4_096;
/** All headers of a request together have no more. */
const MAX_TOKEN_CHARACTERS = 16_384;
const REFUSED: Step = { outcome: 'no', reason: 'Authentication failed' };
const INTERNAL: Step = { outcome: 'no', reason: 'Internal error' };

export class Logins {
  readonly #options: LoginsOptions;
  readonly #byContext = new Map<string, Login>();
  /** Connections with an unfinished login. */
  readonly #byConnection = new Map<number, Login>();
  /** Wrong answers on a connection, which a client cannot shed by beginning again. */
  readonly #wrongOnConnection = new Map<number, number>();

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byContext.size;
  }

  async start(ticket: Ticket, request: LoginRequest): Promise<Step> {
    const { clock, log } = this.#options;
    const host = this.#options.host(request.vhost);
    const slot =
      host && slotsOf(namesOf(host.settings.auth), namesOf(host.settings['enable-auth']))[request.method];
    if (host === undefined || slot === undefined) {
      log.error(`unknown virtual host ${quoted(request.vhost)} or method ${request.method} in a login`);
      return INTERNAL;
    }
    const { username } = request.credentials;
    const unfinished = this.#byConnection.get(ticket.connectionId);
    if (unfinished !== undefined) {
      this.#apply(unfinished, { kind: 'abandoned' });
      const { methodName, sessionId } = unfinished;
      this.#failed(host, ticket, { username, methodName, sessionId }, 'second login on one connection');
      return REFUSED;
    }
    if (this.#byContext.size >= MAX_LOGINS) return INTERNAL;
    const backendName = backendOf(slot);
    const backend = backendName && host.backends.get(backendName);
    if (backendName !== undefined && backend === undefined) return INTERNAL;
    const certificate = slot.methods.includes('certificate')
      ? this.#options.presented.find(ticket.connectionId, host.name)
      : undefined;
    const group = request.credentials.group;
    const isGroupRequested =
      group !== undefined && group !== '' && group !== host.settings['default-select-group'];
    const spent = this.#wrongOnConnection.get(ticket.connectionId) ?? 0;
    const sessionId = newSessionId();
    const login: Login = {
      context: randomBytes(24).toString('base64url'),
      sessionId,
      host,
      // A login by certificate alone has no other name than the certificate's.
      username: backendName === undefined ? (certificate?.username ?? '') : username,
      userAgent: request.userAgent,
      rules: {
        slot,
        tries: Math.max(1, (backend?.tries ?? 1) - spent),
        requestedGroup: isGroupRequested ? group : undefined,
        certificateNamesGroups: host.settings['cert-group-oid'] !== undefined,
      },
      methodName: slot.methods.join('+'),
      startedAt: clock.now(),
      conversation: backend?.begin({
        username,
        remoteAddress: ticket.remoteAddress,
        localAddress: ticket.localAddress,
        userAgent: request.userAgent,
        sessionId,
        hasCertificate: certificate !== undefined,
      }),
      answerCharacters: backend?.isByToken ? MAX_TOKEN_CHARACTERS : MAX_PASSWORD_CHARACTERS,
      ticket,
      state: begun,
      hasJustFailed: false,
      supplement: undefined,
      cancelTimer: () => {},
    };
    const prefix = host.logPrefix;
    const session = `(session: ${shortId(login.sessionId)})`;
    const inGroup = isGroupRequested ? ` of group: ${quoted(group)}` : '';
    log.debug(
      `${prefix}auth init for user ${quoted(login.username)} ${session}${inGroup} from '${ticket.remoteAddress}'`,
    );
    log.info(`${prefix}using '${login.methodName}' authentication to authenticate user ${session}`);
    this.#byContext.set(login.context, login);
    this.#byConnection.set(ticket.connectionId, login);
    this.#armTimer(login);

    return this.#paced(login, async () => {
      const first = this.#apply(login, { kind: 'begin', certificate });
      if (first.outcome !== 'ask') return first;
      const { password, token } = request.credentials;
      const isByToken = backend?.isByToken ?? false;
      if (isByToken ? token === undefined : username === '') {
        // Nobody to ask for: fails like a wrong password, for good.
        this.#apply(login, { kind: 'answer' });
        const reason = isByToken ? 'no token' : 'no user name';
        return this.#apply(login, { kind: 'rejected', reason, isFinal: true });
      }
      const answer = isByToken ? token : password;
      return answer === undefined ? first : this.#answer(login, answer);
    });
  }

  /** Undefined: no such login, or not from this address. */
  async continue(ticket: Ticket, context: string, answer: string): Promise<Step | undefined> {
    const login = this.#byContext.get(context);
    // Cisco clients come back on a new connection between two forms; the address must be the same.
    if (login === undefined || login.ticket.remoteAddress !== ticket.remoteAddress) return undefined;
    if (login.ticket.connectionId !== ticket.connectionId) {
      const other = this.#byConnection.get(ticket.connectionId);
      if (other !== undefined && other !== login) this.#apply(other, { kind: 'abandoned' });
      this.#byConnection.delete(login.ticket.connectionId);
      this.#byConnection.set(ticket.connectionId, login);
      login.ticket = ticket;
      this.#armTimer(login);
    }
    return this.#paced(login, () => this.#answer(login, answer));
  }

  abandon(ticket: Ticket, context: string): boolean {
    const login = this.#byContext.get(context);
    if (login === undefined || login.ticket.remoteAddress !== ticket.remoteAddress) return false;
    this.#apply(login, { kind: 'abandoned' });
    return true;
  }

  /** Logins from a banned address fail, even with the right password. IPv6 addresses are banned by /64. */
  addressBanned(address: string): void {
    const banned = banKey(address);
    for (const login of [...this.#byContext.values()]) {
      if (banKey(login.ticket.remoteAddress) !== banned) continue;
      // No failure of this login, so it costs no points of its own.
      const { host, username, sessionId } = login;
      this.#options.log.notice(
        `${host.logPrefix}ending the login of user ${quoted(username)} (session: ${shortId(sessionId)}): ` +
          `address '${address}' is banned`,
      );
      this.#apply(login, { kind: 'banned' });
    }
  }

  stop(): void {
    for (const login of [...this.#byContext.values()]) this.#apply(login, { kind: 'abandoned' });
  }

  /** A refusal comes after the same time, be it quick or slow to find. */
  async #paced(login: Login, step: () => Promise<Step>): Promise<Step> {
    const { clock, failureDelayMs } = this.#options;
    const begunAt = clock.now();
    const result = await step();
    const restMs = login.hasJustFailed ? begunAt + failureDelayMs - clock.now() : 0;
    if (restMs > 0) await new Promise<void>((resolve) => void clock.after(restMs, resolve));
    return result;
  }

  async #answer(login: Login, answer: string): Promise<Step> {
    const step = this.#apply(login, { kind: 'answer' });
    if (step.outcome === 'no') return step;
    const delayMs = this.#options.throttle.delayMs(login.username);
    if (delayMs > 0) await new Promise<void>((resolve) => void this.#options.clock.after(delayMs, resolve));
    let reply: BackendReply;
    try {
      const given = answer.slice(0, login.answerCharacters);
      reply = (await login.conversation?.answer(given)) ?? { kind: 'unavailable', reason: 'no back end' };
    } catch {
      // A back end says 'unavailable' itself; this is for the unforeseen, of which the text may hold anything.
      reply = { kind: 'unavailable', reason: 'unexpected failure' };
    }
    if (reply.kind === 'unavailable') {
      const { host, username, sessionId } = login;
      this.#options.log.error(
        `${host.logPrefix}cannot authenticate user ${quoted(username)} (session: ${shortId(sessionId)}): ${reply.reason}`,
      );
    }
    const problem = reply.kind === 'accepted' ? userNameProblem(reply.username) : undefined;
    if (problem !== undefined) reply = { kind: 'rejected', reason: `user name ${problem}`, isFinal: false };
    if (reply.kind === 'accepted') {
      login.supplement = reply.supplement;
      if (login.username === '') login.username = reply.username;
    }
    const result = this.#apply(login, reply);
    const message = reply.kind === 'accepted' && result.outcome === 'yes' ? reply.message : undefined;
    const token = 'token' in reply && result.outcome !== 'no' ? reply.token : undefined;
    return {
      ...result,
      ...(message === undefined ? {} : { prompt: message }),
      ...(token === undefined ? {} : { token }),
    };
  }

  /** One step of the state machine and what follows from its verdict. */
  #apply(login: Login, event: LoginEvent): Step {
    const wasFinished = login.state.phase === 'granted' || login.state.phase === 'refused';
    const { state, verdict } = stepLogin(login.rules, login.state, event);
    login.state = state;
    login.hasJustFailed = 'failure' in verdict;
    // The end of this login came while the back end was at work (ban, time-out, another answer).
    if (wasFinished) return REFUSED;
    this.#log(login, event, verdict);
    switch (verdict.say) {
      case 'check':
        return { outcome: 'ask', context: login.context };
      case 'ask':
        return {
          outcome: 'ask',
          context: login.context,
          promptNumber: verdict.promptNumber,
          ...(verdict.prompt === undefined ? {} : { prompt: verdict.prompt }),
        };
      case 'no':
        this.#finish(login);
        return { outcome: 'no', reason: verdict.reason };
      case 'yes':
        this.#finish(login);
        return this.#granted(login, verdict.username, verdict.groupname);
    }
  }

  #granted(login: Login, username: string, groupname: string | undefined): Step {
    const { clock, log, sessions, statistics, throttle } = this.#options;
    const { host, sessionId, state } = login;
    throttle.succeeded(username);
    statistics.authenticated((clock.now() - login.startedAt) / 1000);
    const cookie = sessions.issue({
      sessionId,
      username,
      groupname,
      vhost: host.name,
      userAgent: login.userAgent,
      loginAddress: login.ticket.remoteAddress,
      certificateAuth: state.certificate !== undefined,
      certificateUser: state.certificate?.username,
      supplement: login.supplement,
      cookieTimeoutSeconds: host.settings['cookie-timeout'],
    });
    const inGroup = groupname === undefined ? '' : ` of group: ${quoted(groupname)}`;
    log.debug(
      `${host.logPrefix}auth complete for user ${quoted(username)} (session: ${shortId(sessionId)})${inGroup}`,
    );
    return { outcome: 'yes', cookie, username, ...(groupname === undefined ? {} : { groupname }) };
  }

  #log(login: Login, event: LoginEvent, verdict: Verdict): void {
    if ((verdict.say !== 'ask' && verdict.say !== 'no') || verdict.failure === undefined) return;
    const { host, ticket, username, sessionId } = login;
    const { log } = this.#options;
    const session = `(session: ${shortId(sessionId)})`;
    if (event.kind === 'rejected') {
      log.debug(
        `${host.logPrefix}error in password given in auth cont for user ${quoted(username)} ${session}`,
      );
    }
    if (event.kind === 'accepted') {
      log.notice(
        `${host.logPrefix}user ${quoted(username)} ${session} was refused after authentication: ${verdict.failure}`,
      );
    }
    this.#failed(host, ticket, login, verdict.failure);
    if (verdict.say === 'no' && login.rules.slot.methods.includes('plain')) {
      log.notice(`plain-auth: error authenticating user ${quoted(username)}`);
    }
  }

  /** One failed attempt: log line, points, statistics, throttle. */
  #failed(
    host: LoginHost,
    ticket: Ticket,
    login: Pick<Login, 'username' | 'methodName' | 'sessionId'>,
    reason: string,
  ): void {
    const { failures, throttle } = this.#options;
    const { username, methodName, sessionId } = login;
    throttle.failed(username);
    this.#countWrong(ticket);
    failures.report({
      logPrefix: host.logPrefix,
      address: ticket.remoteAddress,
      connectionId: ticket.connectionId,
      username,
      method: methodName,
      reason,
      sessionId,
      points: host.settings['ban-points-wrong-password'],
    });
  }

  #countWrong(ticket: Ticket): void {
    const { connectionId } = ticket;
    const known = this.#wrongOnConnection.get(connectionId);
    this.#wrongOnConnection.set(connectionId, (known ?? 0) + 1);
    // A ticket is refused when it is older than a login may last, so the count may go then.
    if (known === undefined) {
      this.#options.clock.after(LONGEST_LOGIN_MS, () => void this.#wrongOnConnection.delete(connectionId));
    }
  }

  #armTimer(login: Login): void {
    const { clock } = this.#options;
    login.cancelTimer();
    const limitMs = loginLimitMs(login.host.settings);
    const restMs = Math.max(0, login.ticket.acceptedAt + limitMs - clock.now());
    login.cancelTimer = clock.after(restMs, () => void this.#apply(login, { kind: 'expired' }));
  }

  #finish(login: Login): void {
    login.cancelTimer();
    login.conversation?.close();
    this.#byContext.delete(login.context);
    const { connectionId } = login.ticket;
    if (this.#byConnection.get(connectionId) === login) this.#byConnection.delete(connectionId);
  }
}

/** How long after its acceptance a connection may log in. */
export function loginLimitMs(settings: Settings): number {
  const seconds = settings['auth-timeout'];
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_LOGIN_MS) : LONGEST_LOGIN_MS;
}

function namesOf(methods: Settings['auth']) {
  return methods.map((method) => method.name);
}

/** What an address is banned as: itself, an IPv6 address by its first 64 bits. */
export function banKey(address: string): string {
  const plain = address
    .replace(/\/\d+$/, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...new Array<string>(zeros).fill('0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
