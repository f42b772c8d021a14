// The attributes we send and understand, as a table, and their values as bytes. Pure; used by packet.ts,
// request.ts, reply.ts and the accounting. A dictionary file of the site adds nothing to it: an attribute without a
// row here would be ignored anyway.
// RFC 2865, 2866, 2869 (Gigawords, Event-Timestamp), 3162, 4818, 6911 (IPv6), 2548 (Microsoft).
import { isIPv4, isIPv6 } from 'node:net';

/** `prefix`: IPv6 prefix of RFC 3162, 2.3. `time`: seconds since 1970. */
type Kind = 'text' | 'octets' | 'integer' | 'time' | 'ipv4' | 'ipv6' | 'prefix';

interface Row {
  readonly type: number;
  readonly kind: Kind;
  /** Enterprise number; absent for the standard's own. */
  readonly vendor?: number;
}

const MICROSOFT = 311;
const ROARING_PENGUIN = 10_055;

const rows = {
  'User-Name': { type: 1, kind: 'text' },
  'User-Password': { type: 2, kind: 'octets' },
  'NAS-IP-Address': { type: 4, kind: 'ipv4' },
  'Service-Type': { type: 6, kind: 'integer' },
  'Framed-Protocol': { type: 7, kind: 'integer' },
  'Framed-IP-Address': { type: 8, kind: 'ipv4' },
  'Framed-IP-Netmask': { type: 9, kind: 'ipv4' },
  'Reply-Message': { type: 18, kind: 'text' },
  'Framed-Route': { type: 22, kind: 'text' },
  State: { type: 24, kind: 'octets' },
  Class: { type: 25, kind: 'octets' },
  'Session-Timeout': { type: 27, kind: 'integer' },
  'Idle-Timeout': { type: 28, kind: 'integer' },
  'Calling-Station-Id': { type: 31, kind: 'text' },
  'NAS-Identifier': { type: 32, kind: 'text' },
  'Acct-Status-Type': { type: 40, kind: 'integer' },
  'Acct-Delay-Time': { type: 41, kind: 'integer' },
  'Acct-Input-Octets': { type: 42, kind: 'integer' },
  'Acct-Output-Octets': { type: 43, kind: 'integer' },
  'Acct-Session-Id': { type: 44, kind: 'text' },
  'Acct-Authentic': { type: 45, kind: 'integer' },
  'Acct-Session-Time': { type: 46, kind: 'integer' },
  'Acct-Terminate-Cause': { type: 49, kind: 'integer' },
  'Acct-Input-Gigawords': { type: 52, kind: 'integer' },
  'Acct-Output-Gigawords': { type: 53, kind: 'integer' },
  'Event-Timestamp': { type: 55, kind: 'time' },
  'NAS-Port-Type': { type: 61, kind: 'integer' },
  'Connect-Info': { type: 77, kind: 'text' },
  'Acct-Interim-Interval': { type: 85, kind: 'integer' },
  'NAS-IPv6-Address': { type: 95, kind: 'ipv6' },
  'Framed-IPv6-Prefix': { type: 97, kind: 'prefix' },
  'Framed-IPv6-Route': { type: 99, kind: 'text' },
  'Delegated-IPv6-Prefix': { type: 123, kind: 'prefix' },
  'Framed-IPv6-Address': { type: 168, kind: 'ipv6' },
  'DNS-Server-IPv6-Address': { type: 169, kind: 'ipv6' },
  'MS-Primary-DNS-Server': { vendor: MICROSOFT, type: 28, kind: 'ipv4' },
  'MS-Secondary-DNS-Server': { vendor: MICROSOFT, type: 29, kind: 'ipv4' },
  'RP-Upstream-Speed-Limit': { vendor: ROARING_PENGUIN, type: 1, kind: 'integer' },
  'RP-Downstream-Speed-Limit': { vendor: ROARING_PENGUIN, type: 2, kind: 'integer' },
} as const satisfies Readonly<Record<string, Row>>;

type Rows = typeof rows;
export type AttributeName = keyof Rows;
type Numeric = 'integer' | 'time';
type ValueOf<N extends AttributeName> = Rows[N]['kind'] extends 'octets'
  ? Buffer
  : Rows[N]['kind'] extends Numeric
    ? number
    : string;

/** An attribute as it stands in a packet. */
export interface Attribute {
  readonly type: number;
  readonly vendor?: number;
  readonly value: Buffer;
}

export const MAX_VALUE_BYTES = 253;
/** Room that the head of Vendor-Specific takes from a value. */
export const VENDOR_HEAD_BYTES = 6;

/** Throws a RangeError when the value does not fit; texts are cut at 253 bytes. */
export function attribute<N extends AttributeName>(name: N, value: ValueOf<N>): Attribute {
  const row: Row = rows[name];
  const bytes = encode(row.kind, value);
  const limit = row.vendor === undefined ? MAX_VALUE_BYTES : MAX_VALUE_BYTES - VENDOR_HEAD_BYTES;
  if (bytes === undefined || bytes.length > limit) throw new RangeError(`${name}: value does not fit`);
  return { type: row.type, value: bytes, ...(row.vendor === undefined ? {} : { vendor: row.vendor }) };
}

/** The values of an attribute, in order; those of a wrong length or form are left out. */
export function valuesOf<N extends AttributeName>(
  attributes: readonly Attribute[],
  name: N,
): readonly ValueOf<N>[] {
  const row: Row = rows[name];
  return attributes
    .filter(({ type, vendor }) => type === row.type && vendor === row.vendor)
    .map(({ value }) => decode(row.kind, value))
    .filter((value): value is ValueOf<N> => value !== undefined);
}

export function valueOf<N extends AttributeName>(
  attributes: readonly Attribute[],
  name: N,
): ValueOf<N> | undefined {
  return valuesOf(attributes, name)[0];
}

/** Which server of the site asks: the address a client connected to (RFC 2865, 5.4; RFC 3162, 2.1). */
export function nasAddress(address: string): Attribute {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return plain.includes(':') ? attribute('NAS-IPv6-Address', plain) : attribute('NAS-IP-Address', plain);
}

function encode(kind: Kind, value: string | number | Buffer): Buffer | undefined {
  if (Buffer.isBuffer(value)) return kind === 'octets' ? value : undefined;
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) return undefined;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  }
  switch (kind) {
    case 'text':
      return cutText(value);
    case 'ipv4':
      return isIPv4(value) ? Buffer.from(value.split('.').map(Number)) : undefined;
    case 'ipv6':
      return isIPv6(value) ? ipv6Bytes(value) : undefined;
    default:
      return undefined;
  }
}

function decode(kind: Kind, bytes: Buffer): string | number | Buffer | undefined {
  switch (kind) {
    case 'octets':
      return bytes;
    case 'text': {
      const text = bytes.toString('utf8');
      return text.includes('\ufffd') || bytes.length === 0 ? undefined : text;
    }
    case 'integer':
    case 'time':
      return bytes.length === 4 ? bytes.readUInt32BE() : undefined;
    case 'ipv4':
      return bytes.length === 4 ? [...bytes].join('.') : undefined;
    case 'ipv6':
      return bytes.length === 16 ? ipv6Text(bytes) : undefined;
    case 'prefix':
      return decodePrefix(bytes);
  }
}

//  0                   1                   2
// | Reserved (0)  | Prefix-Length | Prefix, 0 to 16 bytes …    RFC 3162, 2.3
function decodePrefix(bytes: Buffer): string | undefined {
  const length = bytes[1];
  if (length === undefined || length > 128 || bytes.length > 18 || bytes.length < 2 + Math.ceil(length / 8)) {
    return undefined;
  }
  const address = Buffer.alloc(16);
  bytes.copy(address, 0, 2);
  for (let bit = length; bit < 128; bit++) {
    // Bits behind the prefix are to be zero; a server that forgot it means the same network.
    const index = bit >> 3;
    address.writeUInt8(address.readUInt8(index) & ~(0x80 >> (bit & 7)), index);
  }
  return `${ipv6Text(address)}/${length}`;
}

/** Cut between characters. */
function cutText(text: string): Buffer {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.length <= MAX_VALUE_BYTES) return bytes;
  let end = MAX_VALUE_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

function ipv6Bytes(text: string): Buffer {
  const groups = canonical(text);
  const [head = '', tail] = groups.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - front.length - back.length).fill('0');
  const bytes = Buffer.alloc(16);
  [...front, ...zeros, ...back].forEach((group, index) =>
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2),
  );
  return bytes;
}

function ipv6Text(bytes: Buffer): string {
  return canonical(
    Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':'),
  );
}

/** The form of RFC 5952; embedded IPv4 becomes two groups. */
function canonical(address: string): string {
  return new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
}
