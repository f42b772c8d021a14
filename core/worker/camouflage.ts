// Whether a connection has shown that it knows of the VPN: the secret in the URL once, or a cookie that is valid. Until then
// it is answered like that of any web server. Made per connection by connection.ts.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { WorkerCamouflage } from '../config/index.ts';
import {
  camouflagedConnectResponse,
  camouflagedMistakeResponse,
  camouflageResponse,
  parseCookies,
  revealTarget,
} from '../protocol/index.ts';
import type { HttpRequest } from './http-front.ts';

export class Camouflage {
  readonly #settings: WorkerCamouflage | undefined;
  readonly #isCookieValid: (cookie: string) => Promise<boolean>;
  #isLifted: boolean;

  /** Without settings there is none. */
  constructor(settings: WorkerCamouflage | undefined, isCookieValid: (cookie: string) => Promise<boolean>) {
    this.#settings = settings;
    this.#isCookieValid = isCookieValid;
    this.#isLifted = settings === undefined;
  }

  get isUp(): boolean {
    return !this.#isLifted;
  }

  /** The request as the VPN sees it, without the secret; undefined: it is to be answered with refusal(). */
  async admit(request: HttpRequest): Promise<HttpRequest | undefined> {
    if (this.#isLifted) return request;
    const target = revealTarget(request.target, (query) => this.#isSecret(query));
    if (target !== undefined) {
      this.#isLifted = true;
      return { ...request, target };
    }
    const { session: cookie } = parseCookies(request.header('cookie') ?? '');
    if (cookie === undefined || !(await this.#isCookieValid(cookie))) return undefined;
    this.#isLifted = true;
    return request;
  }

  refusal({ minorVersion, method }: Pick<HttpRequest, 'minorVersion' | 'method'>): Buffer {
    return camouflageResponse({ minorVersion, method, realm: this.#settings?.realm, now: new Date() });
  }

  connectRefusal(): Buffer {
    return camouflagedConnectResponse(new Date());
  }

  /** For a client that broke a rule of HTTP; undefined: it gets no answer anywhere. */
  lastWords(rule: string): Buffer | undefined {
    if (this.#isLifted || rule === 'slow request' || rule === 'the request ends in the middle')
      return undefined;
    // The second of two requests at once: a web server answers the first one.
    if (rule.startsWith('pipelined')) return this.refusal({ minorVersion: 1, method: 'GET' });
    return camouflagedMistakeResponse(new Date());
  }

  #isSecret(query: string): boolean {
    const shown = createHash('sha256').update(query, 'latin1').digest();
    const known = Buffer.from(this.#settings?.secretSha256 ?? '', 'hex');
    return known.length === shown.length && timingSafeEqual(known, shown);
  }
}
