// What every failed attempt to get in costs and leaves behind, whatever it was: one line in the log (the shape that
// contrib/fail2ban reads), points towards a ban, a count. Called by logins.ts and security-module.ts.
import type { EventStream } from './events.ts';
import { quoted, shortId, type Log } from './log.ts';
import type { AuthStatistics } from './statistics.ts';

export interface FailedAttempt {
  /** "vhost:NAME: ", or nothing. */
  readonly logPrefix: string;
  readonly address: string;
  readonly connectionId: number;
  /** As given; empty when nobody was named. */
  readonly username: string;
  readonly method: string;
  readonly reason: string;
  readonly sessionId?: string;
  /** 0: it costs nothing. */
  readonly points: number;
}

export interface FailedAttemptsOptions {
  readonly events: EventStream;
  readonly log: Log;
  readonly statistics: AuthStatistics;
}

export class FailedAttempts {
  readonly #options: FailedAttemptsOptions;

  constructor(options: FailedAttemptsOptions) {
    this.#options = options;
  }

  report(attempt: FailedAttempt): void {
    const { events, log, statistics } = this.#options;
    const { address, connectionId, username, method, reason, sessionId, points } = attempt;
    statistics.failed();
    const session = sessionId === undefined ? '' : `, session: ${shortId(sessionId)}`;
    log.notice(
      `${attempt.logPrefix}login attempt failed for user ${quoted(username)} from '${address}' ` +
        `(method: ${method}, reason: ${reason}${session})`,
    );
    const facts = { address, username, connectionId, method, reason };
    events.emit({ kind: 'failed', points: 0, ...facts });
    if (points > 0) events.emit({ kind: 'points', points, ...facts });
  }
}
