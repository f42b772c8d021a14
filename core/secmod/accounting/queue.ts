// Accounting records on their way to the servers. A record is on disk before anybody tries to send it and leaves the
// disk when a server has taken it: neither a crash nor an outage of the servers loses one. Used by accounting.ts.
//
// Records of one session go one after the other, in order; sessions beside each other. After a failure one record at a
// time is tried, with growing pauses, until a server answers again.
import type { KeyedStore } from '../../store/index.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { isAccountingRecord, type AccountingRecord } from './record.ts';

/** `dropped`: it can never be delivered, for the given reason. */
export type Delivery = 'taken' | { readonly failure: string } | { readonly dropped: string };

export interface QueueOptions {
  readonly store: KeyedStore;
  readonly clock: Clock;
  readonly log: Log;
  deliver(record: AccountingRecord, signal: AbortSignal): Promise<Delivery>;
}

const KIND = 'accounting-record';
const MAX_AT_ONCE = 16;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Beyond this many waiting records further interim updates are left out; a Start or Stop is kept longer. */
const MAX_WAITING = 20_000;
const MAX_WAITING_ENDS = 100_000;
/** A server that was away for a week is not coming back for this. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const KEY_DIGITS = 16;

interface Waiting {
  readonly key: string;
  readonly record: AccountingRecord;
}

export class AccountingQueue {
  readonly #options: QueueOptions;
  /** By Acct-Session-Id; the first of each may be under way. */
  readonly #lines = new Map<string, Waiting[]>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #sequence = 0;
  #count = 0;
  #pauseMs = 0;
  #cancelPause: (() => void) | undefined;

  /** Takes over what a former process left; it is tried at once. */
  constructor(options: QueueOptions) {
    this.#options = options;
    const left = options.store.load(KIND).sort((one, other) => (one.key < other.key ? -1 : 1));
    for (const { key, value } of left) {
      this.#sequence = Math.max(this.#sequence, Number(key) || 0);
      if (isAccountingRecord(value)) this.#append({ key, record: value });
      else options.store.delete(KIND, key);
    }
    if (this.#count > 0)
      options.log.info(`accounting: ${this.#count} records of a former process are waiting`);
    this.#pump();
  }

  get size(): number {
    return this.#count;
  }

  /** On disk when this returns, unless the disk refuses. */
  add(record: AccountingRecord): void {
    const { store, log } = this.#options;
    const limit = record.status === 'interim' ? MAX_WAITING : MAX_WAITING_ENDS;
    if (this.#count >= limit) {
      log.error(`accounting: ${this.#count} records are waiting; a further one (${record.status}) is lost`);
      return;
    }
    this.#sequence += 1;
    const key = String(this.#sequence).padStart(KEY_DIGITS, '0');
    store.put(KIND, key, record);
    store.flush();
    this.#append({ key, record });
    this.#pump();
  }

  /** Everything that waits is tried now, beside each other; resolves when it is gone, or tried in vain, or at the limit. */
  async drain(limitMs: number): Promise<void> {
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(limitMs, resolve);
    this.#resume();
    this.#pump(this.#lines.size);
    while (this.#underWay.size > 0) {
      const isOver = await Promise.race([
        Promise.race(this.#underWay.values()).then(() => false),
        limit.then(() => true),
      ]);
      if (isOver) break;
    }
    cancel();
  }

  /** What is under way is called off; it stays on disk. */
  close(): void {
    this.#closing.abort();
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #append(waiting: Waiting): void {
    const { acctSessionId } = waiting.record;
    const line = this.#lines.get(acctSessionId);
    if (line === undefined) this.#lines.set(acctSessionId, [waiting]);
    else line.push(waiting);
    this.#count += 1;
  }

  #pump(atOnce = this.#pauseMs > 0 ? 1 : MAX_AT_ONCE): void {
    if (this.#closing.signal.aborted || this.#cancelPause !== undefined) return;
    for (const [acctSessionId, [first]] of this.#lines) {
      if (this.#underWay.size >= atOnce) return;
      if (first === undefined || this.#underWay.has(acctSessionId)) continue;
      const attempt = this.#attempt(first).finally(() => {
        this.#underWay.delete(acctSessionId);
        this.#pump();
      });
      this.#underWay.set(acctSessionId, attempt);
    }
  }

  async #attempt({ key, record }: Waiting): Promise<void> {
    const { clock, log, deliver } = this.#options;
    const isStale = clock.now() - record.eventAt > MAX_AGE_MS;
    const delivery: Delivery = isStale
      ? { dropped: 'it is a week old' }
      : await deliver(record, this.#closing.signal);
    if (this.#closing.signal.aborted && delivery !== 'taken') return;
    if (typeof delivery === 'object' && 'failure' in delivery) {
      this.#pause(delivery.failure);
      return;
    }
    if (delivery !== 'taken') {
      log.error(
        `accounting: the record ${record.status} of session ${record.acctSessionId.slice(0, 6)} is dropped: ${delivery.dropped}`,
      );
    } else if (this.#pauseMs > 0) {
      log.notice(`accounting: records are taken again; ${this.#count - 1} are waiting`);
      this.#resume();
      this.#pauseMs = 0;
    }
    this.#remove(key, record.acctSessionId);
  }

  #pause(failure: string): void {
    const { clock, log } = this.#options;
    if (this.#cancelPause !== undefined) return;
    if (this.#pauseMs === 0) log.error(`accounting: ${failure}; records are kept until a server takes them`);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#cancelPause = clock.after(this.#pauseMs, () => {
      this.#cancelPause = undefined;
      this.#pump();
    });
  }

  #resume(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #remove(key: string, acctSessionId: string): void {
    const { store } = this.#options;
    const line = this.#lines.get(acctSessionId);
    line?.shift();
    if (line?.length === 0) this.#lines.delete(acctSessionId);
    this.#count -= 1;
    store.delete(KIND, key);
    store.flush();
  }
}
