// Asks KDCs for clients that have no tunnel yet: workers have no network. Owned by server.ts, called by sessions-door.ts.
//   1. limits: one request a connection, few a client address, not all of them for one realm
//   2. the KDCs of the realm, address by address, each for a while, the last for the rest of the time
//   3. an answer that did not fit into a datagram is fetched over TCP
// A KDC that is dead costs its realm's clients twenty seconds and a place each, and nobody else anything.
import type { Logger } from '../../system/index.ts';
import { wantsTcp } from '../../protocol/index.ts';
import { askKdc, KdcError, type KdcAddress } from './exchange.ts';
import { findKdcs, type KdcTable } from './table.ts';

export interface KdcLimits {
  readonly perAddress: number;
  readonly perRealm: number;
  readonly inAll: number;
  /** For a whole request. */
  readonly deadlineMs: number;
  /** For one address of a KDC, as long as there is another. */
  readonly turnMs: number;
}

export const kdcLimits: KdcLimits = {
  perAddress: 8,
  perRealm: 64,
  inAll: 128,
  deadlineMs: 20_000,
  turnMs: 3_000,
};

export interface KdcRequest {
  readonly connectionId: number;
  /** What counts as one client, as for bans. */
  readonly client: string;
  readonly vhost: string;
  readonly path: string;
  readonly realm: string | undefined;
  readonly request: Buffer;
}

export type KdcAnswer =
  { readonly reply: Buffer } | { readonly refused: string } | { readonly failed: KdcError };

interface UnderWay {
  readonly client: string;
  readonly realm: string;
  readonly ending: AbortController;
}

export class KdcBroker {
  readonly #log: Logger;
  readonly #limits: KdcLimits;
  readonly #underWay = new Map<number, UnderWay>();
  #table: KdcTable = new Map();

  constructor(log: Logger, limits: KdcLimits = kdcLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  get table(): KdcTable {
    return this.#table;
  }

  /** Requests under way end as they began. */
  adopt(table: KdcTable): void {
    this.#table = table;
  }

  isAsking(connectionId: number): boolean {
    return this.#underWay.has(connectionId);
  }

  async ask({ connectionId, client, vhost, path, realm, request }: KdcRequest): Promise<KdcAnswer> {
    const [first, ...others] = findKdcs(this.#table, vhost, path, realm);
    if (first === undefined) {
      return { refused: realm === undefined ? 'no KDC at this path' : `no KDC for the realm "${realm}"` };
    }
    const busy = this.#refusal(client, first.realm);
    if (busy !== undefined) return { refused: busy };
    const ending = new AbortController();
    this.#underWay.set(connectionId, { client, realm: first.realm, ending });
    const timer = setTimeout(() => ending.abort(), this.#limits.deadlineMs);
    try {
      const turns = [first, ...others].flatMap(({ protocol, port, addresses }) =>
        addresses.map((address): KdcAddress => ({ protocol, port, address })),
      );
      return { reply: await this.#askInTurn(turns, first.realm, request, ending.signal) };
    } catch (error) {
      if (error instanceof KdcError) return { failed: error };
      throw error;
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(connectionId);
    }
  }

  /** The client is gone. */
  abandon(connectionId: number): void {
    this.#underWay.get(connectionId)?.ending.abort();
  }

  close(): void {
    for (const { ending } of this.#underWay.values()) ending.abort();
  }

  #refusal(client: string, realm: string): string | undefined {
    const all = [...this.#underWay.values()];
    const { perAddress, perRealm, inAll } = this.#limits;
    const ofClient = all.filter((one) => one.client === client).length;
    if (ofClient >= perAddress) return `${String(ofClient)} requests of this address are under way already`;
    const ofRealm = all.filter((one) => one.realm === realm).length;
    if (ofRealm >= perRealm)
      return `${String(ofRealm)} requests for the realm "${realm}" are under way already`;
    return all.length >= inAll ? `${String(all.length)} requests are under way already` : undefined;
  }

  async #askInTurn(
    turns: readonly KdcAddress[],
    realm: string,
    request: Buffer,
    signal: AbortSignal,
  ): Promise<Buffer> {
    let failure = new KdcError('connect', 'no address');
    for (const [index, kdc] of turns.entries()) {
      const isLast = index === turns.length - 1;
      const limit = isLast ? signal : AbortSignal.any([signal, AbortSignal.timeout(this.#limits.turnMs)]);
      try {
        return await this.#askOne(kdc, realm, request, limit);
      } catch (error) {
        if (!(error instanceof KdcError)) throw error;
        failure = new KdcError(error.step, `${inWords(kdc)}: ${error.message}`);
        if (!isLast) this.#log.debug(`kkdcp: ${failure.message}; asking the next one`);
      }
      if (signal.aborted) break;
    }
    throw failure;
  }

  async #askOne(kdc: KdcAddress, realm: string, request: Buffer, signal: AbortSignal): Promise<Buffer> {
    const reply = await askKdc(kdc, request, signal);
    const sizes = `${String(request.length)} bytes asked, ${String(reply.length)} answered`;
    this.#log.debug(`kkdcp: ${realm} at ${inWords(kdc)}: ${sizes}`);
    if (kdc.protocol === 'tcp' || !wantsTcp(reply)) return reply;
    return this.#askOne({ ...kdc, protocol: 'tcp' }, realm, request, signal);
  }
}

function inWords({ protocol, address, port }: KdcAddress): string {
  return `${protocol}@${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}
