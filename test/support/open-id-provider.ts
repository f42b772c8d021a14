// An OpenID provider of a few lines on the loopback, for the tests of tokens: discovery document, keys that can be
// exchanged, tokens of every good and bad kind. The real one is in real-open-id-provider.ts.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface ProviderKeys {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeKeys(alg: string, kid: string): Promise<ProviderKeys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export class LocalProvider implements AsyncDisposable {
  readonly #server: Server;
  /** Paths in the order they were asked for. */
  readonly asked: string[] = [];
  keys: readonly JWK[] = [];
  /** When set, it answers in place of the provider. */
  answer: ((path: string, response: ServerResponse) => void) | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.asked.push(path);
      if (this.answer !== undefined) return this.answer(path, response);
      const documents: Readonly<Record<string, unknown>> = {
        '/.well-known/openid-configuration': { issuer: this.issuer, jwks_uri: `${this.issuer}/jwks` },
        '/jwks': { keys: this.keys },
      };
      response.statusCode = path in documents ? 200 : 404;
      response.end(JSON.stringify(documents[path] ?? {}));
    });
  }

  static async start(): Promise<LocalProvider> {
    const provider = new LocalProvider();
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get configurationUrl(): URL {
    return new URL(`${this.issuer}/.well-known/openid-configuration`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A signed token; `header` and `claims` are added to or replace what is usual, undefined takes away. */
export function signToken(
  { alg, kid, privateKey }: ProviderKeys,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg, kid, ...header }).sign(privateKey);
}

/** Any header and payload under any signature. */
export function assembleToken(header: unknown, payload: unknown, signature: Uint8Array | string): string {
  const part = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const end = typeof signature === 'string' ? signature : Buffer.from(signature).toString('base64url');
  return `${part(header)}.${part(payload)}.${end}`;
}
