// The ban list: points per IPv4 address or IPv6 /64, kept over restarts. Asked at every accept, told by
// accept.ts (connections) and the security module (wrong passwords), shown and changed by occtl.
import type { KeyedStore } from '../store/index.ts';
import { contains, formatAddress, maskOf, parseAddress, type Network } from './addresses.ts';

export interface BanLimits {
  /** 0 = nobody is banned. */
  readonly maxScore: number;
  readonly banSeconds: number;
  readonly resetSeconds: number;
}

export interface Ban {
  readonly address: string;
  readonly score: number;
  readonly banned: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
}

interface Entry {
  score: number;
  /** When the score began to count. */
  since: number;
  /** End of the ban, set when the score reached the limit. */
  until?: number;
}

const kind = 'ban';
/** Addresses remembered at a time; an attacker with a /32 of IPv6 must not fill the memory. */
const maxEntries = 65_536;

export class Bans {
  readonly #entries = new Map<string, Entry>();
  readonly #store: KeyedStore;
  readonly #now: () => number;
  readonly #limits: () => BanLimits;
  readonly #exempt: readonly Network[];

  constructor(store: KeyedStore, now: () => number, limits: () => BanLimits, exempt: readonly Network[]) {
    this.#store = store;
    this.#now = now;
    this.#limits = limits;
    this.#exempt = exempt;
    for (const { key, value } of store.load(kind)) if (isEntry(value)) this.#entries.set(key, value);
  }

  /** Every peer in a subnet of one of the server's interfaces: neither refused nor charged for connections. */
  isExempt(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && this.#exempt.some((network) => contains(network, parsed));
  }

  /** Answers with the ban that these points brought about, if they did. */
  add(address: string, points: number): { score: number; until: number } | undefined {
    const { maxScore, banSeconds, resetSeconds } = this.#limits();
    if (maxScore <= 0 || points <= 0) return undefined;
    const key = banKey(address);
    if (key === undefined) return undefined;
    const now = this.#now();
    let entry = this.#entries.get(key);
    const isOver =
      entry !== undefined &&
      (entry.until === undefined ? now - entry.since > resetSeconds * 1000 : entry.until <= now);
    if (entry === undefined || isOver) {
      if (entry === undefined && this.#entries.size >= maxEntries) this.maintain();
      if (entry === undefined && this.#entries.size >= maxEntries) return undefined;
      entry = { score: 0, since: now };
      this.#entries.set(key, entry);
    }
    entry.score += points;
    const reached = entry.until === undefined && entry.score >= maxScore;
    if (reached) entry.until = now + banSeconds * 1000;
    this.#store.put(kind, key, entry);
    return reached && entry.until !== undefined ? { score: entry.score, until: entry.until } : undefined;
  }

  scoreOf(address: string): number {
    const key = banKey(address);
    return (key === undefined ? undefined : this.#entries.get(key)?.score) ?? 0;
  }

  isBanned(address: string): boolean {
    if (this.#limits().maxScore <= 0) return false;
    const key = banKey(address);
    const until = key === undefined ? undefined : this.#entries.get(key)?.until;
    return until !== undefined && until > this.#now() && !this.isExempt(address);
  }

  /** False when nothing is known of the address. */
  unban(address: string): boolean {
    const key = banKey(address);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined) return false;
    entry.score = 0;
    delete entry.until;
    this.#store.put(kind, key, entry);
    return true;
  }

  list(): Ban[] {
    const now = this.#now();
    return [...this.#entries]
      .map(([address, { score, until }]) => ({
        address,
        score,
        banned: until !== undefined && until > now,
        expiresAt: until,
      }))
      .sort((one, other) => (one.address < other.address ? -1 : 1));
  }

  get bannedCount(): number {
    const now = this.#now();
    return [...this.#entries.values()].filter(({ until }) => until !== undefined && until > now).length;
  }

  /** Forgets entries whose ban and window are both over. */
  maintain(): void {
    const now = this.#now();
    const { resetSeconds } = this.#limits();
    for (const [key, { since, until }] of this.#entries) {
      if (now - since <= resetSeconds * 1000 || (until !== undefined && until > now)) continue;
      this.#entries.delete(key);
      this.#store.delete(kind, key);
    }
  }
}

/** IPv4 as it is, IPv6 as the base of its /64. */
export function banKey(address: string): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  if (parsed.family === 4) return formatAddress(4, parsed.value);
  return formatAddress(6, parsed.value & maskOf(6, 64));
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { score, since, until } = value as Record<string, unknown>;
  return (
    typeof score === 'number' &&
    typeof since === 'number' &&
    (until === undefined || typeof until === 'number')
  );
}
