// The rows of kkdcp: PATH REALM udp|tcp@HOST:PORT. Called through the option table, and by main, which asks the KDCs.
import { isIP, isIPv6 } from 'node:net';
import { isRealm } from '../protocol/kkdcp.ts';
import { quoteValue } from './diagnostics.ts';
import type { Reading } from './values.ts';

export interface KdcRow {
  /** Exact, as clients post to it. */
  readonly path: string;
  readonly realm: string;
  readonly protocol: 'udp' | 'tcp';
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

/** Where clients log in: a KDC behind these would shut everybody out. */
const loginPaths: readonly string[] = ['/', '/auth', '/VPN'];
/** Of /etc/services, as far as a KDC may be named by it. */
const servicePorts: ReadonlyMap<string, number> = new Map([
  ['kerberos', 88],
  ['kerberos-sec', 88],
  ['kpasswd', 464],
]);

const expected = 'expected PATH REALM udp@HOST:PORT or tcp@HOST:PORT';

/** One line, whose blanks become single. */
export function readKdcRow(value: string): Reading<string> {
  const row = takeApart(value);
  return typeof row === 'string'
    ? { error: row }
    : {
        value: value
          .trim()
          .split(/[ \t]+/)
          .join(' '),
      };
}

/** Takes an element of `settings.kkdcp` apart. */
export function parseKdcRow(value: string): KdcRow {
  const row = takeApart(value);
  if (typeof row === 'string') throw new RangeError(row);
  return row;
}

function takeApart(value: string): KdcRow | string {
  const [path = '', realm = '', server = '', ...surplus] = value.trim().split(/[ \t]+/);
  const at = server.indexOf('@');
  if (realm === '' || at < 0 || surplus.length > 0)
    return `Cannot parse kkdcp string: ${quoteValue(value)}; ${expected}`;
  if (!/^\/[\x21-\x7e]*$/.test(path) || path.includes('?') || path.includes('#') || path.length > 255)
    return `kkdcp: found path ${quoteValue(path)}; expected a path that begins with "/", without "?"`;
  if (loginPaths.includes(path))
    return `kkdcp: found path ${quoteValue(path)}, where clients log in; expected a path of its own`;
  if (!isRealm(realm)) return `kkdcp: found realm ${quoteValue(realm)}; expected at most 127 characters`;
  const protocol = server.slice(0, at);
  if (protocol !== 'udp' && protocol !== 'tcp')
    return `cannot handle protocol ${quoteValue(protocol)}; expected udp or tcp`;
  const place = server.slice(at + 1);
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([^:]+)$/.exec(place);
  if (match === null) return `No server port specified in: ${quoteValue(place)}; expected HOST:PORT`;
  const [, bracketed, plain, portText = ''] = match;
  const host = bracketed ?? plain ?? '';
  const isHost = bracketed === undefined ? isHostName(host) : isIPv6(host);
  if (!isHost)
    return `kkdcp: found host ${quoteValue(place)}; expected a name, an IPv4 address or an IPv6 address in brackets`;
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : (servicePorts.get(portText) ?? 0);
  if (port < 1 || port > 65_535) return `kkdcp: found port ${quoteValue(portText)}; expected 1…65535`;
  return { path, realm, protocol, host, port };
}

function isHostName(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (/^[0-9.]+$/.test(text)) return false;
  return /^(?=.{1,253}$)[-_0-9A-Za-z]{1,63}(\.[-_0-9A-Za-z]{1,63})*\.?$/.test(text);
}
