// Sessions and bans as `occtl show sessions …`, `show session`, `show ip bans` and `show ip ban points` print them.
import type { ControlBan, ControlSession } from '../interfaces/index.ts';
import {
  formatDuration,
  formatTime,
  line,
  pairs,
  printable,
  row,
  withoutEmpty,
  type JsonObject,
} from './format.ts';

const stateWords: Readonly<Record<ControlSession['state'], string>> = {
  authenticated: 'authenticated',
  authenticating: 'authenticating',
  failed: 'auth failed',
  preAuth: 'pre-auth',
};

const none = '(none)';
const sessionWidths = [6, 8, 8, 14, 24, 8, 8];
/** The user agent is cut here in the table. */
const agentWidth = 24;

export function sessionsTable(sessions: readonly ControlSession[], now: number): string {
  if (sessions.length === 0) return '';
  const heading = row(sessionWidths, ['session', 'user', 'vhost', 'ip', 'user agent', 'created', 'status']);
  const rows = sessions.map((session) => {
    const [id, user, vhost, address] = [
      session.sessionId.slice(0, 6),
      printable(session.username),
      printable(session.vhost),
      session.remoteAddress,
    ];
    const agent = printable(session.userAgent ?? '').slice(0, agentWidth);
    const [created, status] = [formatDuration(now - session.createdAt), stateWords[session.state]];
    // The agent is the one column that is not padded; it may hold blanks.
    return `${row(sessionWidths, [id, user, vhost, address])} ${agent} ${row([8, 8], [created, status])}`;
  });
  return `${[heading, ...rows].join('\n')}\n`;
}

/** The long form; nothing found is a sentence that callers look for. */
export function sessionBlocks(sessions: readonly ControlSession[]): string {
  if (sessions.length === 0) return 'Session ID not found or expired\n';
  return sessions.map((session) => sessionBlock(session)).join('\n');
}

function sessionBlock(session: ControlSession): string {
  const yesNo = (value: boolean): string => (value ? 'True' : 'False');
  const expires = session.expiresAt === undefined ? undefined : formatTime(session.expiresAt);
  return [
    line('Session', session.sessionId.slice(0, 6)),
    line('Full session ID', session.sessionId),
    pairs(['Created', formatTime(session.createdAt)], ['Expires', expires]),
    line('State', stateWords[session.state]),
    pairs(['Username', session.username], ['Groupname', session.groupname ?? none]),
    pairs(['vhost', session.vhost], ['User-Agent', session.userAgent]),
    pairs(['Remote IP', session.remoteAddress], ['Location', 'unknown']),
    pairs(['In use', yesNo(session.inUse)], ['Activated', yesNo(session.isOpen)]),
    line('Certificate auth', yesNo(session.certificateAuth)),
  ].join('');
}

export function sessionJson(session: ControlSession): JsonObject {
  return withoutEmpty({
    Session: session.sessionId.slice(0, 6),
    'Full session': session.sessionId,
    Created: formatTime(session.createdAt),
    Expires: session.expiresAt === undefined ? undefined : formatTime(session.expiresAt),
    State: stateWords[session.state],
    Username: session.username,
    Groupname: session.groupname ?? none,
    vhost: session.vhost,
    'User-Agent': session.userAgent,
    'Remote IP': session.remoteAddress,
    Location: 'unknown',
    session_is_open: Number(session.isOpen),
    tls_auth_ok: Number(session.certificateAuth),
    in_use: Number(session.inUse),
  });
}

/** By address, so that two listings can be compared. */
function sorted(bans: readonly ControlBan[]): readonly ControlBan[] {
  return bans.toSorted((a, b) => (a.address < b.address ? -1 : Number(a.address > b.address)));
}

export function bansTable(bans: readonly ControlBan[], now: number): string {
  const banned = sorted(bans).filter((ban) => ban.banned);
  if (banned.length === 0) return '';
  const rows = banned.map((ban) => {
    const expires = ban.expiresAt ?? now;
    return `${row([15, 10, 30], [ban.address, ban.score, formatTime(expires)])} (${formatDuration(expires - now)})`;
  });
  return `${[row([15, 10, 30], ['IP', 'score', 'expires']), ...rows].join('\n')}\n`;
}

export function bansJson(bans: readonly ControlBan[], now: number): JsonObject[] {
  return sorted(bans)
    .filter((ban) => ban.banned)
    .map((ban) => ({
      IP: ban.address,
      // The C tool's name for the end of the ban; programs read it so.
      Since: formatTime(ban.expiresAt ?? now),
      _Since: formatDuration((ban.expiresAt ?? now) - now),
      Score: ban.score,
    }));
}

export function banPointsTable(bans: readonly ControlBan[]): string {
  if (bans.length === 0) return '';
  const rows = sorted(bans).map((ban) => row([15, 10], [ban.address, ban.score]));
  return `${[row([15, 10], ['IP', 'score']), ...rows].join('\n')}\n`;
}

export function banPointsJson(bans: readonly ControlBan[]): JsonObject[] {
  return sorted(bans).map((ban) => ({ IP: ban.address, Score: ban.score }));
}
