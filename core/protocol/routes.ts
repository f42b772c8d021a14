// Networks and routes as text: what configuration files write, what clients want to read.
// Called by main (settings of a session), config (checks) and the worker.
import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: number;
}

/** "10.0.0.0/8", "10.0.0.0/255.0.0.0", "fd00::/64"; without a slash a single address. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const suffix = slash < 0 ? undefined : text.slice(slash + 1);
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined;
  if (family === undefined) return undefined;
  const prefix = suffix === undefined ? (family === 4 ? 32 : 128) : parsePrefix(suffix, family);
  return prefix === undefined ? undefined : { family, address, prefix };
}

function parsePrefix(text: string, family: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(text)) {
    const prefix = Number(text);
    return prefix <= (family === 4 ? 32 : 128) ? prefix : undefined;
  }
  return family === 4 && isIPv4(text) ? prefixOfMask(text) : undefined;
}

/** 24 for "255.255.255.0"; undefined if the ones are not all in front. */
export function prefixOfMask(mask: string): number | undefined {
  const bits = ipv4Number(mask).toString(2).padStart(32, '0');
  const ones = bits.indexOf('0') < 0 ? 32 : bits.indexOf('0');
  return bits.slice(ones).includes('1') ? undefined : ones;
}

/** "255.255.255.0" for 24. */
export function maskOfPrefix(prefix: number): string {
  const value = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Everything goes through the tunnel: "default" or a network of prefix 0. */
export function isDefaultRoute(route: string): boolean {
  return route === 'default' || parseNetwork(route)?.prefix === 0;
}

/** A route as clients want it: IPv4 with a dotted mask, IPv6 with a prefix. */
export function routeText(network: Network): string {
  const { family, address, prefix } = network;
  return `${address}/${family === 4 ? maskOfPrefix(prefix) : prefix}`;
}

export function isIpv6Route(route: string): boolean {
  return route.includes(':');
}

/** Clients with an IPv4-mapped address (::ffff:192.0.2.1) are IPv4 clients on a dual-stack socket. */
export function isIpv6Transport(address: string): boolean {
  return address.includes(':') && !address.toLowerCase().startsWith('::ffff:');
}
