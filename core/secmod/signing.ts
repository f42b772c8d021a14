// What a server key may sign: the two structures of a TLS handshake and nothing else, with a scheme that fits
// both the structure and the key; and, for client-proof.ts, what a client signs. Pure; called by keys.ts for every
// Sign of a worker.
import { constants, type KeyObject } from 'node:crypto';

export type SigningInput = 'TLS 1.3' | 'TLS 1.2';

// RFC 8446, 4.4.3: 64 blanks, the context string, a zero byte, the transcript hash (SHA-256 or SHA-384: the
// hashes of the TLS 1.3 cipher suites).
const TLS13_PREFIX = tls13SignedContent('server', Buffer.alloc(0));
const TLS13_HASH_BYTES: readonly number[] = [32, 48];

// RFC 8422, 5.4 and RFC 5246, 7.4.3: client random, server random, then the parameters.
const RANDOMS_BYTES = 64;
const NAMED_CURVE = 3;
/** Bytes of a public point by TLS group number; those of the NIST curves are uncompressed (first byte 4). */
const POINT_BYTES: ReadonlyMap<number, number> = new Map([
  [23, 65], // secp256r1
  [24, 97], // secp384r1
  [25, 133], // secp521r1
  [29, 32], // x25519
  [30, 56], // x448
]);
const MIN_DH_PRIME_BYTES = 128;
const MAX_DH_PRIME_BYTES = 1024;

/** What a CertificateVerify of TLS 1.3 signs. */
export function tls13SignedContent(side: 'server' | 'client', transcriptHash: Buffer): Buffer {
  const context = Buffer.from(`TLS 1.3, ${side} CertificateVerify`, 'latin1');
  return Buffer.concat([Buffer.alloc(64, 0x20), context, Buffer.alloc(1), transcriptHash]);
}

/**
 * How much of a TLS 1.2 ServerKeyExchange are the parameters that are signed; the signature follows. Only the length
 * is read here: whether they are parameters was decided when they were signed. Throws a RangeError beyond the end.
 */
export function tls12ParametersBytes(body: Buffer): number {
  // As below: one point, or three numbers.
  if (body.readUInt8(0) === NAMED_CURVE) return 4 + body.readUInt8(3);
  let at = 0;
  for (let index = 0; index < 3; index += 1) at += 2 + body.readUInt16BE(at);
  return at;
}

/** Which structure this is; undefined for anything else. */
export function recogniseSigningInput(input: Buffer): SigningInput | undefined {
  if (input.subarray(0, TLS13_PREFIX.length).equals(TLS13_PREFIX)) {
    return TLS13_HASH_BYTES.includes(input.length - TLS13_PREFIX.length) ? 'TLS 1.3' : undefined;
  }
  if (input.length <= RANDOMS_BYTES) return undefined;
  const parameters = input.subarray(RANDOMS_BYTES);
  return isEcdheParameters(parameters) || isDheParameters(parameters) ? 'TLS 1.2' : undefined;
}

// curve_type(1) named_curve(2) point length(1) point
function isEcdheParameters(bytes: Buffer): boolean {
  if (bytes.length < 5 || bytes[0] !== NAMED_CURVE) return false;
  const group = bytes.readUInt16BE(1);
  const pointBytes = POINT_BYTES.get(group);
  if (pointBytes === undefined || bytes[3] !== pointBytes || bytes.length !== 4 + pointBytes) return false;
  return group >= 29 || bytes[4] === 4;
}

// p length(2) p, g length(2) g, public value length(2) public value
function isDheParameters(bytes: Buffer): boolean {
  const lengths: number[] = [];
  let offset = 0;
  for (let index = 0; index < 3; index += 1) {
    if (offset + 2 > bytes.length) return false;
    const length = bytes.readUInt16BE(offset);
    offset += 2 + length;
    if (length === 0 || offset > bytes.length) return false;
    lengths.push(length);
  }
  const [prime = 0, generator = 0, value = 0] = lengths;
  return (
    offset === bytes.length &&
    prime >= MIN_DH_PRIME_BYTES &&
    prime <= MAX_DH_PRIME_BYTES &&
    generator <= prime &&
    value <= prime
  );
}

export interface SignatureParameters {
  /** Null where the algorithm brings its own hash (Ed25519, Ed448). */
  readonly hash: string | null;
  readonly options: { readonly padding?: number; readonly saltLength?: number };
}

interface Scheme {
  readonly keyType: string;
  readonly hash: string | null;
  /** TLS 1.3 binds the ECDSA schemes to a curve; in TLS 1.2 they only name the hash. */
  readonly curve?: string;
  readonly padding?: number;
  readonly isTls13: boolean;
}

const pkcs1 = (hash: string): Scheme => ({
  keyType: 'rsa',
  hash,
  padding: constants.RSA_PKCS1_PADDING,
  isTls13: false,
});
const pss = (keyType: string, hash: string): Scheme => ({
  keyType,
  hash,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  isTls13: true,
});
const ecdsa = (curve: string, hash: string): Scheme => ({ keyType: 'ec', hash, curve, isTls13: true });

/** RFC 8446, 4.2.3, without SHA-1 and MD5. */
const SCHEMES: ReadonlyMap<number, Scheme> = new Map([
  [0x0401, pkcs1('sha256')],
  [0x0501, pkcs1('sha384')],
  [0x0601, pkcs1('sha512')],
  [0x0403, ecdsa('prime256v1', 'sha256')],
  [0x0503, ecdsa('secp384r1', 'sha384')],
  [0x0603, ecdsa('secp521r1', 'sha512')],
  [0x0804, pss('rsa', 'sha256')],
  [0x0805, pss('rsa', 'sha384')],
  [0x0806, pss('rsa', 'sha512')],
  [0x0807, { keyType: 'ed25519', hash: null, isTls13: true }],
  [0x0808, { keyType: 'ed448', hash: null, isTls13: true }],
  [0x0809, pss('rsa-pss', 'sha256')],
  [0x080a, pss('rsa-pss', 'sha384')],
  [0x080b, pss('rsa-pss', 'sha512')],
]);

/** How to sign, or in words why not. */
export function signatureParameters(
  key: KeyObject,
  scheme: number,
  input: SigningInput,
): SignatureParameters | { readonly problem: string } {
  const known = SCHEMES.get(scheme);
  if (known === undefined) return { problem: `unknown signature scheme ${scheme}` };
  if (known.keyType !== key.asymmetricKeyType) return { problem: `scheme ${scheme} does not fit the key` };
  if (input === 'TLS 1.3') {
    if (!known.isTls13) return { problem: `scheme ${scheme} is not for TLS 1.3` };
    if (known.curve !== undefined && known.curve !== key.asymmetricKeyDetails?.namedCurve) {
      return { problem: `scheme ${scheme} does not fit the curve of the key` };
    }
  }
  const { hash, padding } = known;
  if (padding === undefined) return { hash, options: {} };
  return padding === constants.RSA_PKCS1_PSS_PADDING
    ? { hash, options: { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } }
    : { hash, options: { padding } };
}
