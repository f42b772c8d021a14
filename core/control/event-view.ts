// One event of `occtl show events`, text and JSON.
import type { ControlEvent } from '../interfaces/index.ts';
import { formatDuration, printable, type JsonObject } from './format.ts';
import { userJson, usersTable } from './user-view.ts';

/** A line per event; the list that a watch begins with is the users table and the way out. */
export function eventText(event: ControlEvent, now: number): string {
  if (event.kind === 'list') {
    return `${usersTable(event.users ?? [], now)}\nPress 'q' or CTRL+C to quit\n\n`;
  }
  const user = event.user;
  if (user === undefined) return '';
  const address = user.ipv4 ?? user.ipv6 ?? '(none)';
  const verb = event.kind === 'connect' ? 'connected' : 'disconnect';
  const head = `${printable(user.vhost)}: ${verb} user '${printable(user.username ?? '')}' (${String(user.id)})`;
  const where = `from ${user.remoteAddress} with IP ${address}`;
  if (event.kind === 'connect') return `${head} ${where}\n`;
  return `${head} ${where} (reason: ${event.reason ?? 'unknown'}, time: ${formatDuration(event.seconds ?? 0)})\n`;
}

/** One JSON object a line. */
export function eventJson(event: ControlEvent, now: number): JsonObject {
  const numbered = { number: event.number, timestamp: event.time };
  if (event.kind === 'list') {
    const users = (event.users ?? []).map((user) => userJson(user, now));
    return { event: 'list', ...numbered, ...(event.missed === true ? { missed: true } : {}), users };
  }
  return {
    event: event.kind,
    ...numbered,
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(event.seconds === undefined ? {} : { time: event.seconds }),
    ...(event.user === undefined ? {} : { user: userJson(event.user, now) }),
  };
}
