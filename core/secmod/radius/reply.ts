// What an Access-Accept says about groups and about the settings of the session. Pure; used by auth/radius.ts.
//
// With groupconfig the settings travel as lines of a per-user file, so that the option table checks them and the
// session's settings are made in the one way all are (overlays.ts).
import { isIPv4 } from 'node:net';
import { valueOf, valuesOf, type Attribute } from './attributes.ts';

export type GroupSeparator = 'semicolon' | 'comma';

export interface Groups {
  readonly groups: readonly string[];
  /** How many there were beyond the limit. */
  readonly dropped: number;
}

export interface Supplement {
  /** "option = value", all of them allowed in a per-user file. */
  readonly lines: readonly string[];
  /** Values that were left out, in words for the log. */
  readonly ignored: readonly string[];
}

const MAX_GROUPS = 512;
const MAX_DNS_IPV6 = 2;
/** "The client may choose" and "the server shall choose from its pool" (RFC 2865, 5.8): our pool in both cases. */
const POOL_ADDRESSES: readonly string[] = ['255.255.255.255', '255.255.255.254'];
/** RP speed limits count kilobytes. */
const BYTES_PER_UNIT = 1_000;
/** Beyond this no rate of ours can be written down; it is no limit any more. */
const MAX_RATE_UNITS = 2_147_483;

/** Class: "OU=a;b;c" names groups, any other text is one group. Bytes that are no text belong to the server alone. */
export function groupsOf(attributes: readonly Attribute[], separator: GroupSeparator): Groups {
  const cut = separator === 'comma' ? ',' : ';';
  const all = valuesOf(attributes, 'Class').flatMap((bytes) => {
    const text = bytes.toString('utf8');
    if (text.includes('\ufffd') || /[\u0000-\u001f\u007f]/.test(text)) return [];
    return text.startsWith('OU=') ? text.slice(3).split(cut) : [text];
  });
  return { groups: all.slice(0, MAX_GROUPS), dropped: Math.max(0, all.length - MAX_GROUPS) };
}

export function supplementOf(attributes: readonly Attribute[]): Supplement {
  const lines: string[] = [];
  const ignored: string[] = [];
  const set = (option: string, value: string | number | undefined): void => {
    if (value !== undefined) lines.push(`${option} = ${value}`);
  };

  const framed = valueOf(attributes, 'Framed-IP-Address');
  const address = framed === undefined || POOL_ADDRESSES.includes(framed) ? undefined : framed;
  set('explicit-ipv4', address);
  // The mask goes with the address; alone it would change the pool.
  if (address !== undefined) set('ipv4-netmask', valueOf(attributes, 'Framed-IP-Netmask'));

  const delegated = valueOf(attributes, 'Delegated-IPv6-Prefix');
  const framedIpv6 = valueOf(attributes, 'Framed-IPv6-Address');
  if (delegated !== undefined) {
    const [prefix = '', length = ''] = delegated.split('/');
    set('explicit-ipv6', prefix);
    set('ipv6-subnet-prefix', length);
  } else if (framedIpv6 !== undefined) {
    set('explicit-ipv6', framedIpv6);
    set('ipv6-subnet-prefix', 64);
  }

  for (const prefix of valuesOf(attributes, 'Framed-IPv6-Prefix')) set('route', prefix);
  for (const name of ['Framed-Route', 'Framed-IPv6-Route'] as const) {
    for (const text of valuesOf(attributes, name)) {
      const route = routeOf(text);
      if (route === undefined) ignored.push(`${name} "${text}": expected a network with its length`);
      else set('route', route);
    }
  }

  set('dns', serverOf(valueOf(attributes, 'MS-Primary-DNS-Server')));
  set('dns', serverOf(valueOf(attributes, 'MS-Secondary-DNS-Server')));
  const resolvers = valuesOf(attributes, 'DNS-Server-IPv6-Address');
  for (const resolver of resolvers.slice(0, MAX_DNS_IPV6)) set('dns', resolver);
  for (const resolver of resolvers.slice(MAX_DNS_IPV6)) {
    ignored.push(`DNS-Server-IPv6-Address ${resolver}: expected at most ${MAX_DNS_IPV6}`);
  }

  set('stats-report-time', valueOf(attributes, 'Acct-Interim-Interval'));
  set('session-timeout', valueOf(attributes, 'Session-Timeout'));
  set('idle-timeout', valueOf(attributes, 'Idle-Timeout'));
  set('rx-data-per-sec', rateOf(valueOf(attributes, 'RP-Upstream-Speed-Limit')));
  set('tx-data-per-sec', rateOf(valueOf(attributes, 'RP-Downstream-Speed-Limit')));
  return { lines, ignored };
}

// "10.1.0.0/16 192.0.2.1 1": what follows the network (gateway, metric) is for other kinds of servers.
function routeOf(text: string): string | undefined {
  const [network = ''] = text.split(' ');
  return /^[0-9A-Fa-f:.]+\/[0-9.]+$/.test(network) ? network : undefined;
}

/** 0.0.0.0 stands for "none". */
function serverOf(address: string | undefined): string | undefined {
  return address !== undefined && isIPv4(address) && address !== '0.0.0.0' ? address : undefined;
}

function rateOf(units: number | undefined): number | undefined {
  return units === undefined || units > MAX_RATE_UNITS ? undefined : units * BYTES_PER_UNIT;
}
