// The sessions and their cookies: issued after a login, presented with CONNECT, revoked in the many ways a
// session can end. Every change is written to the store at once, so that a killed server costs nobody a login.
//
// Life of a cookie (cookie-timeout C, slack 15 s):
//   issued                          → C + slack
//   in use                          → for ever
//   tunnel gone, may come back      → C + slack from then (also: process killed while in use)
//   tunnel gone, user said goodbye, persistent-cookies → what was left before, at least the slack
//   tunnel gone for good            → at once
//   terminated                      → at once, in use or not
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SessionRow, SessionStore } from '../store/index.ts';
import type { SessionSupplement } from './auth/backend.ts';
import type { Clock } from './clock.ts';

export const COOKIE_BYTES = 32;
/** What clients are slow by. */
export const COOKIE_SLACK_MS = 15_000;

export interface NewSession {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname: string | undefined;
  readonly vhost: string;
  readonly userAgent: string | undefined;
  readonly loginAddress: string;
  readonly certificateAuth: boolean;
  readonly certificateUser: string | undefined;
  readonly supplement: SessionSupplement | undefined;
  readonly cookieTimeoutSeconds: number;
}

export interface Session {
  readonly sessionId: string;
  readonly username: string;
  readonly groupname: string | undefined;
  readonly vhost: string;
  readonly userAgent: string | undefined;
  readonly loginAddress: string;
  remoteAddress: string;
  readonly createdAt: number;
  /** When the cookie ends if nobody uses it; kept while in use for a goodbye with persistent cookies. */
  expiresAt: number;
  /** Tunnels with this session: 2 for a moment while a roaming client takes over. */
  useCount: number;
  isOpen: boolean;
  readonly certificateAuth: boolean;
  readonly certificateUser: string | undefined;
  readonly supplement: SessionSupplement | undefined;
  rxBytes: number;
  txBytes: number;
}

export type CloseReason =
  | 'unspecified'
  | 'userDisconnect'
  | 'temporary'
  | 'serverDisconnect'
  | 'idleTimeout'
  | 'dpdTimeout'
  | 'sessionTimeout'
  | 'error'
  | 'takeover'
  | 'healthProbe';

interface Entry extends Session {
  readonly cookieHash: string;
  /** The cookie is dead; the entry only waits for its tunnels to end. */
  isRevoked: boolean;
  cancelTimer: (() => void) | undefined;
}

export interface SessionTableOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  /** Of the host a session belongs to; asked when sessions of a former process are taken over. */
  cookieTimeoutSeconds(vhost: string): number;
  /** The entry is gone and with it the last trace of the session. */
  onEnded?(session: Session, why: 'expired' | 'closed' | 'revoked'): void;
}

export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #byId = new Map<string, Entry>();
  readonly #byCookie = new Map<string, Entry>();

  /** Takes over what the store has. Sessions that were in use at a crash may be resumed from now on. */
  constructor(options: SessionTableOptions) {
    this.#options = options;
    const now = options.clock.now();
    for (const row of options.store.list()) {
      const lifeMs = options.cookieTimeoutSeconds(row.vhost) * 1000 + COOKIE_SLACK_MS;
      const expiresAt = row.expiresAt ?? now + lifeMs;
      if (expiresAt <= now) {
        options.store.delete(row.sessionId);
        continue;
      }
      const entry: Entry = { ...row, expiresAt, useCount: 0, isRevoked: false, cancelTimer: undefined };
      this.#add(entry);
      if (row.expiresAt === undefined) this.#save(entry);
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  /** A session after a successful login. The cookie is returned once and kept nowhere. */
  issue(login: NewSession): string {
    const cookie = randomBytes(COOKIE_BYTES);
    const now = this.#options.clock.now();
    const { cookieTimeoutSeconds, ...rest } = login;
    const entry: Entry = {
      ...rest,
      cookieHash: hashOf(cookie),
      remoteAddress: login.loginAddress,
      createdAt: now,
      expiresAt: now + cookieTimeoutSeconds * 1000 + COOKIE_SLACK_MS,
      useCount: 0,
      isOpen: false,
      isRevoked: false,
      cancelTimer: undefined,
      rxBytes: 0,
      txBytes: 0,
    };
    this.#save(entry);
    this.#add(entry);
    return cookie.toString('base64');
  }

  /** The session of a cookie that is valid now. */
  find(cookie: string): Session | undefined {
    // Exactly the form that was handed out: 32 bytes, canonical base64.
    if (!/^[A-Za-z0-9+/]{43}=$/.test(cookie)) return undefined;
    const bytes = Buffer.from(cookie, 'base64');
    if (bytes.length !== COOKIE_BYTES || bytes.toString('base64') !== cookie) return undefined;
    const hash = hashOf(bytes);
    const entry = this.#byCookie.get(hash);
    if (entry === undefined || !timingSafeEqual(Buffer.from(entry.cookieHash), Buffer.from(hash)))
      return undefined;
    if (entry.isRevoked || this.#isExpired(entry)) return undefined;
    return entry;
  }

  /** A tunnel opens with the session. */
  open(session: Session, remoteAddress: string, cookieTimeoutSeconds: number): void {
    const entry = this.#byId.get(session.sessionId);
    if (entry === undefined) return;
    entry.useCount += 1;
    entry.isOpen = true;
    entry.remoteAddress = remoteAddress;
    entry.expiresAt = this.#options.clock.now() + cookieTimeoutSeconds * 1000 + COOKIE_SLACK_MS;
    this.#settle(entry);
  }

  /** Known and not revoked, in use or not. */
  get(sessionId: string): Session | undefined {
    const entry = this.#byId.get(sessionId);
    return entry === undefined || entry.isRevoked || this.#isExpired(entry) ? undefined : entry;
  }

  /** A tunnel of the session ended; undefined when the session is unknown. */
  close(
    sessionId: string,
    end: {
      readonly keepCookie: boolean;
      readonly reason: CloseReason;
      readonly rxBytes: number;
      readonly txBytes: number;
      readonly cookieTimeoutSeconds: number;
    },
  ): { readonly session: Session; readonly fate: 'kept' | 'ended' | 'in use' } | undefined {
    const entry = this.#byId.get(sessionId);
    if (entry === undefined) return undefined;
    entry.rxBytes += end.rxBytes;
    entry.txBytes += end.txBytes;
    entry.useCount = Math.max(0, entry.useCount - 1);
    // Another tunnel has taken over: the session is its own now, whatever ended this one.
    if (entry.useCount > 0) {
      this.#settle(entry);
      return { session: entry, fate: 'in use' };
    }
    if (entry.isRevoked || !end.keepCookie || end.reason === 'sessionTimeout') {
      this.#end(entry, entry.isRevoked ? 'revoked' : 'closed');
      return { session: entry, fate: 'ended' };
    }
    const now = this.#options.clock.now();
    const isGoodbye = end.reason === 'userDisconnect' || end.reason === 'serverDisconnect';
    entry.expiresAt = isGoodbye
      ? Math.max(entry.expiresAt, now + COOKIE_SLACK_MS)
      : now + end.cookieTimeoutSeconds * 1000 + COOKIE_SLACK_MS;
    this.#settle(entry);
    return { session: entry, fate: 'kept' };
  }

  /**
   * main has a tunnel with this session. After a restart of the security module this is how a session that
   * lives on is known to be in use.
   */
  confirmUse(sessionId: string): boolean {
    const entry = this.#byId.get(sessionId);
    if (entry === undefined) return false;
    if (entry.useCount === 0 && !entry.isRevoked) {
      entry.useCount = 1;
      this.#settle(entry);
    }
    return true;
  }

  /** The cookies of a user, on every host, in use or not. Answers with the ids. */
  revokeUser(username: string): string[] {
    return this.#revokeWhere((entry) => entry.username === username);
  }

  revokeSession(sessionId: string): string[] {
    return this.#revokeWhere((entry) => entry.sessionId === sessionId);
  }

  list(): Session[] {
    return [...this.#byId.values()].filter((entry) => !entry.isRevoked && !this.#isExpired(entry));
  }

  /** Ends what is overdue, should a timer have been late. */
  sweep(): void {
    for (const entry of [...this.#byId.values()]) if (this.#isExpired(entry)) this.#end(entry, 'expired');
  }

  /** The store keeps everything; only the timers end. */
  stop(): void {
    for (const entry of this.#byId.values()) entry.cancelTimer?.();
    this.#options.store.close();
  }

  #revokeWhere(isMeant: (entry: Entry) => boolean): string[] {
    const meant = [...this.#byId.values()].filter((entry) => !entry.isRevoked && isMeant(entry));
    for (const entry of meant) this.#revoke(entry);
    return meant.map((entry) => entry.sessionId);
  }

  #revoke(entry: Entry): void {
    entry.isRevoked = true;
    this.#byCookie.delete(entry.cookieHash);
    this.#options.store.delete(entry.sessionId);
    if (entry.useCount === 0) this.#end(entry, 'revoked');
    else entry.cancelTimer?.();
  }

  #isExpired(entry: Entry): boolean {
    return entry.useCount === 0 && entry.expiresAt <= this.#options.clock.now();
  }

  #add(entry: Entry): void {
    this.#byId.set(entry.sessionId, entry);
    this.#byCookie.set(entry.cookieHash, entry);
    this.#arm(entry);
  }

  /** Timer and store after a change. */
  #settle(entry: Entry): void {
    this.#arm(entry);
    if (!entry.isRevoked) this.#save(entry);
  }

  #arm(entry: Entry): void {
    entry.cancelTimer?.();
    entry.cancelTimer = undefined;
    if (entry.useCount > 0) return;
    const { clock } = this.#options;
    entry.cancelTimer = clock.after(Math.max(0, entry.expiresAt - clock.now()), () => {
      // The wall clock may have been set back meanwhile.
      if (this.#isExpired(entry)) this.#end(entry, 'expired');
      else this.#arm(entry);
    });
  }

  #end(entry: Entry, why: 'expired' | 'closed' | 'revoked'): void {
    entry.cancelTimer?.();
    entry.cancelTimer = undefined;
    this.#byId.delete(entry.sessionId);
    this.#byCookie.delete(entry.cookieHash);
    this.#options.store.delete(entry.sessionId);
    this.#options.onEnded?.(entry, why);
  }

  #save(entry: Entry): void {
    const { useCount, isRevoked: _revoked, cancelTimer: _timer, expiresAt, ...rest } = entry;
    const row: SessionRow = { ...rest, expiresAt: useCount > 0 ? undefined : expiresAt };
    this.#options.store.put(row);
  }
}

/** Public name of a session: 28 characters, unrelated to the cookie. */
export function newSessionId(): string {
  return randomBytes(20).toString('base64');
}

function hashOf(cookie: Buffer): string {
  return createHash('sha256').update(cookie).digest('base64');
}
