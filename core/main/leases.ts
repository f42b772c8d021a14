// Who has which inner address. A lease belongs to a session; while the session's cookie may still come back its
// addresses are kept for it and nobody else. Kept in the store, so that a restart costs nobody an address.
// Used by open-session.ts and close-session.ts.
import type { KeyedStore } from '../store/index.ts';
import { formatAddress, maskOf, parseAddress, type Network } from './addresses.ts';
import { candidates, seedOf } from './lease-candidates.ts';

export interface LeaseRequest {
  readonly sessionId: string;
  readonly username: string;
  readonly ipv4?: Network;
  readonly ipv6?: Network;
  /** Prefix each client is given of the IPv6 pool. */
  readonly ipv6ClientPrefix: number;
  readonly explicitIpv4?: string;
  readonly explicitIpv6?: string;
  readonly predictable: boolean;
}

export interface Lease {
  readonly ipv4?: { readonly address: string; readonly netmask: string; readonly local: string };
  readonly ipv6?: { readonly address: string; readonly prefix: number; readonly local: string };
}

interface Holding {
  readonly sessionId: string;
  readonly username: string;
  readonly address: string;
  /** Milliseconds since 1970; absent while a tunnel uses it. */
  keptUntil?: number;
}

const kind = 'lease';
/** Ours. */
const avoidMs = 10 * 60_000;

export class Leases {
  readonly #holdings = new Map<string, Holding>();
  /** Addresses where somebody answered, until when. */
  readonly #avoided = new Map<string, number>();
  readonly #store: KeyedStore;
  readonly #now: () => number;

  /** Leases that were in use when the former process ended are kept for `keepMs`. */
  constructor(store: KeyedStore, now: () => number, keepMs: number) {
    this.#store = store;
    this.#now = now;
    for (const { key, value } of store.load(kind)) {
      if (!isHolding(value)) continue;
      const holding = { ...value, keptUntil: value.keptUntil ?? now() + keepMs };
      if (holding.keptUntil <= now()) store.delete(kind, key);
      else this.#holdings.set(key, holding);
    }
  }

  /**
   * One family is enough. `refused`, and `missing` of the other family, are texts for the log. An explicit IPv4
   * address that cannot be had refuses: firewalls may count on it.
   */
  lease(
    request: LeaseRequest,
  ): { readonly lease: Lease; readonly missing?: string } | { readonly refused: string } {
    const ipv4 = this.#lease4(request);
    if (typeof ipv4 === 'string' && request.explicitIpv4 !== undefined) return { refused: ipv4 };
    const ipv6 = this.#lease6(request);
    if (typeof ipv4 === 'string') {
      if (ipv6 === undefined || typeof ipv6 === 'string') return { refused: ipv4 };
      return { lease: { ipv6 }, missing: `${ipv4}; the client gets IPv6 alone` };
    }
    if (typeof ipv6 === 'string') {
      if (ipv4 === undefined) return { refused: ipv6 };
      return { lease: { ipv4 }, missing: `${ipv6}; the client gets IPv4 alone` };
    }
    return {
      lease: { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) },
    };
  }

  addressesOf(sessionId: string): string[] {
    return [...this.#holdings.values()]
      .filter((holding) => holding.sessionId === sessionId)
      .map(({ address }) => address);
  }

  /** Somebody who has no lease answers there: the session gives it up, and nobody is offered it for a while. */
  avoid(sessionId: string, address: string): void {
    this.#avoided.set(address, this.#now() + avoidMs);
    for (const [key, holding] of this.#holdings) {
      if (holding.sessionId === sessionId && holding.address === address) this.#drop(key);
    }
  }

  /** The tunnel ended. keepMs = 0: the cookie is dead, anybody may have the addresses. */
  release(sessionId: string, keepMs: number): void {
    for (const [key, holding] of this.#holdings) {
      if (holding.sessionId !== sessionId) continue;
      if (keepMs <= 0) this.#drop(key);
      else {
        holding.keptUntil = this.#now() + keepMs;
        this.#store.put(kind, key, holding);
      }
    }
  }

  /** The other session with this user that keeps an explicit address without a tunnel gives it up. */
  sweep(): void {
    for (const [key, holding] of this.#holdings) if (this.#isFree(holding)) this.#drop(key);
    for (const [address, until] of this.#avoided) if (until <= this.#now()) this.#avoided.delete(address);
  }

  #lease4(request: LeaseRequest): Lease['ipv4'] | string {
    const pool = request.ipv4;
    if (request.explicitIpv4 !== undefined) {
      const address = parseAddress(request.explicitIpv4);
      if (address?.family !== 4) return `explicit-ipv4 is no IPv4 address: ${request.explicitIpv4}`;
      const network = pool ?? { family: 4 as const, base: address.value & maskOf(4, 24), prefix: 24 };
      if (isReserved(network, address.value)) return `explicit address ${request.explicitIpv4} is reserved`;
      return this.#take(request, `4:${formatAddress(4, address.value)}`, formatAddress(4, address.value))
        ? this.#ipv4(network, address.value)
        : `explicit address ${request.explicitIpv4} is in use by another session`;
    }
    if (pool === undefined) return undefined;
    const own = this.#ownOf(request.sessionId, '4:');
    for (const value of this.#inOrder(pool, own, request)) {
      if (isReserved(pool, value)) continue;
      const address = formatAddress(4, value);
      if (this.#take(request, `4:${address}`, address)) return this.#ipv4(pool, value);
    }
    return 'could not figure out a valid IPv4 IP';
  }

  #lease6(request: LeaseRequest): Lease['ipv6'] | string {
    const pool = request.ipv6;
    const prefix = request.ipv6ClientPrefix;
    const clientMask = maskOf(6, prefix);
    if (request.explicitIpv6 !== undefined) {
      const address = parseAddress(request.explicitIpv6);
      if (address?.family !== 6) return `explicit-ipv6 is no IPv6 address: ${request.explicitIpv6}`;
      const text = formatAddress(6, address.value);
      const network = pool ?? { family: 6 as const, base: address.value & maskOf(6, 64), prefix: 64 };
      const key = `6:${formatAddress(6, address.value & clientMask)}`;
      return this.#take(request, key, text)
        ? { address: text, prefix, local: formatAddress(6, network.base | 1n) }
        : `explicit address ${request.explicitIpv6} is in use by another session`;
    }
    if (pool === undefined) return undefined;
    const local = pool.base | 1n;
    const own = this.#ownOf(request.sessionId, '6:');
    for (const value of this.#inOrder(pool, own, request)) {
      const subnet = value & clientMask;
      if (subnet === (local & clientMask) || value === pool.base) continue;
      const address = formatAddress(6, value);
      if (this.#take(request, `6:${formatAddress(6, subnet)}`, address)) {
        return { address, prefix, local: formatAddress(6, local) };
      }
    }
    return 'could not figure out a valid IPv6 IP';
  }

  /** What the session had before comes first: clients that come back need the same addresses. */
  *#inOrder(pool: Network, own: string | undefined, request: LeaseRequest): Generator<bigint> {
    const former = own === undefined ? undefined : parseAddress(own);
    if (former !== undefined && (former.value & maskOf(pool.family, pool.prefix)) === pool.base) {
      yield former.value;
    }
    yield* candidates(pool, seedOf(request.username, request.predictable));
  }

  #ownOf(sessionId: string, family: string): string | undefined {
    for (const [key, holding] of this.#holdings) {
      if (holding.sessionId === sessionId && key.startsWith(family)) return holding.address;
    }
    return undefined;
  }

  #isFree(holding: Holding): boolean {
    return holding.keptUntil !== undefined && holding.keptUntil <= this.#now();
  }

  #take(request: LeaseRequest, key: string, address: string): boolean {
    const held = this.#holdings.get(key);
    const isExplicit = request.explicitIpv4 === address || request.explicitIpv6 === address;
    const isFree =
      held === undefined ||
      held.sessionId === request.sessionId ||
      this.#isFree(held) ||
      // An address written down for this user is his, whichever of his sessions had it last.
      (isExplicit && held.username === request.username && held.keptUntil !== undefined);
    if (!isFree || (!isExplicit && (this.#avoided.get(address) ?? 0) > this.#now())) return false;
    const holding = { sessionId: request.sessionId, username: request.username, address };
    this.#holdings.set(key, holding);
    this.#store.put(kind, key, holding);
    return true;
  }

  #drop(key: string): void {
    this.#holdings.delete(key);
    this.#store.delete(kind, key);
  }

  #ipv4(network: Network, value: bigint): NonNullable<Lease['ipv4']> {
    return {
      address: formatAddress(4, value),
      netmask: formatAddress(4, maskOf(4, network.prefix)),
      local: formatAddress(4, network.base | 1n),
    };
  }
}

/** Network, broadcast and the server's own address. */
function isReserved(network: Network, value: bigint): boolean {
  const broadcast = network.base | (~maskOf(4, network.prefix) & 0xffff_ffffn);
  return value === network.base || value === broadcast || value === (network.base | 1n);
}

function isHolding(value: unknown): value is Holding {
  if (typeof value !== 'object' || value === null) return false;
  const { sessionId, username, address, keptUntil } = value as Record<string, unknown>;
  return (
    typeof sessionId === 'string' &&
    typeof username === 'string' &&
    typeof address === 'string' &&
    (keptUntil === undefined || typeof keptUntil === 'number')
  );
}
