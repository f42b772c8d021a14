// The provider's keys (OpenID Connect Discovery 1.0, 4; RFC 7517): fetched at the start, again when a token names an
// unknown key, and when those at hand are old, so that a key the provider has withdrawn is soon worth nothing.
// Made by auth/backends.ts, asked by auth/oidc.ts.
//
// A fetch that succeeded is repeated for an unknown key only after `minimum_jwk_refresh_time`, one that failed after
// RETRY_MS: tokens with invented keys make no flood of requests. All logins that wait share one fetch.
import type { CryptoKey, JWK } from 'jose';
import type { Clock } from '../clock.ts';
import { quoted, type Log } from '../log.ts';
import { urlProblem } from './fetch-json.ts';
import { algorithms, isObject, type TokenHeader } from './token.ts';

export interface ProviderOptions {
  readonly configurationUrl: URL;
  readonly minimumRefreshMs: number;
  readonly fetch: (url: URL, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export type FoundKeys =
  /** `issuer`: the provider's name for itself. */
  | { readonly keys: readonly CryptoKey[]; readonly issuer: string | undefined }
  /** The provider has no such key. */
  | 'unknown'
  /** Nobody knows: the provider cannot be asked. */
  | 'unavailable';

/** Both documents together. */
const FETCH_LIMIT_MS = 10_000;
const RETRY_MS = 10_000;
const MAX_AGE_MS = 3_600_000;
const MAX_KEYS = 100;
const MIN_RSA_BYTES = 256;

interface ProviderKey {
  readonly kid: string;
  readonly jwk: JWK;
  /** By algorithm. */
  readonly imported: Map<string, Promise<CryptoKey | undefined>>;
}

export class Provider {
  readonly #options: ProviderOptions;
  #keys: readonly ProviderKey[] = [];
  #issuer: string | undefined;
  #fetchedAt: number | undefined;
  #failedAt: number | undefined;
  #underWay: Promise<void> | undefined;

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  /** Fetches the keys unless they are at hand or have just been asked for. Never rejects: failures go to the log. */
  async refresh(): Promise<void> {
    const { clock, minimumRefreshMs } = this.#options;
    if (this.#underWay === undefined) {
      const now = clock.now();
      if (this.#failedAt !== undefined && now - this.#failedAt < RETRY_MS) return;
      const isRecent = this.#fetchedAt !== undefined && now - this.#fetchedAt < minimumRefreshMs;
      if (this.#failedAt === undefined && isRecent) return;
      this.#underWay = this.#fetchAll().finally(() => (this.#underWay = undefined));
    }
    await this.#underWay;
  }

  async find(header: TokenHeader): Promise<FoundKeys> {
    if (this.#isOld()) await this.refresh();
    let keys = await this.#matching(header);
    if (keys.length === 0) {
      await this.refresh();
      keys = await this.#matching(header);
    }
    if (keys.length > 0) return { keys, issuer: this.#issuer };
    return this.#fetchedAt === undefined || this.#failedAt !== undefined ? 'unavailable' : 'unknown';
  }

  #isOld(): boolean {
    const { clock, minimumRefreshMs } = this.#options;
    const maxAgeMs = Math.max(MAX_AGE_MS, minimumRefreshMs);
    return this.#fetchedAt !== undefined && clock.now() - this.#fetchedAt >= maxAgeMs;
  }

  async #matching({ kid, alg }: TokenHeader): Promise<CryptoKey[]> {
    const wanted = algorithms.get(alg);
    if (wanted === undefined) return [];
    const fitting = this.#keys.filter(
      (key) =>
        key.kid === kid &&
        key.jwk.kty === wanted.kty &&
        (wanted.crv === undefined || key.jwk.crv === wanted.crv) &&
        (key.jwk.alg === undefined || key.jwk.alg === alg),
    );
    const imported = await Promise.all(fitting.map((key) => importKey(key, alg)));
    return imported.filter((key) => key !== undefined);
  }

  async #fetchAll(): Promise<void> {
    const { configurationUrl, fetch, clock, log } = this.#options;
    const signal = AbortSignal.timeout(FETCH_LIMIT_MS);
    let asked = configurationUrl;
    try {
      const discovery = await fetch(configurationUrl, signal);
      const { issuer, jwks_uri: address } = isObject(discovery) ? discovery : {};
      if (typeof address !== 'string' || !URL.canParse(address)) throw new Error('names no jwks_uri');
      const keysUrl = new URL(address);
      const problem = urlProblem(keysUrl, configurationUrl.protocol === 'http:');
      if (problem !== undefined) throw new Error(`names a jwks_uri that is not fetched: ${problem}`);
      asked = keysUrl;
      const keys = readKeys(await fetch(keysUrl, signal));
      if (keys.length === 0) throw new Error('has no key that can be used');
      this.#keys = keys;
      this.#issuer = typeof issuer === 'string' ? issuer : undefined;
      this.#fetchedAt = clock.now();
      this.#failedAt = undefined;
      log.info(`ocserv-oidc: ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} of ${hostOf(asked)}`);
    } catch (error) {
      this.#failedAt = clock.now();
      const reason = error instanceof Error ? error.message : 'cannot be asked';
      log.error(`ocserv-oidc: cannot fetch the keys of the provider: ${hostOf(asked)} ${reason}`);
    }
  }
}

/** Public keys for signatures, by what they say of themselves; others of the set are passed over. */
function readKeys(document: unknown): ProviderKey[] {
  const list = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(list)) throw new Error('answers with something that is not a set of keys');
  return list.slice(0, MAX_KEYS).flatMap((given: unknown) => {
    if (!isObject(given)) return [];
    const { kid, kty, use, key_ops: operations, alg, n, e, crv, x, y } = given;
    if (typeof kid !== 'string' || kid === '' || typeof kty !== 'string') return [];
    if (use !== undefined && use !== 'sig') return [];
    if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return [];
    if (![...algorithms.values()].some((known) => known.kty === kty)) return [];
    if (kty === 'RSA' && (typeof n !== 'string' || Buffer.from(n, 'base64url').length < MIN_RSA_BYTES))
      return [];
    // Never the private half, should a provider publish it.
    const members = Object.entries({ kty, alg, n, e, crv, x, y });
    const jwk = Object.fromEntries(members.filter(([, value]) => typeof value === 'string')) as JWK;
    return [{ kid, jwk, imported: new Map() }];
  });
}

/** Undefined when its members make no key. */
function importKey(key: ProviderKey, alg: string): Promise<CryptoKey | undefined> {
  const known = key.imported.get(alg);
  if (known !== undefined) return known;
  const importing = import('jose')
    .then(({ importJWK }) => importJWK(key.jwk, alg))
    .then(
      (made) => (made instanceof Uint8Array ? undefined : made),
      () => undefined,
    );
  key.imported.set(alg, importing);
  return importing;
}

function hostOf(url: URL): string {
  return quoted(url.origin + url.pathname);
}
