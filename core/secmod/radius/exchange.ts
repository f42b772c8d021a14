// Asks RADIUS servers over UDP: one request, its retransmissions, the next server when one stays silent, and an end
// in bounded time: timeout × (1 + retries) × addresses of the servers. Used by auth/radius.ts and accounting/.
//
// Each try at a server has a socket of its own, connected to the server: the kernel drops what comes from elsewhere,
// the source port is one more thing to guess, and identifiers cannot run out.
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { Attribute } from './attributes.ts';
import type { RadiusServer } from './configuration.ts';
import { decodeAnswer, encodeAccessRequest, encodeAccountingRequest, type Packet } from './packet.ts';

/** RFC 5080, 2.2.1: many clients of a server that was away shall not come back in one beat. */
const JITTER = 0.1;
const MAX_UNDER_WAY = 1_000;
/** Answers that are not believed are counted out in the log up to this many for one request. */
const MAX_COMPLAINTS = 3;
/** Of one name; a login shall not wait for a whole zone. */
const MAX_ADDRESSES = 4;

export interface ExchangeOptions {
  readonly servers: readonly RadiusServer[];
  readonly timeoutMs: number;
  readonly retries: number;
  readonly deadTimeMs: number;
  readonly bindAddress?: string | undefined;
  /**
   * Of answers to logins. Undefined: yes, but for a server on this machine. Nobody stands between us and that one, and
   * FreeRADIUS before 3.2.5 sends none by itself.
   */
  readonly requireMessageAuthenticator?: boolean | undefined;
  readonly log: Log;
  readonly now: () => number;
}

export type RequestKind = 'access' | 'accounting';

/** `failure`: nobody gave a believable answer; a sentence for the log. */
export type Exchanged = { readonly answer: Packet } | { readonly failure: string };

export class RadiusExchange {
  readonly #options: ExchangeOptions;
  readonly #deadUntil = new Map<RadiusServer, number>();
  #underWay = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Throws nothing; a request that `signal` calls off ends as a failure. */
  async ask(kind: RequestKind, attributes: readonly Attribute[], signal: AbortSignal): Promise<Exchanged> {
    if (this.#underWay >= MAX_UNDER_WAY) return { failure: 'too many RADIUS requests are under way' };
    this.#underWay += 1;
    try {
      return await this.#askInTurn(kind, attributes, signal);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #askInTurn(
    kind: RequestKind,
    attributes: readonly Attribute[],
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { log, deadTimeMs, now } = this.#options;
    const order = this.#inOrder();
    const reasons: string[] = [];
    for (const [index, server] of order.entries()) {
      const result = await this.#askOne(kind, attributes, server, index < order.length - 1, signal);
      if (signal.aborted) return { failure: 'the request was called off' };
      if ('answer' in result) {
        if (this.#deadUntil.delete(server)) log.notice(`radius: server ${nameOf(server)} answers again`);
        return result;
      }
      reasons.push(`${nameOf(server)} ${result.failure}`);
      log.warning(`radius: server ${nameOf(server)} ${result.failure}`);
      if (deadTimeMs > 0) this.#deadUntil.set(server, now() + deadTimeMs);
    }
    return { failure: `no RADIUS server gave an answer: ${reasons.join(', ')}` };
  }

  /** Servers that were silent a short while ago come last. */
  #inOrder(): RadiusServer[] {
    const now = this.#options.now();
    const isDead = (server: RadiusServer): boolean => (this.#deadUntil.get(server) ?? 0) > now;
    const { servers } = this.#options;
    return [...servers.filter((server) => !isDead(server)), ...servers.filter(isDead)];
  }

  async #askOne(
    kind: RequestKind,
    attributes: readonly Attribute[],
    server: RadiusServer,
    hasNext: boolean,
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { timeoutMs } = this.#options;
    const addresses = await resolve(server.host, timeoutMs);
    let result: Exchanged = { failure: 'has a name that cannot be resolved' };
    for (const [index, address] of addresses.entries()) {
      const isFollowed = hasNext || index < addresses.length - 1;
      result = await this.#askAt(kind, attributes, server, address, isFollowed, signal);
      if ('answer' in result || signal.aborted) break;
    }
    return result;
  }

  #askAt(
    kind: RequestKind,
    attributes: readonly Attribute[],
    server: RadiusServer,
    address: string,
    hasNext: boolean,
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const secret = server.secret.reveal();
    const identifier = randomInt(256);
    const request =
      kind === 'access'
        ? encodeAccessRequest({ identifier, authenticator: randomBytes(16), secret, attributes })
        : encodeAccountingRequest(identifier, secret, attributes);
    return this.#transact(server, address, request, hasNext, signal);
  }

  /** One server: sends, sends again, and waits for the first answer that can be believed. */
  #transact(
    server: RadiusServer,
    address: string,
    request: Buffer,
    hasNext: boolean,
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { timeoutMs, retries, bindAddress, log } = this.#options;
    const requireMessageAuthenticator = this.#options.requireMessageAuthenticator ?? !isLoopback(address);
    const { promise, resolve: settle } = Promise.withResolvers<Exchanged>();
    let socket: Socket | undefined;
    let timer: NodeJS.Timeout | undefined;
    let sent = 0;
    let complaints = 0;
    let wasRefused = false;

    const end = (result: Exchanged): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
      try {
        socket?.close();
      } catch {
        // It closed itself with its error.
      }
      socket = undefined;
      settle(result);
    };
    const callOff = (): void => end({ failure: 'was not waited for' });
    const send = (): void => {
      if (sent > retries) {
        const why =
          complaints > 0 ? 'gave no believable answer' : wasRefused ? 'is not running' : 'gave no answer';
        end({ failure: `${why} (${sent} ${sent === 1 ? 'try' : 'tries'})` });
        return;
      }
      sent += 1;
      // A full queue of the kernel is one more lost datagram.
      socket?.send(request, (error) => void (error !== null && onError(error)));
      timer = setTimeout(send, timeoutMs * (1 - JITTER / 2 + Math.random() * JITTER));
    };
    const onError = (error: Error): void => {
      const code = 'code' in error ? String(error.code) : error.name;
      // Nobody listens there. With another server at hand there is nothing to wait for; else it may just be
      // starting, and the retransmissions go on.
      if (code === 'ECONNREFUSED') {
        wasRefused = true;
        if (hasNext) end({ failure: 'is not running' });
      } else end({ failure: `cannot be reached (${code})` });
    };

    if (signal.aborted) return Promise.resolve({ failure: 'was not waited for' });
    signal.addEventListener('abort', callOff);
    const family = isIP(address) === 6 ? 'udp6' : 'udp4';
    const open = createSocket(family);
    socket = open;
    open.on('error', onError);
    open.on('message', (bytes) => {
      const answer = decodeAnswer(bytes, {
        request,
        secret: server.secret.reveal(),
        requireMessageAuthenticator,
      });
      if ('code' in answer) {
        end({ answer });
        return;
      }
      complaints += 1;
      if (complaints <= MAX_COMPLAINTS) {
        log.warning(`radius: an answer of ${nameOf(server)} is ignored: ${answer.problem}`);
      }
    });
    const isSameFamily = bindAddress !== undefined && (isIP(bindAddress) === 6) === (family === 'udp6');
    open.bind({ port: 0, ...(isSameFamily ? { address: bindAddress } : {}) }, () => {
      if (socket !== open) return;
      open.once('connect', send);
      // Without a callback, lest an error goes there.
      open.connect(server.port, address);
    });
    return promise;
  }
}

/** In bounded time, in the order of the resolver; a name that does not resolve is a silent server. */
async function resolve(host: string, limitMs: number): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const asked = lookup(host, { all: true, order: 'verbatim' });
    const found = (await Promise.race([asked, sleep(limitMs, undefined, { ref: false })])) ?? [];
    return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES);
  } catch {
    return [];
  }
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\./i.test(address) || address === '::1';
}

export function nameOf({ host, port }: RadiusServer): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
