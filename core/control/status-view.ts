// `occtl show status`, text and JSON.
import type { ControlStatus } from '../interfaces/index.ts';
import { formatBytes, formatDuration, formatTime, line, type JsonObject } from './format.ts';

function ago(seconds: number, now: number): string {
  return `${formatTime(seconds)} (${formatDuration(now - seconds)})`;
}

/** `now` in seconds; debug adds the two rows about the security module's tables. */
export function statusText(status: ControlStatus, now: number, debug: boolean): string {
  const number = (name: string, value: number): string => line(name, String(value));
  return [
    'Sessions are counted when they end, connections as long as they are open.\n',
    'Traffic and times below belong to ended sessions of the current period.\n',
    '\n',
    'General info:\n',
    line('Status', 'online'),
    number('Server PID', status.serverPid),
    number('Sec-mod PID', status.secmodPid),
    number('Sec-mod instance count', status.secmodInstances),
    line('Up since', ago(status.upSince, now)),
    number('Active sessions', status.activeSessions),
    number('Total sessions', status.totalSessions),
    number('Total authentication failures', status.totalAuthenticationFailures),
    number('IPs in ban list', status.bannedAddresses),
    ...(debug
      ? [number('Sec-mod client entries', status.clientEntries), number('TLS DB entries', status.tlsEntries)]
      : []),
    '\n',
    'Current stats period:\n',
    line('Last stats reset', ago(status.lastStatisticsReset, now)),
    number('Sessions handled', status.sessionsHandled),
    number('Timed out sessions', status.timedOutSessions),
    number('Timed out (idle) sessions', status.idleTimedOutSessions),
    number('Closed due to error sessions', status.errorSessions),
    number('Authentication failures', status.authenticationFailures),
    line('Average auth time', formatDuration(status.averageAuthSeconds)),
    line('Max auth time', formatDuration(status.maxAuthSeconds)),
    line('Average session time', formatDuration(status.averageSessionSeconds)),
    line('Max session time', formatDuration(status.maxSessionSeconds)),
    ...(status.minMtu > 0 ? [number('Min MTU', status.minMtu), number('Max MTU', status.maxMtu)] : []),
    line('RX', formatBytes(status.rxBytes)),
    line('TX', formatBytes(status.txBytes)),
  ].join('');
}

export function statusJson(status: ControlStatus, now: number, debug: boolean): JsonObject {
  return {
    Status: 'online',
    'Server PID': status.serverPid,
    'Sec-mod PID': status.secmodPid,
    'Sec-mod instance count': status.secmodInstances,
    'Up since': formatTime(status.upSince),
    '_Up since': formatDuration(now - status.upSince),
    raw_up_since: status.upSince,
    uptime: now - status.upSince,
    'Active sessions': status.activeSessions,
    'Total sessions': status.totalSessions,
    'Total authentication failures': status.totalAuthenticationFailures,
    'IPs in ban list': status.bannedAddresses,
    ...(debug ? { 'Sec-mod client entries': status.clientEntries, 'TLS DB entries': status.tlsEntries } : {}),
    'Last stats reset': formatTime(status.lastStatisticsReset),
    '_Last stats reset': formatDuration(now - status.lastStatisticsReset),
    raw_last_stats_reset: status.lastStatisticsReset,
    'Sessions handled': status.sessionsHandled,
    'Timed out sessions': status.timedOutSessions,
    'Timed out (idle) sessions': status.idleTimedOutSessions,
    'Closed due to error sessions': status.errorSessions,
    'Authentication failures': status.authenticationFailures,
    'Average auth time': formatDuration(status.averageAuthSeconds),
    raw_avg_auth_time: status.averageAuthSeconds,
    'Max auth time': formatDuration(status.maxAuthSeconds),
    raw_max_auth_time: status.maxAuthSeconds,
    'Average session time': formatDuration(status.averageSessionSeconds),
    raw_avg_session_time: status.averageSessionSeconds,
    'Max session time': formatDuration(status.maxSessionSeconds),
    raw_max_session_time: status.maxSessionSeconds,
    ...(status.minMtu > 0 ? { 'Min MTU': status.minMtu, 'Max MTU': status.maxMtu } : {}),
    RX: formatBytes(status.rxBytes),
    raw_rx: status.rxBytes,
    TX: formatBytes(status.txBytes),
    raw_tx: status.txBytes,
  };
}
