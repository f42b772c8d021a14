// Proof that a client holds the key of the certificate it presented, taken from the messages of its handshake as a
// worker recorded them. A worker may lie; what it cannot make up is
//   1. the client's CertificateVerify: a signature over the whole handshake, by the key of the certificate
//   2. in that handshake, our own signature: one that this module made for this worker (`wasSigned`)
// so the client has signed after we did, and what it signed was a handshake with us. Pure; called by doors.ts
// through security-module.ts. Facts: RFC 8446, 4 and 4.4; RFC 5246, 7.4; RFC 8422, 5.4.
import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  signatureParameters,
  tls12ParametersBytes,
  tls13SignedContent,
  type SigningInput,
} from './signing.ts';

export interface ClientProof {
  /** DER, leaf first; empty when the client presented none. */
  readonly chain: readonly Buffer[];
  /** Why this proves nothing; undefined: the client holds the key of the leaf. */
  readonly problem: string | undefined;
}

interface Message {
  readonly type: number;
  /** With its header. */
  readonly bytes: Buffer;
  readonly body: Buffer;
}

// HandshakeType, RFC 8446, 4
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const ENCRYPTED_EXTENSIONS = 8;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;
const CERTIFICATE_VERIFY = 15;
const CLIENT_KEY_EXCHANGE = 16;
const FINISHED = 20;
const CERTIFICATE_STATUS = 22;
const MESSAGE_HASH = 254;

const HEADER_BYTES = 4;
const RANDOM_AT = 2;
const RANDOM_BYTES = 32;
const SUPPORTED_VERSIONS = 43;
const TLS13 = 0x0304;
const TLS_AES_256_GCM_SHA384 = 0x1302;
/** The random of a ServerHello that asks for another ClientHello (RFC 8446, 4.1.3). */
const RETRY_RANDOM = createHash('sha256').update('HelloRetryRequest').digest();

const TLS13_FLIGHTS = [
  SERVER_HELLO,
  ENCRYPTED_EXTENSIONS,
  CERTIFICATE_REQUEST,
  CERTIFICATE,
  CERTIFICATE_VERIFY,
  FINISHED,
  CERTIFICATE,
  CERTIFICATE_VERIFY,
];
const TLS12_FLIGHTS = [
  CLIENT_HELLO,
  SERVER_HELLO,
  CERTIFICATE,
  SERVER_KEY_EXCHANGE,
  CERTIFICATE_REQUEST,
  SERVER_HELLO_DONE,
  CERTIFICATE,
  CLIENT_KEY_EXCHANGE,
  CERTIFICATE_VERIFY,
];
const MAX_CHAIN = 16;

/** Never throws, whatever the bytes. `wasSigned` gets a whole signing input (signing.ts). */
export function readClientProof(handshake: Buffer, wasSigned: (input: Buffer) => boolean): ClientProof {
  let chain: readonly Buffer[] = [];
  try {
    const messages = splitMessages(handshake);
    const hello = messages.find(({ type, body }) => type === SERVER_HELLO && !isRetry(body));
    const isTls13 = hello !== undefined && readServerHello(hello.body).isTls13;
    const presented = messages.filter(({ type }) => type === CERTIFICATE)[1];
    if (presented !== undefined) chain = readChain(presented.body, isTls13);
    const problem = isTls13 ? checkTls13(messages, chain, wasSigned) : checkTls12(messages, chain, wasSigned);
    return { chain, problem };
  } catch (error) {
    // Cut short, or nothing that OpenSSL can read.
    const isExpected = error instanceof RangeError || (error instanceof Error && 'code' in error);
    if (!isExpected) throw error;
    return { chain, problem: 'the handshake cannot be read' };
  }
}

function checkTls13(
  messages: readonly Message[],
  chain: readonly Buffer[],
  wasSigned: (input: Buffer) => boolean,
): string | undefined {
  const isRetried = messages[1]?.type === SERVER_HELLO && isRetry(messages[1].body);
  const opening = isRetried ? [CLIENT_HELLO, SERVER_HELLO, CLIENT_HELLO] : [CLIENT_HELLO];
  if (!hasTypes(messages, [...opening, ...TLS13_FLIGHTS])) return 'the handshake is not complete';
  const from = opening.length;
  const { cipherSuite } = readServerHello(messages[from]?.body ?? Buffer.alloc(0));
  const hash = cipherSuite === TLS_AES_256_GCM_SHA384 ? 'sha384' : 'sha256';
  /** Transcript-Hash (RFC 8446, 4.4.1) up to and with message `last`. */
  const transcript = (last: number): Buffer => {
    const digest = createHash(hash);
    const rest = messages.slice(0, last + 1);
    const first = rest[0];
    if (isRetried && first !== undefined) {
      const firstHash = createHash(hash).update(first.bytes).digest();
      digest.update(Buffer.from([MESSAGE_HASH, 0, 0, firstHash.length])).update(firstHash);
      rest.shift();
    }
    for (const { bytes } of rest) digest.update(bytes);
    return digest.digest();
  };
  if (!wasSigned(tls13SignedContent('server', transcript(from + 3)))) return 'it is no handshake of ours';
  const signed = tls13SignedContent('client', transcript(from + 6));
  return checkSignature(chain[0], messages.at(-1)?.body, signed, 'TLS 1.3');
}

function checkTls12(
  all: readonly Message[],
  chain: readonly Buffer[],
  wasSigned: (input: Buffer) => boolean,
): string | undefined {
  // A stapled OCSP response is signed by the client like the rest, but nobody is asked for it here.
  const messages = all.filter(({ type }) => type !== CERTIFICATE_STATUS);
  if (!hasTypes(messages, TLS12_FLIGHTS)) return 'the handshake is not complete';
  const [client, server, , exchange] = messages.map(({ body }) => body);
  if (client === undefined || server === undefined || exchange === undefined) return 'no handshake';
  const parameters = exchange.subarray(0, tls12ParametersBytes(exchange));
  if (!wasSigned(Buffer.concat([randomOf(client), randomOf(server), parameters]))) {
    return 'it is no handshake of ours';
  }
  const signed = Buffer.concat(all.slice(0, -1).map(({ bytes }) => bytes));
  return checkSignature(chain[0], all.at(-1)?.body, signed, 'TLS 1.2');
}

/** CertificateVerify: scheme(2) length(2) signature. */
function checkSignature(
  leaf: Buffer | undefined,
  body: Buffer | undefined,
  signed: Buffer,
  structure: SigningInput,
): string | undefined {
  if (leaf === undefined || body === undefined) return 'no certificate';
  const key = new X509Certificate(leaf).publicKey;
  const parameters = signatureParameters(key, body.readUInt16BE(0), structure);
  if ('problem' in parameters) return parameters.problem;
  const signature = body.subarray(4);
  if (body.readUInt16BE(2) !== signature.length) return 'the signature is cut';
  const isRight = verify(parameters.hash, signed, { key, ...parameters.options }, signature);
  return isRight ? undefined : 'the signature is not by the key of the certificate';
}

function splitMessages(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUIntBE(at + 1, 3);
    if (end > bytes.length) throw new RangeError('a message is cut');
    messages.push({
      type: bytes.readUInt8(at),
      bytes: bytes.subarray(at, end),
      body: bytes.subarray(at + HEADER_BYTES, end),
    });
    at = end;
  }
  return messages;
}

function hasTypes(messages: readonly Message[], types: readonly number[]): boolean {
  return messages.length === types.length && types.every((type, index) => messages[index]?.type === type);
}

function randomOf(hello: Buffer): Buffer {
  if (hello.length < RANDOM_AT + RANDOM_BYTES) throw new RangeError('a hello is cut');
  return hello.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
}

function isRetry(serverHello: Buffer): boolean {
  return serverHello.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES).equals(RETRY_RANDOM);
}

/** version(2) random(32) session id(1+n) cipher suite(2) compression(1) extensions(2+n): type(2) data(2+n) … */
function readServerHello(body: Buffer): { isTls13: boolean; cipherSuite: number } {
  let at = RANDOM_AT + RANDOM_BYTES;
  at += 1 + body.readUInt8(at);
  const cipherSuite = body.readUInt16BE(at);
  at += 5;
  let isTls13 = false;
  while (at < body.length) {
    const length = body.readUInt16BE(at + 2);
    if (body.readUInt16BE(at) === SUPPORTED_VERSIONS) isTls13 = body.readUInt16BE(at + 4) === TLS13;
    at += 4 + length;
  }
  return { isTls13, cipherSuite };
}

/** TLS 1.3: context(1+n) list(3) of certificate(3+n) extensions(2+n). TLS 1.2: list(3) of certificate(3+n). */
function readChain(body: Buffer, isTls13: boolean): Buffer[] {
  const chain: Buffer[] = [];
  let at = isTls13 ? 1 + body.readUInt8(0) : 0;
  if (body.readUIntBE(at, 3) !== body.length - at - 3) throw new RangeError('a list is cut');
  at += 3;
  while (at < body.length) {
    const end = at + 3 + body.readUIntBE(at, 3);
    if (end > body.length || chain.length === MAX_CHAIN) throw new RangeError('a chain is cut or too long');
    chain.push(body.subarray(at + 3, end));
    at = isTls13 ? end + 2 + body.readUInt16BE(end) : end;
  }
  return chain;
}
