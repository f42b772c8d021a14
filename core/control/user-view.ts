// Connections as `occtl show users`, `show user`, `show id` and `show iroutes` print them, text and JSON.
import type { ControlUser } from '../interfaces/index.ts';
import {
  formatBytes,
  formatDuration,
  formatRate,
  formatTime,
  line,
  pairs,
  printable,
  row,
  withoutEmpty,
  type JsonObject,
} from './format.ts';

const stateWords: Readonly<Record<ControlUser['state'], string>> = {
  connected: 'connected',
  authenticating: 'authenticating',
  preAuth: 'pre-auth',
  failed: 'auth failed',
};

const none = '(none)';

/** The DTLS description without version and key exchange: `(DTLS1.2)-(PSK)-(AES-256-GCM)` is `(AES-256-GCM)`. */
function shortDtls(description: string | undefined): string {
  if (description === undefined) return '(no-dtls)';
  return /^\(DTLS[\d.]+\)-(?:\((?:PSK|RSA|ECDHE-RSA)\)-)?(.*)$/.exec(description)?.[1] ?? description;
}

const userWidths = [8, 8, 8, 14, 14, 6, 7, 14, 9];
/** Durations come with a width of their own, which in the C tool's rows is not the heading's. */
const userRowWidths = userWidths.with(6, 0);

/** The table; nothing at all when nobody is connected. `now` in seconds. */
export function usersTable(users: readonly ControlUser[], now: number): string {
  if (users.length === 0) return '';
  const heading = row(userWidths, [
    'id',
    'user',
    'vhost',
    'ip',
    'vpn-ip',
    'device',
    'since',
    'dtls-cipher',
    'status',
  ]);
  const rows = users.map((user) =>
    row(userRowWidths, [
      user.id,
      printable(user.username ?? none),
      printable(user.vhost),
      user.remoteAddress,
      user.ipv4 ?? user.ipv6 ?? '',
      user.device ?? '',
      formatDuration(now - user.connectedAt),
      shortDtls(user.dtlsCiphersuite),
      stateWords[user.state],
    ]),
  );
  return `${[heading, ...rows].join('\n')}\n`;
}

function yesNo(value: boolean): string {
  return value ? 'True' : 'False';
}

function limit(bytesPerSecond: number | undefined): string | undefined {
  return bytesPerSecond === undefined || bytesPerSecond === 0 ? undefined : formatBytes(bytesPerSecond, '/s');
}

function amount(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${String(bytes)} (${formatBytes(bytes)})`;
}

function when(seconds: number, now: number): string {
  return `${formatTime(seconds)} (${formatDuration(now - seconds)})`;
}

/** The long form of one connection. */
export function userBlock(user: ControlUser, now: number): string {
  const age = now - user.connectedAt;
  const rate = (bytes: number | undefined): string | undefined =>
    bytes === undefined ? undefined : formatRate(bytes, age);
  const bandwidth =
    user.rxBytes === undefined || user.txBytes === undefined
      ? ''
      : `\tAverage bandwidth RX: ${rate(user.rxBytes) ?? ''}  TX: ${rate(user.txBytes) ?? ''}\n`;
  const ports = line('Restricted to ports', user.restrictedToPorts.join(', '));
  return [
    line('ID', String(user.id)),
    pairs(['Username', user.username ?? none], ['Groupname', user.groupname ?? none]),
    line('State', stateWords[user.state]),
    line('vhost', user.vhost),
    pairs(['Device', user.device], ['MTU', user.mtu?.toString()]),
    pairs(['Remote IP', user.remoteAddress], ['Location', 'unknown']),
    line('Local Device IP', user.localAddress),
    user.ipv4Peer === undefined ? '' : pairs(['IPv4', user.ipv4], ['P-t-P IPv4', user.ipv4Peer]),
    user.ipv6Peer === undefined ? '' : pairs(['IPv6', user.ipv6], ['P-t-P IPv6', user.ipv6Peer]),
    line('User-Agent', user.userAgent),
    pairs(['Limit RX', limit(user.rxLimit)], ['Limit TX', limit(user.txLimit)]),
    pairs(['RX', amount(user.rxBytes)], ['TX', amount(user.txBytes)]),
    bandwidth,
    pairs(['DPD', String(user.dpd)], ['KeepAlive', String(user.keepalive)]),
    line('Hostname', user.hostname),
    line('Last connected at', when(user.connectedAt, now)),
    user.sessionStartedAt === 0 ? '' : line('Session started at', when(user.sessionStartedAt, now)),
    line('Session', user.sessionId?.slice(0, 6)),
    line('TLS ciphersuite', user.tlsCiphersuite),
    line('DTLS cipher', user.dtlsCiphersuite),
    pairs(['CSTP compression', user.cstpCompression], ['DTLS compression', user.dtlsCompression]),
    '\n',
    line('DNS', user.dns),
    line('NBNS', user.nbns),
    line('Split-DNS-Domains', user.splitDns),
    line('Routes', user.routes.length === 0 ? 'defaultroute' : user.routes),
    line('No-routes', user.noRoutes),
    line('iRoutes', user.iroutes),
    line('Restricted to routes', yesNo(user.restrictedToRoutes)),
    ports === '' ? '\n' : ports,
  ].join('');
}

/** Blocks one empty line apart; nothing matched is a sentence that callers look for. */
export function userBlocks(users: readonly ControlUser[], now: number): string {
  if (users.length === 0) return 'user or ID not found\n';
  return users.map((user) => userBlock(user, now)).join('\n');
}

/** One connection with the C tool's keys and types: counters and limits are strings, ids and raw times numbers. */
export function userJson(user: ControlUser, now: number): JsonObject {
  const age = now - user.connectedAt;
  const started = user.sessionStartedAt;
  const lists = {
    DNS: user.dns,
    NBNS: user.nbns,
    'Split-DNS-Domains': user.splitDns,
    Routes: user.routes.length === 0 ? 'defaultroute' : user.routes,
    'No-routes': user.noRoutes,
    iRoutes: user.iroutes,
    'Restricted to routes': yesNo(user.restrictedToRoutes),
    'Restricted to ports': user.restrictedToPorts,
  };
  const connected = formatTime(user.connectedAt);
  return {
    ...withoutEmpty({
      ID: user.id,
      Username: user.username ?? none,
      Groupname: user.groupname ?? none,
      State: stateWords[user.state],
      vhost: user.vhost,
      Device: user.device,
      MTU: user.mtu?.toString(),
      'Remote IP': user.remoteAddress,
      Location: 'unknown',
      'Local Device IP': user.localAddress,
      IPv4: user.ipv4Peer === undefined ? undefined : user.ipv4,
      'P-t-P IPv4': user.ipv4Peer,
      IPv6: user.ipv6Peer === undefined ? undefined : user.ipv6,
      'P-t-P IPv6': user.ipv6Peer,
      'User-Agent': user.userAgent,
      'Limit RX': limit(user.rxLimit),
      'Limit TX': limit(user.txLimit),
      RX: user.rxBytes?.toString(),
      TX: user.txBytes?.toString(),
      _RX: user.rxBytes === undefined ? undefined : formatBytes(user.rxBytes),
      _TX: user.txBytes === undefined ? undefined : formatBytes(user.txBytes),
      'Average RX': user.rxBytes === undefined ? undefined : formatRate(user.rxBytes, age),
      'Average TX': user.txBytes === undefined ? undefined : formatRate(user.txBytes, age),
      DPD: String(user.dpd),
      KeepAlive: String(user.keepalive),
      Hostname: user.hostname,
      // Both spellings: exporters for releases before 1.5.0 read the first pair.
      'Connected at': connected,
      '_Connected at': formatDuration(age),
      'Last connected at': connected,
      '_Last connected at': formatDuration(age),
      'Session started at': started === 0 ? undefined : formatTime(started),
      '_Session started at': started === 0 ? undefined : formatDuration(now - started),
      raw_connected_at: user.connectedAt,
      raw_session_started_at: started,
      'Full session': user.sessionId,
      Session: user.sessionId?.slice(0, 6),
      'TLS ciphersuite': user.tlsCiphersuite,
      'DTLS cipher': user.dtlsCiphersuite,
      'CSTP compression': user.cstpCompression,
      'DTLS compression': user.dtlsCompression,
    }),
    ...lists,
  };
}

const irouteWidths = [6, 8, 8, 6, 16, 28];

function connectedUsers(users: readonly ControlUser[]): readonly ControlUser[] {
  return users.filter((user) => user.state === 'connected');
}

export function iroutesTable(users: readonly ControlUser[]): string {
  const connected = connectedUsers(users);
  if (connected.length === 0) return '';
  const rows = connected.flatMap((user) =>
    user.iroutes.map((iroute) =>
      row(irouteWidths, [
        user.id,
        printable(user.username ?? none),
        printable(user.vhost),
        user.device ?? '',
        user.ipv4 ?? user.ipv6 ?? '',
        iroute,
      ]),
    ),
  );
  return `${[row(irouteWidths, ['id', 'user', 'vhost', 'device', 'vpn-ip', 'iroute']), ...rows].join('\n')}\n`;
}

export function iroutesJson(users: readonly ControlUser[]): JsonObject[] {
  return connectedUsers(users).map((user) => ({
    ...withoutEmpty({
      ID: user.id,
      Username: user.username ?? none,
      vhost: user.vhost,
      Device: user.device,
      IP: user.ipv4 ?? user.ipv6,
    }),
    iRoutes: user.iroutes,
  }));
}
