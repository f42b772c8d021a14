// IPv4 and IPv6 addresses as numbers, for pools, leases and bans. Pure; used all over core/main.
import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** Undefined when it is no address. IPv4-mapped IPv6 counts as IPv4; a zone (`%eth0`) is dropped. */
export function parseAddress(text: string): { family: 4 | 6; value: bigint } | undefined {
  if (isIPv4(text)) {
    return { family: 4, value: text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
  }
  const plain = text.replace(/%.*$/, '');
  if (!isIPv6(plain)) return undefined;
  const value = parseIpv6(plain);
  if (value >> 32n === 0xffffn) return { family: 4, value: value & 0xffff_ffffn };
  return { family: 6, value };
}

function parseIpv6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let plain = text;
  if (dotted?.[1] !== undefined && dotted[2] !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted[2].split('.').map(Number);
    plain = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** IPv6 in the form of RFC 5952. */
export function formatAddress(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  const front = groups.slice(0, best.start).join(':');
  const back = groups.slice(best.start + best.length).join(':');
  return `${front}::${back}`;
}

export function maskOf(family: 4 | 6, prefix: number): bigint {
  const bits = BigInt(bitsOf(family));
  return ((1n << BigInt(prefix)) - 1n) << (bits - BigInt(prefix));
}

/** `address/prefix`, `address/dotted-mask`, or an address with the prefix given beside it. Host bits are cleared. */
export function parseNetwork(text: string, beside?: string | number): Network | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const prefix = parsePrefix(slash < 0 ? beside : text.slice(slash + 1), address.family);
  if (prefix === undefined) return undefined;
  return { family: address.family, base: address.value & maskOf(address.family, prefix), prefix };
}

function parsePrefix(given: string | number | undefined, family: 4 | 6): number | undefined {
  if (given === undefined) return undefined;
  const text = String(given);
  if (/^\d{1,3}$/.test(text)) {
    const prefix = Number(text);
    return prefix <= bitsOf(family) ? prefix : undefined;
  }
  const mask = family === 4 ? parseAddress(text) : undefined;
  if (mask?.family !== 4) return undefined;
  for (let prefix = 0; prefix <= 32; prefix++) if (maskOf(4, prefix) === mask.value) return prefix;
  return undefined;
}

export function contains(network: Network, address: { family: 4 | 6; value: bigint }): boolean {
  return (
    network.family === address.family &&
    (address.value & maskOf(network.family, network.prefix)) === network.base
  );
}

/** IPv4 with dotted mask, IPv6 with prefix: the form routes have in headers, scripts and views. */
export function formatRoute(network: Network): string {
  const base = formatAddress(network.family, network.base);
  return network.family === 4
    ? `${base}/${formatAddress(4, maskOf(4, network.prefix))}`
    : `${base}/${String(network.prefix)}`;
}

export function formatCidr(network: Network): string {
  return `${formatAddress(network.family, network.base)}/${String(network.prefix)}`;
}
