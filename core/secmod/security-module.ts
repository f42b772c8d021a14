// The security module without its doors: everything it is asked, answered with values. doors.ts turns the
// refusals into Varlink errors; tests call this directly with a clock of their own.
import type { Configuration, SecmodConfiguration, Settings, VirtualHost } from '../config/index.ts';
import type { SessionStore } from '../store/index.ts';
import { Accounting, type Counters, type Tunnel } from './accounting/index.ts';
import { makeBackends, methodProblems, type BackendOptions } from './auth/backends.ts';
import { CertificateMethod } from './auth/certificate.ts';
import { backendOf, slotsOf, type VerifiedCertificate } from './auth/combine.ts';
import type { ClientTrust } from '../native/index.ts';
import { readClientProof } from './client-proof.ts';
import { EventStream } from './events.ts';
import { exposeIroutes, readExposedIroutes } from './exposed-iroutes.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { KeyRing, type KeyFiles, type SignResult } from './keys.ts';
import { quoted, shortId, type Log } from './log.ts';
import { loginLimitMs, Logins, type LoginHost, type LoginRequest, type Step } from './logins.ts';
import { sessionSettings } from './overlays.ts';
import { PresentedCertificates } from './presented.ts';
import { readProfile, type ProfileReading } from './profiles.ts';
import { openRadiusSite, type RadiusSite } from './radius/index.ts';
import { certificateRefusal, judgeReopening, named, type CookieRefusal } from './reopening.ts';
import { SessionTable, type CloseReason, type Session } from './sessions.ts';
import { openAccountingStore, openSessions } from './state.ts';
import { AuthStatistics } from './statistics.ts';
import { UserThrottle } from './throttle.ts';
import { WorkGauge } from './work-gauge.ts';
import { openTicket, type Ticket } from './tickets.ts';

export interface SecurityModuleOptions extends BackendOptions {
  readonly openStore: (file: string) => SessionStore;
  readonly createTrust: (authorities: string, revocation: string | undefined) => ClientTrust;
  /** See LoginsOptions. */
  readonly failureDelayMs: number;
  /** A login or a configuration: work that leaves garbage behind. */
  readonly onWork: () => void;
}

export interface Grant {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname?: string;
  readonly vhost: string;
  readonly startedAt: number;
  readonly loginAddress: string;
  readonly userAgent?: string;
  readonly settings: Settings;
}

export type OpenResult =
  | { readonly grant: Grant }
  | { readonly cookieRefused: CookieRefusal }
  | { readonly settingsRefused: string };

export interface SessionRecord {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname?: string;
  readonly vhost: string;
  readonly userAgent?: string;
  readonly remoteAddress: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly state: 'authenticated';
  readonly isOpen: boolean;
  readonly certificateAuth: boolean;
  readonly inUse: boolean;
}

/** A host as this module keeps it. */
interface Host extends LoginHost {
  /** Undefined where nobody is asked for a certificate. */
  readonly certificates: CertificateMethod | undefined;
  /** Undefined where sessions are not accounted for by RADIUS. */
  readonly accountingSite: RadiusSite | undefined;
  readonly exposedIroutes: readonly string[];
}

interface Running {
  readonly hosts: readonly Host[];
  readonly ticketKey: Buffer;
}

const TICKET_KEY_BYTES = 32;
const DEFAULT_HOST = 'default';
/** main loses patience a little later. */
const SHUT_DOWN_LIMIT_MS = 1_500;

export class SecurityModule {
  readonly events = new EventStream();
  readonly #options: SecurityModuleOptions;
  readonly #statistics = new AuthStatistics();
  readonly #work = new WorkGauge();
  readonly #throttle: UserThrottle;
  readonly #keys: KeyRing;
  readonly #failures: FailedAttempts;
  readonly #presented: PresentedCertificates;
  #running: Running | undefined;
  #sessions: SessionTable | undefined;
  #logins: Logins | undefined;
  #accounting: Accounting | undefined;

  constructor(options: SecurityModuleOptions) {
    const work = this.#work;
    this.#options = { ...options, crypt: (...given) => work.count(options.crypt(...given)) };
    this.#throttle = new UserThrottle(options.clock);
    this.#keys = new KeyRing(options.log);
    const { log } = options;
    this.#failures = new FailedAttempts({ events: this.events, log, statistics: this.#statistics });
    this.#presented = new PresentedCertificates(options.clock);
  }

  /**
   * The first call starts the service, later ones are reloads. Returns what is wrong; then nothing has
   * changed, but for a key that could not be loaded again: there the former one stays and the log says so.
   */
  configure({ configuration }: SecmodConfiguration, ticketKey: Buffer): string[] {
    const { log, clock, onWork } = this.#options;
    onWork();
    if (ticketKey.length !== TICKET_KEY_BYTES) return [`ticket key: expected ${TICKET_KEY_BYTES} bytes`];
    const problems = methodProblems(configuration.hosts, this.#options);
    if (problems.length > 0) return problems;
    const former = this.#running?.hosts ?? [];
    const hosts: Host[] = [];
    for (const host of configuration.hosts) {
      try {
        hosts.push(this.#makeHost(host, former));
      } catch (error) {
        problems.push(`${prefixOf(host)}${messageOf(error)}`);
      }
    }
    if (problems.length > 0) return problems;
    // Last: a refused configuration must leave the keys as they are.
    const keyProblems = this.#keys.load(configuration.hosts.flatMap((host) => keyFilesOf(host.settings)));
    if (keyProblems.length > 0 && this.#running === undefined) return keyProblems;
    for (const problem of keyProblems) log.error(`${problem}; the former key stays in force`);
    this.#running = { hosts, ticketKey };
    if (this.#sessions === undefined) {
      this.#sessions = new SessionTable({
        store: openSessions(configuration.hosts[0]?.settings, this.#options),
        clock,
        cookieTimeoutSeconds: (vhost) => this.#host(vhost)?.settings['cookie-timeout'] ?? 0,
        onEnded: (session) => {
          log.debug(`permanently closing session of user ${quoted(session.username)} ${named(session)}`);
          this.#accounting?.sessionEnded(session.sessionId);
        },
      });
      this.#logins = new Logins({
        clock,
        log,
        failures: this.#failures,
        presented: this.#presented,
        failureDelayMs: this.#options.failureDelayMs,
        statistics: this.#statistics,
        throttle: this.#throttle,
        sessions: this.#sessions,
        host: (vhost) => this.#host(vhost),
      });
    }
    this.#accounting ??= this.#openAccounting(configuration);
    return [];
  }

  /** A ticket that main sealed for a connection of this worker, not older than a login may last. */
  ticket(sealed: string, workerId: number): Ticket | undefined {
    const { clock } = this.#options;
    if (this.#running === undefined) return undefined;
    const ticket = openTicket(sealed, this.#running.ticketKey);
    if (ticket === undefined || ticket.workerId !== workerId) return undefined;
    return clock.now() - ticket.acceptedAt <= this.loginLimitMs ? ticket : undefined;
  }

  /** Somebody may be asked for a certificate. */
  get asksCertificates(): boolean {
    return this.#running?.hosts.some(({ certificates }) => certificates !== undefined) ?? false;
  }

  /** How long after its acceptance a connection may log in. */
  get loginLimitMs(): number {
    const host = this.#running?.hosts[0];
    return host === undefined ? 0 : loginLimitMs(host.settings);
  }

  /**
   * A client presented a certificate in a handshake, which the worker shows whole (client-proof.ts). Undefined: it is
   * refused, which then stands in the log.
   */
  presentCertificate(
    ticket: Ticket,
    vhost: string,
    handshake: Buffer,
    wasSigned: (input: Buffer) => boolean,
  ): VerifiedCertificate | undefined {
    this.#options.onWork();
    const host = this.#host(vhost);
    if (host?.certificates === undefined) return undefined;
    const { remoteAddress: address, connectionId } = ticket;
    const proof = readClientProof(handshake, wasSigned);
    const hasNone = proof.chain.length === 0;
    const { certificate, problem = proof.problem } = host.certificates.judge(proof.chain);
    if (hasNone || problem !== undefined) {
      this.#failures.report({
        logPrefix: host.logPrefix,
        address,
        connectionId,
        username: certificate.username ?? '',
        method: 'certificate',
        reason: hasNone ? 'no certificate in the handshake' : (problem ?? ''),
        // A probe that has no certificate is not an attack; its connection is charged like every other.
        points: hasNone ? 0 : host.settings['ban-points-wrong-password'],
      });
      return undefined;
    }
    this.#presented.put(connectionId, host.name, certificate, this.loginLimitMs);
    return certificate;
  }

  async startLogin(ticket: Ticket, request: LoginRequest): Promise<Step> {
    this.#options.onWork();
    const step = await this.#logins?.start(ticket, request);
    return step === undefined ? { outcome: 'no', reason: 'Internal error' } : this.#withProfile(step);
  }

  /** Undefined: there is no such login. */
  async continueLogin(ticket: Ticket, context: string, answer: string): Promise<Step | undefined> {
    const step = await this.#logins?.continue(ticket, context, answer);
    return step && this.#withProfile(step);
  }

  abandonLogin(ticket: Ticket, context: string): boolean {
    return this.#logins?.abandon(ticket, context) ?? false;
  }

  async listGroups(vhost: string): Promise<readonly string[]> {
    const host = this.#host(vhost);
    // Only where the form may show them anyway.
    if (host === undefined || !host.settings['auto-select-group']) return [];
    const [primary] = slotsOf(
      host.settings.auth.map(({ name }) => name),
      [],
    );
    const name = primary && backendOf(primary);
    return (await (name && host.backends.get(name))?.listGroups()) ?? [];
  }

  sign(keyId: string, scheme: number, input: Buffer): Promise<SignResult> {
    return this.#work.count(this.#keys.sign(keyId, scheme, input));
  }

  /** Whether CONNECT with this cookie would find a session of this host; nothing is opened or counted. */
  isCookieValid(ticket: Ticket, vhost: string, cookie: string): boolean {
    return this.#sessionOf(ticket, vhost, cookie) !== undefined;
  }

  /** Undefined: the cookie is refused. */
  profileOf(ticket: Ticket, vhost: string, cookie: string): { readonly bytes?: Buffer } | undefined {
    const session = this.#sessionOf(ticket, vhost, cookie);
    if (session === undefined) return undefined;
    const profile = this.#readProfile(session);
    return profile === undefined ? {} : { bytes: profile.bytes };
  }

  #sessionOf(ticket: Ticket, vhost: string, cookie: string): Session | undefined {
    const session = this.#sessions?.find(cookie);
    const host = this.#host(vhost);
    if (session === undefined || host === undefined || this.#host(session.vhost) !== host) return undefined;
    const presented = this.#presented.find(ticket.connectionId, host.name);
    return certificateRefusal(session, host, presented) === undefined ? session : undefined;
  }

  /** A profile that cannot be read is nobody's business but the administrator's: the login goes on without. */
  #readProfile(session: Session): Exclude<ProfileReading, { problem: string }> | undefined {
    const { log } = this.#options;
    const host = this.#host(session.vhost);
    const result = host && sessionSettings(host.settings, session, log);
    if (host === undefined || result === undefined || 'refused' in result) return undefined;
    const profile = readProfile(result.settings, this.#running?.hosts[0]?.settings['chroot-dir']);
    if (profile !== undefined && 'problem' in profile) {
      log.warning(`${host.logPrefix}${profile.problem}`);
      return undefined;
    }
    return profile;
  }

  #withProfile(step: Step): Step {
    const session = step.cookie === undefined ? undefined : this.#sessions?.find(step.cookie);
    const profile = session && this.#readProfile(session);
    if (profile === undefined) return step;
    return { ...step, profile: { name: profile.name, sha1: profile.sha1 } };
  }

  /** CONNECT with a cookie. */
  async openSession(request: {
    readonly cookie: string;
    readonly vhost: string;
    readonly remoteAddress: string;
    readonly connectionId: number;
  }): Promise<OpenResult> {
    const { log } = this.#options;
    const session = this.#sessions?.find(request.cookie);
    if (this.#sessions === undefined || session === undefined) {
      this.#cookieFailed(request, undefined, 'unknown or expired');
      return { cookieRefused: 'unknown or expired' };
    }
    const host = this.#host(session.vhost);
    if (host === undefined) return { cookieRefused: 'virtual host is gone' };
    const certificate = this.#presented.find(request.connectionId, host.name);
    const { remoteAddress } = request;
    const judged = await judgeReopening(session, host, { remoteAddress, certificate }, this.#options);
    if ('settingsRefused' in judged) return judged;
    if ('cookieRefused' in judged) {
      const { cookieRefused, meaning } = judged;
      if (meaning === 'failed') this.#cookieFailed(request, session, cookieRefused);
      if (meaning === 'over') this.#sessions.revokeSession(session.sessionId);
      return { cookieRefused };
    }
    const settings = exposeIroutes(judged.settings, host.exposedIroutes);
    // Meanwhile the cookie may have been revoked.
    if (this.#sessions?.find(request.cookie) !== session) return { cookieRefused: 'unknown or expired' };
    this.#presented.forget(request.connectionId);
    this.#sessions.open(session, request.remoteAddress, settings['cookie-timeout']);
    log.info(`${host.logPrefix}initiating session for user ${quoted(session.username)} ${named(session)}`);
    const { sessionId, username, groupname, vhost, createdAt, loginAddress, userAgent } = session;
    return {
      grant: {
        sessionId,
        username,
        vhost,
        startedAt: createdAt,
        loginAddress,
        settings,
        ...(groupname === undefined ? {} : { groupname }),
        ...(userAgent === undefined ? {} : { userAgent }),
      },
    };
  }

  /** False: unknown session. */
  closeSession(end: {
    readonly sessionId: string;
    readonly openedAt: number | undefined;
    readonly keepCookie: boolean;
    readonly reason: CloseReason;
    readonly rxBytes: number;
    readonly txBytes: number;
  }): boolean {
    // Before the session may end: its Stop shall know of this tunnel.
    if (end.openedAt !== undefined) {
      this.#accounting?.tunnelClosed(end.sessionId, end.openedAt, end, end.reason);
    }
    const known = this.#sessions?.get(end.sessionId);
    const host = this.#host(known?.vhost ?? DEFAULT_HOST);
    const closed = this.#sessions?.close(end.sessionId, {
      ...end,
      cookieTimeoutSeconds: host?.settings['cookie-timeout'] ?? 0,
    });
    if (closed === undefined) return false;
    const { session, fate } = closed;
    const { log } = this.#options;
    const prefix = host?.logPrefix ?? '';
    if (fate === 'ended')
      log.info(`${prefix}invalidating session of user ${quoted(session.username)} ${named(session)}`);
    if (fate === 'kept')
      log.info(`${prefix}temporarily closing session for ${session.username} ${named(session)}`);
    return true;
  }

  /** False: unknown session. */
  tunnelOpened(sessionId: string, tunnel: Tunnel): boolean {
    const isKnown = this.#sessions?.confirmUse(sessionId) ?? false;
    const session = this.#sessions?.get(sessionId);
    if (session !== undefined) this.#accounting?.tunnelOpened(session, tunnel);
    return isKnown;
  }

  /** False: unknown session. */
  reportCounters(sessionId: string, openedAt: number, counters: Counters, isInterim: boolean): boolean {
    this.#accounting?.countersReported(sessionId, openedAt, counters, isInterim);
    return this.#sessions?.confirmUse(sessionId) ?? false;
  }

  terminateUser(username: string): string[] {
    return this.#terminated(this.#sessions?.revokeUser(username) ?? [], username);
  }

  /** By its id or the beginning of it, if that is unique; else nothing is revoked. */
  terminateSession(sessionId: string): string[] {
    const meant = (this.#sessions?.list() ?? []).filter((session) => session.sessionId.startsWith(sessionId));
    const [session] = meant;
    if (sessionId === '' || session === undefined || meant.length > 1) return [];
    return this.#terminated(this.#sessions?.revokeSession(session.sessionId) ?? [], session.username);
  }

  addressBanned(address: string): void {
    this.#logins?.addressBanned(address);
  }

  listSessions(): SessionRecord[] {
    return (this.#sessions?.list() ?? []).map((session) => ({
      sessionId: session.sessionId,
      username: session.username,
      vhost: session.vhost,
      remoteAddress: session.remoteAddress,
      createdAt: session.createdAt,
      state: 'authenticated',
      isOpen: session.isOpen,
      certificateAuth: session.certificateAuth,
      inUse: session.useCount > 0,
      ...(session.groupname === undefined ? {} : { groupname: session.groupname }),
      ...(session.userAgent === undefined ? {} : { userAgent: session.userAgent }),
      ...(session.useCount > 0 ? {} : { expiresAt: session.expiresAt }),
    }));
  }

  statistics() {
    return {
      clientEntries: (this.#sessions?.size ?? 0) + (this.#logins?.count ?? 0),
      // TLS sessions are not resumed, so none are kept.
      tlsEntries: 0,
      authenticationFailures: this.#statistics.authenticationFailures,
      averageAuthSeconds: this.#statistics.averageAuthSeconds,
      maxAuthSeconds: this.#statistics.maxAuthSeconds,
      pendingWork: this.#work.pending,
    };
  }

  maintain(): void {
    const before = this.#sessions?.size ?? 0;
    this.#sessions?.sweep();
    const left = this.#sessions?.size ?? 0;
    this.#options.log.debug(`clean-up: ${before - left} expired sessions removed, ${left} left`);
  }

  /** The whole server is stopped in order: accounting says so, in bounded time. */
  async shutDown(): Promise<void> {
    await this.#accounting?.shutDown(SHUT_DOWN_LIMIT_MS);
  }

  /** Safe to call twice. The store keeps the sessions. */
  stop(): void {
    this.#logins?.stop();
    this.#presented.clear();
    this.#sessions?.stop();
    this.#accounting?.close();
    this.#accounting = undefined;
    this.#logins = undefined;
    this.#sessions = undefined;
    this.#running = undefined;
  }

  /** Costs no points: a whole office may come back at once with cookies that have expired. */
  #cookieFailed(
    { remoteAddress, connectionId }: { readonly remoteAddress: string; readonly connectionId: number },
    session: Session | undefined,
    reason: CookieRefusal,
  ): void {
    this.#failures.report({
      logPrefix: (session && this.#host(session.vhost)?.logPrefix) ?? '',
      address: remoteAddress,
      connectionId,
      username: session?.username ?? '',
      method: 'cookie',
      reason,
      points: 0,
      ...(session === undefined ? {} : { sessionId: session.sessionId }),
    });
  }

  #terminated(sessionIds: string[], username: string): string[] {
    for (const sessionId of sessionIds) {
      const session = `(session: ${shortId(sessionId)})`;
      this.#options.log.info(`force terminating session of user ${quoted(username)} ${session}`);
    }
    return sessionIds;
  }

  #host(vhost: string): Host | undefined {
    const name = vhost === '' ? DEFAULT_HOST : vhost.toLowerCase();
    return this.#running?.hosts.find((host) => host.name.toLowerCase() === name);
  }

  /** Throws when a file that client certificates depend on cannot be used. */
  #makeHost(host: VirtualHost, former: readonly Host[]): Host {
    const { settings } = host;
    const name = host.name ?? DEFAULT_HOST;
    const logPrefix = prefixOf(host);
    const known = former.find((candidate) => candidate.name === name);
    const asksCertificate = [...settings.auth, ...settings['enable-auth']].some(
      (method) => method.name === 'certificate',
    );
    const { log, createTrust } = this.#options;
    return {
      name,
      logPrefix,
      settings,
      backends: makeBackends(settings, this.#options, known?.backends),
      certificates: asksCertificate
        ? new CertificateMethod({ settings, logPrefix, log, createTrust })
        : undefined,
      accountingSite: known?.accountingSite ?? accountingSite(settings, log),
      exposedIroutes: readExposedIroutes(settings, log),
    };
  }

  /** Undefined where no host asks for it. Sessions that ended while no process was there get their Stop. */
  #openAccounting({ hosts }: Configuration): Accounting | undefined {
    const { clock, log } = this.#options;
    if (!hosts.some(({ settings }) => settings.acct?.name === 'radius')) return undefined;
    const accounting = new Accounting({
      store: openAccountingStore(hosts[0]?.settings, log),
      clock,
      log,
      site: (vhost) => this.#host(vhost)?.accountingSite,
    });
    accounting.settle((sessionId) => this.#sessions?.get(sessionId) !== undefined);
    return accounting;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

function prefixOf({ name }: VirtualHost): string {
  return name === undefined ? '' : `vhost:${name}: `;
}

function accountingSite({ acct }: Settings, log: Log): RadiusSite | undefined {
  return acct?.name === 'radius' ? openRadiusSite(acct, 'acct', log) : undefined;
}

function keyFilesOf(settings: Settings): KeyFiles[] {
  const keys = settings['server-key'];
  return settings['server-cert'].map((certificateFile, index) => ({
    certificateFile,
    keyFile: keys[index] ?? '',
    pin: settings['key-pin'],
    pinFile: settings['pin-file'],
  }));
}
