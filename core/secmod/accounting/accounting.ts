// Accounting of sessions: from what main and the session table say to Start, Interim and Stop records in the queue.
// What is known of each session is on disk, so that a Stop is also sent for one that ended with a crash. Made by
// security-module.ts where an acct line asks for RADIUS.
//
//   first tunnel up            → Start
//   counters asked for         → Interim
//   a tunnel ends              → Interim
//   the session is over        → Stop, dated when it was last seen alive
//   the server is stopped      → Stop for all, cause Admin-Reboot; a session that comes back begins anew
//   gone without a word        → Stop, cause NAS-Reboot, once its cookie has run out
import type { KeyedStore } from '../../store/index.ts';
import type { Clock } from '../clock.ts';
import { quoted, shortId, type Log } from '../log.ts';
import type { RadiusSite } from '../radius/index.ts';
import { newSessionId, type CloseReason, type Session } from '../sessions.ts';
import { AccountingQueue, type Delivery } from './queue.ts';
import { accountingAttributes, terminateCause, type AccountingRecord, type EndReason } from './record.ts';

export interface AccountingOptions {
  readonly store: KeyedStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: sessions of this host are not accounted for. */
  site(vhost: string): RadiusSite | undefined;
}

/** A tunnel of a session; `openedAt` (milliseconds since 1970) tells it from the others. */
export interface Tunnel {
  readonly openedAt: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

export interface Counters {
  readonly rxBytes: number;
  readonly txBytes: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** As it is kept on disk. */
interface Account extends Mutable<Omit<AccountingRecord, 'status' | 'eventAt' | 'seconds' | 'cause'>> {
  readonly sessionId: string;
  startedAt: number;
  /** Tunnels whose end is not known, by openedAt. rxBytes and txBytes above are those of the ended ones. */
  tunnels: Record<string, Counters>;
  lastSeenAt: number;
  /** How the last tunnel ended; absent while there is one. */
  reason?: CloseReason;
  /** Its Stop has been sent although the session may come back. */
  isStopped: boolean;
}

const KIND = 'accounted-session';

export class Accounting {
  readonly #options: AccountingOptions;
  readonly #accounts = new Map<string, Account>();
  /** Tunnels main has told this process of. */
  readonly #live = new Map<string, Set<number>>();
  readonly #queue: AccountingQueue;

  constructor(options: AccountingOptions) {
    this.#options = options;
    const { store, clock, log } = options;
    for (const { key, value } of store.load(KIND)) {
      if (isAccount(value)) this.#accounts.set(key, value);
      else store.delete(KIND, key);
    }
    this.#queue = new AccountingQueue({
      store,
      clock,
      log,
      deliver: (record, signal) => this.#deliver(record, signal),
    });
  }

  /** Once, at the start: sessions that ended while no process was there get their Stop. */
  settle(isKnown: (sessionId: string) => boolean): void {
    for (const sessionId of [...this.#accounts.keys()]) if (!isKnown(sessionId)) this.sessionEnded(sessionId);
  }

  /** Also told again of tunnels that go on, after a restart of this process. */
  tunnelOpened(session: Session, tunnel: Tunnel): void {
    if (this.#options.site(session.vhost) === undefined) return;
    const { sessionId } = session;
    const known = this.#accounts.get(sessionId);
    const account = known === undefined || known.isStopped ? this.#begin(session, tunnel, known) : known;
    this.#liveOf(sessionId).add(tunnel.openedAt);
    account.tunnels[tunnel.openedAt] ??= { rxBytes: 0, txBytes: 0 };
    account.lastSeenAt = this.#options.clock.now();
    delete account.reason;
    place(account, tunnel);
    if (account !== known) this.#queue.add(this.#record(account, 'start', account.lastSeenAt));
    this.#save(account);
  }

  countersReported(sessionId: string, openedAt: number, counters: Counters, isInterim: boolean): void {
    const account = this.#accounts.get(sessionId);
    if (account?.tunnels[openedAt] === undefined) return;
    this.#count(account, openedAt, counters);
    if (isInterim) this.#queue.add(this.#record(account, 'interim', account.lastSeenAt));
    this.#save(account);
  }

  tunnelClosed(sessionId: string, openedAt: number, counters: Counters, reason: CloseReason): void {
    const account = this.#accounts.get(sessionId);
    if (account?.tunnels[openedAt] === undefined) return;
    this.#count(account, openedAt, counters);
    const { rxBytes, txBytes } = account.tunnels[openedAt] ?? counters;
    account.rxBytes += rxBytes;
    account.txBytes += txBytes;
    const { [String(openedAt)]: _ended, ...others } = account.tunnels;
    account.tunnels = others;
    const live = this.#liveOf(sessionId);
    live.delete(openedAt);
    if (live.size === 0) account.reason = reason;
    this.#queue.add(this.#record(account, 'interim', account.lastSeenAt));
    this.#save(account);
  }

  /** Nobody can come back with this session any more. */
  sessionEnded(sessionId: string): void {
    const account = this.#accounts.get(sessionId);
    if (account === undefined) return;
    if (!account.isStopped) this.#stop(account, account.reason ?? 'crash');
    this.#accounts.delete(sessionId);
    this.#live.delete(sessionId);
    this.#options.store.delete(KIND, sessionId);
    this.#options.store.flush();
  }

  /** The server is stopped in order. Resolves when the records are delivered, at the latest after `limitMs`. */
  async shutDown(limitMs: number): Promise<void> {
    for (const account of this.#accounts.values()) {
      if (account.isStopped) continue;
      const { reason } = account;
      const isOurs = reason === undefined || reason === 'serverDisconnect';
      this.#stop(account, isOurs ? 'shutdown' : reason);
      account.isStopped = true;
      this.#save(account);
    }
    await this.#queue.drain(limitMs);
    const { size } = this.#queue;
    if (size > 0) this.#options.log.warning(`accounting: ${size} records are kept for the next start`);
  }

  /** What is not delivered stays on disk. */
  close(): void {
    this.#queue.close();
    this.#options.store.close();
  }

  #begin(session: Session, tunnel: Tunnel, former: Account | undefined): Account {
    const { sessionId, username, vhost, userAgent, supplement, createdAt } = session;
    const account: Account = {
      sessionId,
      // An id is never used for two Starts.
      acctSessionId: former === undefined ? sessionId : newSessionId(),
      vhost,
      username,
      ...(userAgent === undefined || userAgent === '' ? {} : { userAgent }),
      localAddress: tunnel.localAddress,
      remoteAddress: tunnel.remoteAddress,
      classes: supplement?.classes ?? [],
      startedAt: former === undefined ? createdAt : this.#options.clock.now(),
      rxBytes: 0,
      txBytes: 0,
      tunnels: {},
      lastSeenAt: this.#options.clock.now(),
      isStopped: false,
    };
    this.#accounts.set(sessionId, account);
    return account;
  }

  /** Counters only grow. */
  #count(account: Account, openedAt: number, { rxBytes, txBytes }: Counters): void {
    const known = account.tunnels[openedAt];
    account.tunnels[openedAt] = {
      rxBytes: Math.max(rxBytes, known?.rxBytes ?? 0),
      txBytes: Math.max(txBytes, known?.txBytes ?? 0),
    };
    account.lastSeenAt = this.#options.clock.now();
  }

  #stop(account: Account, reason: EndReason): void {
    const { username, sessionId, lastSeenAt } = account;
    const record = this.#record(account, 'stop', lastSeenAt);
    this.#queue.add({ ...record, cause: terminateCause(reason) });
    this.#options.log.debug(
      `accounting: session ${shortId(sessionId)} of user ${quoted(username)} is over (${reason})`,
    );
  }

  #record(account: Account, status: AccountingRecord['status'], eventAt: number): AccountingRecord {
    const {
      sessionId: _id,
      startedAt,
      tunnels,
      lastSeenAt: _seen,
      reason: _reason,
      isStopped: _stopped,
      ...facts
    } = account;
    const sum = (name: keyof Counters): number =>
      Object.values(tunnels).reduce((total, counters) => total + counters[name], facts[name]);
    return {
      ...facts,
      status,
      eventAt,
      seconds: Math.max(0, Math.round((eventAt - startedAt) / 1000)),
      rxBytes: sum('rxBytes'),
      txBytes: sum('txBytes'),
    };
  }

  async #deliver(record: AccountingRecord, signal: AbortSignal): Promise<Delivery> {
    const site = this.#options.site(record.vhost);
    if (site === undefined) return { dropped: `the host ${record.vhost} has no accounting server any more` };
    try {
      const attributes = accountingAttributes(record, site, this.#options.clock.now());
      const asked = await site.exchange.ask('accounting', attributes, signal);
      return 'answer' in asked ? 'taken' : asked;
    } catch (error) {
      return { dropped: error instanceof Error ? error.message : 'it cannot be written as a packet' };
    }
  }

  #liveOf(sessionId: string): Set<number> {
    const live = this.#live.get(sessionId) ?? new Set<number>();
    this.#live.set(sessionId, live);
    return live;
  }

  #save(account: Account): void {
    this.#options.store.put(KIND, account.sessionId, account);
    this.#options.store.flush();
  }
}

/** Addresses follow the current tunnel. */
function place(account: Account, { remoteAddress, localAddress, ipv4, ipv6 }: Tunnel): void {
  account.remoteAddress = remoteAddress;
  account.localAddress = localAddress;
  delete account.ipv4;
  delete account.ipv6;
  if (ipv4 !== undefined) account.ipv4 = ipv4;
  if (ipv6 !== undefined) account.ipv6 = ipv6;
}

/** Written by a former process of ours; one of another release may have had another form. */
function isAccount(value: unknown): value is Account {
  if (typeof value !== 'object' || value === null) return false;
  const {
    sessionId,
    acctSessionId,
    vhost,
    username,
    localAddress,
    remoteAddress,
    classes,
    tunnels,
    ...rest
  } = value as Record<string, unknown>;
  const { startedAt, lastSeenAt, rxBytes, txBytes, isStopped } = rest;
  return (
    [sessionId, acctSessionId, vhost, username, localAddress, remoteAddress].every(
      (text) => typeof text === 'string',
    ) &&
    [startedAt, lastSeenAt, rxBytes, txBytes].every((count) => typeof count === 'number') &&
    typeof isStopped === 'boolean' &&
    Array.isArray(classes) &&
    typeof tunnels === 'object' &&
    tunnels !== null
  );
}
