// RADIUS packets as bytes (RFC 2865, 3; RFC 2866, 3), without a socket anywhere. What comes back is believed only
// if it proves that its sender knows the shared secret. Used by exchange.ts.
//
//  0                   1                   2                   3
// |     Code      |  Identifier   |            Length             |
// |                     Authenticator (16 bytes)                  |
// |  Attributes: Type, Length (of all three), Value …
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { MAX_VALUE_BYTES, type Attribute } from './attributes.ts';

export const codes = {
  accessRequest: 1,
  accessAccept: 2,
  accessReject: 3,
  accountingRequest: 4,
  accountingResponse: 5,
  accessChallenge: 11,
} as const;

export const AUTHENTICATOR_BYTES = 16;
export const MAX_PACKET_BYTES = 4096;
/** RFC 2865, 5.2. */
export const MAX_PASSWORD_BYTES = 128;

const HEAD_BYTES = 20;
const USER_PASSWORD = 2;
const VENDOR_SPECIFIC = 26;
const MESSAGE_AUTHENTICATOR = 80;

export interface Packet {
  readonly code: number;
  readonly attributes: readonly Attribute[];
}

export interface AccessRequest {
  readonly identifier: number;
  /** 16 bytes that nobody can foresee. */
  readonly authenticator: Buffer;
  readonly secret: string;
  /** User-Password in clear: it is hidden here. */
  readonly attributes: readonly Attribute[];
}

/**
 * Message-Authenticator comes first, so that no attacker can choose bytes in front of it (RFC 3579, 3.2 and
 * CVE-2024-3596). Throws a RangeError when the packet would be too long.
 */
export function encodeAccessRequest({
  identifier,
  authenticator,
  secret,
  attributes,
}: AccessRequest): Buffer {
  const hidden = attributes.map((one) =>
    one.type === USER_PASSWORD && one.vendor === undefined
      ? { ...one, value: hidePassword(one.value, secret, authenticator) }
      : one,
  );
  const zero = { type: MESSAGE_AUTHENTICATOR, value: Buffer.alloc(16) };
  const packet = assemble(codes.accessRequest, identifier, authenticator, [zero, ...hidden]);
  createHmac('md5', secret)
    .update(packet)
    .digest()
    .copy(packet, HEAD_BYTES + 2);
  return packet;
}

/** The authenticator of an Accounting-Request is the digest of the packet itself (RFC 2866, 3). */
export function encodeAccountingRequest(
  identifier: number,
  secret: string,
  attributes: readonly Attribute[],
): Buffer {
  const packet = assemble(codes.accountingRequest, identifier, Buffer.alloc(AUTHENTICATOR_BYTES), attributes);
  createHash('md5').update(packet).update(secret).digest().copy(packet, 4);
  return packet;
}

export interface Expectation {
  /** The request as it was sent. */
  readonly request: Buffer;
  readonly secret: string;
  /** An answer to an Access-Request without Message-Authenticator is not believed. */
  readonly requireMessageAuthenticator: boolean;
}

/** The answer to a request, or in words why these bytes are none. Never throws. */
export function decodeAnswer(
  bytes: Buffer,
  { request, secret, requireMessageAuthenticator }: Expectation,
): Packet | { readonly problem: string } {
  const packet = decodePacket(bytes);
  if ('problem' in packet) return packet;
  const { code, identifier, whole, attributes } = packet;
  const isAccounting = request[0] === codes.accountingRequest;
  const expected: readonly number[] = isAccounting
    ? [codes.accountingResponse]
    : [codes.accessAccept, codes.accessReject, codes.accessChallenge];
  if (identifier !== request[1]) return { problem: 'the identifier is of another request' };
  if (!expected.includes(code)) return { problem: `code ${code} is no answer to the request` };

  const requestAuthenticator = request.subarray(4, HEAD_BYTES);
  const digest = createHash('md5')
    .update(whole.subarray(0, 4))
    .update(requestAuthenticator)
    .update(whole.subarray(HEAD_BYTES))
    .update(secret)
    .digest();
  if (!timingSafeEqual(digest, whole.subarray(4, HEAD_BYTES))) {
    return { problem: 'the response authenticator is wrong; expected the same shared secret on both sides' };
  }
  const seals = attributes.filter(
    ({ type, vendor }) => type === MESSAGE_AUTHENTICATOR && vendor === undefined,
  );
  if (seals.length > 1) return { problem: 'more than one Message-Authenticator' };
  const [seal] = seals;
  if (seal === undefined) {
    return requireMessageAuthenticator && !isAccounting
      ? {
          problem:
            'the Message-Authenticator is missing; expected a server that sends it, or "require-message-authenticator no"',
        }
      : { code, attributes };
  }
  if (!isSealed(whole, seal.value, requestAuthenticator, secret)) {
    return { problem: 'the Message-Authenticator is wrong' };
  }
  return { code, attributes };
}

/** HMAC over the packet with the request's authenticator in the head and zeros in the seal's place. */
function isSealed(whole: Buffer, seal: Buffer, requestAuthenticator: Buffer, secret: string): boolean {
  if (seal.length !== 16) return false;
  const given = Buffer.from(seal);
  const copy = Buffer.from(whole);
  requestAuthenticator.copy(copy, 4);
  // `seal` is a view into `whole`: its place in the copy is the same.
  copy.fill(0, seal.byteOffset - whole.byteOffset, seal.byteOffset - whole.byteOffset + 16);
  return timingSafeEqual(createHmac('md5', secret).update(copy).digest(), given);
}

interface RawPacket extends Packet {
  readonly identifier: number;
  /** Without what the datagram may have behind the packet's own length. */
  readonly whole: Buffer;
}

/** The structure alone; nothing here is proof of anything. */
export function decodePacket(bytes: Buffer): RawPacket | { readonly problem: string } {
  if (bytes.length < HEAD_BYTES) return { problem: `${bytes.length} bytes are too few for a packet` };
  const length = bytes.readUInt16BE(2);
  if (length < HEAD_BYTES || length > MAX_PACKET_BYTES || length > bytes.length) {
    return { problem: `the length ${length} does not fit the ${bytes.length} bytes received` };
  }
  const whole = bytes.subarray(0, length);
  const attributes: Attribute[] = [];
  let at = HEAD_BYTES;
  while (at < length) {
    const size = at + 2 <= length ? whole.readUInt8(at + 1) : 0;
    if (size < 2 || at + size > length) return { problem: `an attribute at byte ${at} has a wrong length` };
    const type = whole.readUInt8(at);
    const value = whole.subarray(at + 2, at + size);
    if (type === VENDOR_SPECIFIC) attributes.push(...decodeVendor(value));
    else attributes.push({ type, value });
    at += size;
  }
  return { code: whole.readUInt8(0), identifier: whole.readUInt8(1), whole, attributes };
}

/** RFC 2865, 5.26. A vendor that does not keep to the recommended form has nothing for us. */
function decodeVendor(value: Buffer): Attribute[] {
  if (value.length < 6) return [];
  const vendor = value.readUInt32BE(0);
  const attributes: Attribute[] = [];
  let at = 4;
  while (at < value.length) {
    const size = at + 2 <= value.length ? value.readUInt8(at + 1) : 0;
    if (size < 2 || at + size > value.length) return [];
    attributes.push({ vendor, type: value.readUInt8(at), value: value.subarray(at + 2, at + size) });
    at += size;
  }
  return attributes;
}

function assemble(
  code: number,
  identifier: number,
  authenticator: Buffer,
  attributes: readonly Attribute[],
): Buffer {
  const body = Buffer.concat(attributes.map(encodeAttribute));
  const length = HEAD_BYTES + body.length;
  if (length > MAX_PACKET_BYTES) throw new RangeError(`a packet of ${length} bytes is too long`);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(code, 0);
  head.writeUInt8(identifier, 1);
  head.writeUInt16BE(length, 2);
  authenticator.copy(head, 4);
  return Buffer.concat([head, body]);
}

function encodeAttribute({ type, vendor, value }: Attribute): Buffer {
  if (vendor !== undefined) {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(vendor, 0);
    head.writeUInt8(type, 4);
    head.writeUInt8(value.length + 2, 5);
    return encodeAttribute({ type: VENDOR_SPECIFIC, value: Buffer.concat([head, value]) });
  }
  if (value.length > MAX_VALUE_BYTES)
    throw new RangeError(`attribute ${type}: ${value.length} bytes do not fit`);
  return Buffer.concat([Buffer.from([type, value.length + 2]), value]);
}

/** RFC 2865, 5.2: filled up with zeros to blocks of 16, each hidden under MD5(secret, block before). */
function hidePassword(password: Buffer, secret: string, authenticator: Buffer): Buffer {
  if (password.length > MAX_PASSWORD_BYTES) throw new RangeError('the password is too long');
  const hidden = Buffer.alloc(Math.max(16, Math.ceil(password.length / 16) * 16));
  password.copy(hidden);
  let before = authenticator;
  for (let at = 0; at < hidden.length; at += 16) {
    const mask = createHash('md5').update(secret).update(before).digest();
    for (let index = 0; index < 16; index++) {
      hidden.writeUInt8(hidden.readUInt8(at + index) ^ mask.readUInt8(index), at + index);
    }
    before = hidden.subarray(at, at + 16);
  }
  return hidden;
}
