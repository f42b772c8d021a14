// The header that a front end (haproxy, nginx, a cloud's balancer) puts before a forwarded TCP connection: PROXY protocol,
// versions 1 and 2 (haproxy's doc/proxy-protocol.txt). Called by main with the first bytes of a connection, which come
// from whoever reaches the port; pure, bounded, fuzzed.
//
//   1: "PROXY TCP4 " source " " destination " " source port " " destination port "\r\n"   at most 107 bytes
//   2: 0 signature 12 | 12 version and command | 13 family and transport | 14 length 2 | 16 addresses, then TLVs
import { isIPv4, isIPv6 } from 'node:net';

export interface ProxiedEndpoint {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** More bytes are needed; all of those given belong to the header. */
  | { readonly kind: 'incomplete' }
  /** `addresses` absent: the front end speaks for itself (a health check) or does not know its client. */
  | {
      readonly kind: 'header';
      readonly bytes: number;
      readonly addresses:
        { readonly source: ProxiedEndpoint; readonly destination: ProxiedEndpoint } | undefined;
    }
  | { readonly kind: 'mistake'; readonly text: string };

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const fixedBytes = 16;
const maxLineBytes = 107;
/** Ours: room for TLVs, of which certificates of clients are the longest. */
export const proxyHeaderLimitBytes = 2048;

const start = Buffer.from('PROXY ', 'latin1');
const incomplete: ProxyHeader = { kind: 'incomplete' };
const mistake = (text: string): ProxyHeader => ({ kind: 'mistake', text });

export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (begins(bytes, start)) return parseLine(bytes);
  if (begins(bytes, signature)) return parseBinary(bytes);
  return mistake('no PROXY header');
}

/** As far as they go, the two are the same. */
function begins(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.subarray(0, length).equals(expected.subarray(0, length));
}

function parseLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, maxLineBytes).indexOf('\r\n', 0, 'latin1');
  if (end < 0)
    return bytes.length < maxLineBytes ? incomplete : mistake('a PROXY line longer than 107 bytes');
  const words = bytes.toString('latin1', start.length, end).split(' ');
  const header = { kind: 'header', bytes: end + 2 } as const;
  const [family] = words;
  // Whatever stands behind it is to be ignored.
  if (family === 'UNKNOWN') return { ...header, addresses: undefined };
  if (family !== 'TCP4' && family !== 'TCP6') return mistake('a PROXY line of unknown family');
  const isAddress = family === 'TCP4' ? isIPv4 : (text: string) => isIPv6(text) && !text.includes('%');
  const [, source = '', destination = '', sourcePort = '', destinationPort = ''] = words;
  const ports = [parsePort(sourcePort), parsePort(destinationPort)] as const;
  if (words.length !== 5 || !isAddress(source) || !isAddress(destination) || ports.includes(undefined)) {
    return mistake('a malformed PROXY line');
  }
  return {
    ...header,
    addresses: {
      source: { address: source, port: ports[0] ?? 0 },
      destination: { address: destination, port: ports[1] ?? 0 },
    },
  };
}

/** Decimal without leading zeros. */
function parsePort(text: string): number | undefined {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

function parseBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < fixedBytes) return incomplete;
  const versionAndCommand = bytes[12] ?? 0;
  if (versionAndCommand >> 4 !== 2) return mistake('a PROXY header of unknown version');
  const command = versionAndCommand & 15;
  if (command > 1) return mistake('a PROXY header with an unknown command');
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (length > proxyHeaderLimitBytes) {
    return mistake(`a PROXY header longer than ${String(proxyHeaderLimitBytes)} bytes`);
  }
  const familyAndTransport = bytes[13] ?? 0;
  const family = familyAndTransport >> 4;
  const addressBytes = family === 1 ? 4 : family === 2 ? 16 : 0;
  // Of Unix sockets, unspecified families and datagrams there is nothing to learn.
  const isUsable = command === 1 && addressBytes > 0 && (familyAndTransport & 15) <= 1;
  if (isUsable && length < fixedBytes + 2 * addressBytes + 4) {
    return mistake('a PROXY header too short for its addresses');
  }
  if (bytes.length < length) return incomplete;
  if (!isUsable) return { kind: 'header', bytes: length, addresses: undefined };
  const portsAt = fixedBytes + 2 * addressBytes;
  const endpoint = (index: 0 | 1): ProxiedEndpoint => {
    const at = fixedBytes + index * addressBytes;
    return {
      address: addressText(bytes.subarray(at, at + addressBytes)),
      port: bytes.readUInt16BE(portsAt + 2 * index),
    };
  };
  return {
    kind: 'header',
    bytes: length,
    addresses: { source: endpoint(0), destination: endpoint(1) },
  };
}

/** IPv6 in full, as no form but the shortest would be unique. */
function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');
}
