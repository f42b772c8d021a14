// What `occtl show status` tells of sessions and logins: since the start, and since the last reset of the period.
import type { SessionsReason } from '../interfaces/index.ts';

export class Statistics {
  lastResetAt: number;
  totalSessions = 0;
  totalAuthenticationFailures = 0;
  sessionsHandled = 0;
  timedOutSessions = 0;
  idleTimedOutSessions = 0;
  errorSessions = 0;
  authenticationFailures = 0;
  sessionSeconds = 0;
  maxSessionSeconds = 0;
  rxBytes = 0;
  txBytes = 0;
  minMtu = 0;
  maxMtu = 0;

  constructor(now: number) {
    this.lastResetAt = now;
  }

  countSession(reason: SessionsReason, seconds: number, rxBytes: number, txBytes: number): void {
    this.totalSessions += 1;
    this.sessionsHandled += 1;
    if (reason === 'sessionTimeout') this.timedOutSessions += 1;
    if (reason === 'idleTimeout') this.idleTimedOutSessions += 1;
    if (reason === 'error') this.errorSessions += 1;
    this.sessionSeconds += seconds;
    this.maxSessionSeconds = Math.max(this.maxSessionSeconds, seconds);
    this.rxBytes += rxBytes;
    this.txBytes += txBytes;
  }

  countFailure(): void {
    this.totalAuthenticationFailures += 1;
    this.authenticationFailures += 1;
  }

  noteMtu(mtuBytes: number): void {
    this.minMtu = this.minMtu === 0 ? mtuBytes : Math.min(this.minMtu, mtuBytes);
    this.maxMtu = Math.max(this.maxMtu, mtuBytes);
  }

  /** Lines for the log; the period begins anew. */
  reset(now: number): string[] {
    const lines = [
      'Start statistics block',
      `Sessions handled: ${String(this.sessionsHandled)}`,
      `Timed out sessions: ${String(this.timedOutSessions)}`,
      `Timed out (idle) sessions: ${String(this.idleTimedOutSessions)}`,
      `Closed due to error sessions: ${String(this.errorSessions)}`,
      `Authentication failures: ${String(this.authenticationFailures)}`,
      `RX: ${String(this.rxBytes)}`,
      `TX: ${String(this.txBytes)}`,
      'End of statistics block; resetting non-total stats',
    ];
    this.lastResetAt = now;
    this.sessionsHandled = this.timedOutSessions = this.idleTimedOutSessions = this.errorSessions = 0;
    this.authenticationFailures = this.sessionSeconds = this.maxSessionSeconds = 0;
    this.rxBytes = this.txBytes = this.minMtu = this.maxMtu = 0;
    return lines;
  }
}
