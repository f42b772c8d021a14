// A bearer token: a JWT in the compact form of JWS (RFC 7519, RFC 7515, RFC 8725). What can be said of it before a key
// is known, and its signature. Called by auth/oidc.ts.
import type { CryptoKey } from 'jose';
import { parseStrictJson } from './strict-json.ts';

/** Members of a key that an algorithm demands. */
export interface KeyKind {
  readonly kty: string;
  readonly crv?: string;
}

/** Asymmetric signatures alone: with none and HMAC, who knows the public key could make tokens. */
export const algorithms: ReadonlyMap<string, KeyKind> = new Map<string, KeyKind>([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, { kty: 'RSA' }] as const),
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
]);

/** Media types of a JWT and of an access token (RFC 9068, 2.1), without regard to case (RFC 7515, 4.1.9). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);

/** As much as all headers of a request may have. */
const MAX_TOKEN_CHARACTERS = 16_384;

export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
}

export interface Refusal {
  /** In words without anything of the client's. */
  readonly reason: string;
  /** What was found, for the log, as the client gave it. */
  readonly found?: unknown;
}

export function readToken(token: string): { readonly header: TokenHeader } | Refusal {
  if (token.length > MAX_TOKEN_CHARACTERS) return { reason: 'token is too long' };
  const parts = token.split('.');
  if (parts.length !== 3) return { reason: 'token is not a signed JWT' };
  const decoded = parts.map(decodeBase64url);
  const [head] = decoded;
  if (head === undefined || decoded.includes(undefined)) return { reason: 'token is not in base64url' };
  const header = parseStrictJson(head)?.value;
  if (!isObject(header)) return { reason: 'token header is not a JSON object' };
  const { typ, alg, kid, crit, b64 } = header;
  if (typeof typ !== 'string' || !TYPES.has(typ.toLowerCase()))
    return { reason: 'token is not of the type JWT', found: typ };
  if (typeof kid !== 'string' || kid === '') return { reason: 'token names no key' };
  if (typeof alg !== 'string' || !algorithms.has(alg))
    return { reason: 'signature algorithm is not allowed', found: alg };
  // RFC 7515, 4.1.11: what is critical and not understood refuses the token, and we understand no extension.
  if (crit !== undefined || b64 !== undefined) return { reason: 'token demands an extension' };
  return { header: { alg, kid } };
}

/** The claims of a token that one of the keys has signed. */
export async function verifyToken(
  token: string,
  { alg }: TokenHeader,
  keys: readonly CryptoKey[],
): Promise<{ readonly claims: Readonly<Record<string, unknown>> } | Refusal> {
  // Late: a server without oidc does without it.
  const { compactVerify } = await import('jose');
  for (const key of keys) {
    const verified = await compactVerify(token, key, { algorithms: [alg] }).catch(() => undefined);
    if (verified === undefined) continue;
    const claims = parseStrictJson(verified.payload)?.value;
    return isObject(claims) ? { claims } : { reason: 'claims are not a JSON object' };
  }
  return { reason: 'wrong signature' };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined unless it is the one way to write these bytes: no padding, no blanks, no bits left over. */
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}
