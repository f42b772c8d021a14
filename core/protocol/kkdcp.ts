// The Kerberos proxy protocol ([MS-KKDCP] 2.2.2): what a client posts, and what it is answered. Called by the worker's
// KDC proxy, and by main for its look at what a worker hands on. Pure, never throws on input.
//
//   KDC-PROXY-MESSAGE ::= SEQUENCE {                 DER, explicit tags
//     kerb-message   [0] OCTET STRING,               4 bytes of length, then the Kerberos message (RFC 4120, 7.2.2)
//     target-domain  [1] GeneralString OPTIONAL,     the realm
//     dclocator-hint [2] INTEGER OPTIONAL }          Windows' flags for finding a KDC; not used

/** Longest Kerberos request: in base64 it fits, with all that stands around it, into one message of a worker. */
export const maxKerberosRequestBytes = 47 * 1024;
/** Longest answer of a KDC, as the C program takes it. */
export const maxKerberosReplyBytes = 65_532;
const maxRealmCharacters = 127;
const maxHintBytes = 5;

const tags = { sequence: 0x30, octets: 0x04, generalString: 0x1b, integer: 0x02, context: 0xa0 } as const;
/** [APPLICATION n], constructed. */
const application = { asRequest: 0x6a, tgsRequest: 0x6c, error: 0x7e } as const;
const responseTooBig = 52;

export interface KdcProxyMessage {
  /** Without its length in front. */
  readonly request: Buffer;
  readonly realm: string | undefined;
}

/** `mistake`: in words without anything of the client's. */
export function parseKdcProxyMessage(body: Buffer): KdcProxyMessage | { readonly mistake: string } {
  const outer = takeElement(body);
  if (outer?.tag !== tags.sequence) return { mistake: 'the body is no DER sequence' };
  if (outer.rest.length > 0) return { mistake: 'bytes follow the message' };
  const kerberos = takeTagged(outer.content, 0, tags.octets);
  if (kerberos?.content === undefined) return { mistake: 'no kerb-message' };
  const domain = takeTagged(kerberos.rest, 1, tags.generalString);
  if (domain === undefined) return { mistake: 'target-domain is no GeneralString' };
  const hint = takeTagged(domain.rest, 2, tags.integer);
  if (hint === undefined) return { mistake: 'dclocator-hint is no INTEGER' };
  if (hint.rest.length > 0) return { mistake: 'surplus members' };
  const hintBytes = hint.content?.length;
  if (hintBytes !== undefined && (hintBytes < 1 || hintBytes > maxHintBytes)) {
    return { mistake: 'dclocator-hint is no INTEGER of 32 bits' };
  }
  const realm = domain.content?.toString('latin1');
  if (realm !== undefined && !isRealm(realm)) return { mistake: 'target-domain is no name of a realm' };
  return parseKerberosRequest(kerberos.content, realm);
}

function parseKerberosRequest(
  framed: Buffer,
  realm: string | undefined,
): KdcProxyMessage | { readonly mistake: string } {
  const request = framed.subarray(4);
  if (framed.length < 4 || framed.readUInt32BE(0) !== request.length) {
    return { mistake: 'the length in front of the Kerberos message is not its length' };
  }
  if (request.length > maxKerberosRequestBytes) {
    return {
      mistake: `a Kerberos message of ${String(request.length)} bytes; at most ${String(maxKerberosRequestBytes)} are passed on`,
    };
  }
  if (!isKerberosRequest(request)) return { mistake: 'neither AS-REQ, TGS-REQ nor a change of password' };
  return { request, realm };
}

/** 1 to 127 visible ASCII characters. */
export function isRealm(text: string): boolean {
  return text.length <= maxRealmCharacters && /^[\x21-\x7e]+$/.test(text);
}

/**
 * AS-REQ or TGS-REQ (RFC 4120, 5.4.1), or a change of password (RFC 3244: its length, version 1 or 0xff80), by its
 * outermost lengths: nothing else may go through the proxy to a KDC.
 */
export function isKerberosRequest(message: Buffer): boolean {
  if (message.length > maxKerberosRequestBytes) return false;
  const outer = takeElement(message);
  if (outer?.tag === application.asRequest || outer?.tag === application.tgsRequest) {
    return outer.rest.length === 0;
  }
  if (message.length < 6 || message.readUInt16BE(0) !== message.length) return false;
  const version = message.readUInt16BE(2);
  return version === 1 || version === 0xff80;
}

/** KRB-ERROR with KRB_ERR_RESPONSE_TOO_BIG (RFC 4120, 7.2.1): the same question is to be asked over TCP. */
export function wantsTcp(reply: Buffer): boolean {
  const outer = takeElement(reply);
  if (outer?.tag !== application.error) return false;
  const sequence = takeElement(outer.content);
  if (sequence?.tag !== tags.sequence) return false;
  let rest = sequence.content;
  for (;;) {
    const member = takeElement(rest);
    if (member === undefined) return false;
    // error-code [6] Int32
    if (member.tag === tags.context + 6) {
      return member.content.equals(Buffer.from([tags.integer, 1, responseTooBig]));
    }
    rest = member.rest;
  }
}

/** The answer, with nothing but kerb-message in it. Throws a RangeError when the reply is too long. */
export function writeKdcProxyMessage(reply: Buffer): Buffer {
  if (reply.length > maxKerberosReplyBytes) throw new RangeError('a Kerberos reply beyond all limits');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(reply.length);
  const octets = writeElement(tags.octets, Buffer.concat([length, reply]));
  return writeElement(tags.sequence, writeElement(tags.context, octets));
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly rest: Buffer;
}

/** The first element: a tag of one byte, a definite length in as few bytes as it needs, all of the content there. */
function takeElement(bytes: Buffer): Element | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first >= 0x80 && (lengthBytes < 1 || lengthBytes > 3)) return undefined;
  const start = 2 + lengthBytes;
  if (bytes.length < start) return undefined;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const isMinimal = lengthBytes === 0 || length >= (lengthBytes === 1 ? 0x80 : 2 ** (8 * (lengthBytes - 1)));
  if (!isMinimal || bytes.length < start + length) return undefined;
  return { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

/** Content of the member [number], which holds one element of this tag; without content when it is not the next one. */
function takeTagged(
  bytes: Buffer,
  number: number,
  tag: number,
): { readonly content: Buffer | undefined; readonly rest: Buffer } | undefined {
  if (bytes[0] !== tags.context + number) return { content: undefined, rest: bytes };
  const member = takeElement(bytes);
  const inner = member === undefined ? undefined : takeElement(member.content);
  if (member === undefined || inner?.tag !== tag || inner.rest.length > 0) return undefined;
  return { content: inner.content, rest: member.rest };
}

function writeElement(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const head = Buffer.alloc(2 + bytes);
  head[0] = tag;
  head[1] = bytes === 0 ? length : 0x80 | bytes;
  if (bytes > 0) head.writeUIntBE(length, 2, bytes);
  return Buffer.concat([head, content]);
}
