// `occtl show status`: the whole text, and the keys and types of the JSON that exporters read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime } from '../../../core/control/format.ts';
import { statusJson, statusText } from '../../../core/control/index.ts';
import type { ControlStatus } from '../../../core/interfaces/index.ts';

const now = 1_795_460_722;
const status: ControlStatus = {
  version: '1.5.0',
  serverPid: 31179,
  secmodPid: 31181,
  secmodInstances: 1,
  upSince: now - 31,
  activeSessions: 1,
  totalSessions: 0,
  totalAuthenticationFailures: 0,
  bannedAddresses: 0,
  clientEntries: 3,
  tlsEntries: 0,
  lastStatisticsReset: now - 31,
  sessionsHandled: 0,
  timedOutSessions: 0,
  idleTimedOutSessions: 0,
  errorSessions: 0,
  authenticationFailures: 0,
  averageAuthSeconds: 0,
  maxAuthSeconds: 78,
  averageSessionSeconds: 0,
  maxSessionSeconds: 180,
  minMtu: 1434,
  maxMtu: 1434,
  rxBytes: 0,
  txBytes: 368_000,
};
const since = formatTime(now - 31);
const expected = `
General info:
\tStatus: online
\tServer PID: 31179
\tSec-mod PID: 31181
\tSec-mod instance count: 1
\tUp since: ${since} (   31s)
\tActive sessions: 1
\tTotal sessions: 0
\tTotal authentication failures: 0
\tIPs in ban list: 0

Current stats period:
\tLast stats reset: ${since} (   31s)
\tSessions handled: 0
\tTimed out sessions: 0
\tTimed out (idle) sessions: 0
\tClosed due to error sessions: 0
\tAuthentication failures: 0
\tAverage auth time:     0s
\tMax auth time:  1m:18s
\tAverage session time:     0s
\tMax session time:  3m:00s
\tMin MTU: 1434
\tMax MTU: 1434
\tRX: 0 bytes
\tTX: 368.0 kB
`;

test('the text has two lines of note, then the rows of the C tool', () => {
  const lines = statusText(status, now, false).split('\n');
  assert.ok(lines.slice(0, 2).every((line) => line !== '' && !line.includes(':')));
  assert.equal(lines.slice(2).join('\n'), expected);
});

test('debug adds two rows after the ban list, and MTUs are shown only once known', () => {
  const text = statusText({ ...status, minMtu: 0, maxMtu: 0 }, now, true);
  assert.ok(
    text.includes('\tIPs in ban list: 0\n\tSec-mod client entries: 3\n\tTLS DB entries: 0\n\nCurrent'),
  );
  assert.ok(!text.includes('MTU'));
});

test('the JSON has the keys in the order and with the types that exporters read', () => {
  const numbers = (...keys: string[]): string[] => keys.map((key) => `${key}: number`);
  const strings = (...keys: string[]): string[] => keys.map((key) => `${key}: string`);
  assert.deepEqual(
    Object.entries(statusJson(status, now, true)).map(([key, value]) => `${key}: ${typeof value}`),
    [
      ...strings('Status'),
      ...numbers('Server PID', 'Sec-mod PID', 'Sec-mod instance count'),
      ...strings('Up since', '_Up since'),
      ...numbers('raw_up_since', 'uptime', 'Active sessions', 'Total sessions'),
      ...numbers(
        'Total authentication failures',
        'IPs in ban list',
        'Sec-mod client entries',
        'TLS DB entries',
      ),
      ...strings('Last stats reset', '_Last stats reset'),
      ...numbers(
        'raw_last_stats_reset',
        'Sessions handled',
        'Timed out sessions',
        'Timed out (idle) sessions',
      ),
      ...numbers('Closed due to error sessions', 'Authentication failures'),
      ...['auth', 'session'].flatMap((what) =>
        ['Average', 'Max'].flatMap((which) => [
          ...strings(`${which} ${what} time`),
          ...numbers(`raw_${which === 'Average' ? 'avg' : 'max'}_${what}_time`),
        ]),
      ),
      ...numbers('Min MTU', 'Max MTU'),
      ...strings('RX'),
      ...numbers('raw_rx'),
      ...strings('TX'),
      ...numbers('raw_tx'),
    ],
  );
  const json = statusJson(status, now, false);
  assert.deepEqual(
    [json['uptime'], json['TX'], json['raw_tx'], json['_Up since']],
    [31, '368.0 kB', 368_000, '   31s'],
  );
  assert.ok(!('TLS DB entries' in json));
});
