// What the security module hears of tunnels besides their end, for accounting: where they are, and from time to time
// their counters. Called by open-session.ts and server.ts.
import { refreshCounters } from './control-door.ts';
import type { Main, Session } from './context.ts';

const tickMs = 1_000;
/** Counters are told at least so often, so that little is lost if all processes die. */
const saveSeconds = 60;
/** Updates of many sessions shall not come in one beat: the interval varies by a tenth, at most by this. */
const maxJitterSeconds = 5;

/** The tunnel is up; also said again after a restart of the security module. */
export function announceTunnel(main: Main, session: Session): void {
  const { sessionId, openedAt, lease, connection } = session;
  if (!session.isHandedOver) return;
  session.nextReportAt = nextReport(session, Date.now());
  void main.securityModule.client
    .call('TunnelOpened', {
      sessionId,
      openedAt,
      remoteAddress: connection.remote.address,
      localAddress: connection.local.address,
      ipv4: lease.ipv4?.address,
      ipv6: lease.ipv6?.address,
    })
    .catch(() => undefined);
}

/** The returned function ends it. */
export function startReports(main: Main): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void reportDue(main, Date.now()).finally(() => {
      isBusy = false;
    });
  }, tickMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function reportDue(main: Main, now: number): Promise<void> {
  const isDue = (session: Session): boolean =>
    session.settings.acct !== undefined && session.isHandedOver && session.nextReportAt <= now;
  const due = [...main.sessions.values()].filter(isDue);
  if (due.length === 0) return;
  await refreshCounters(main);
  for (const session of due) {
    if (session.isClosed) continue;
    const { sessionId, openedAt, counters } = session;
    session.nextReportAt = nextReport(session, now);
    const { rxBytes, txBytes } = counters;
    const isInterim = session.settings['stats-report-time'] > 0;
    void main.securityModule.client
      .call('ReportCounters', { sessionId, openedAt, counters: { rxBytes, txBytes }, isInterim })
      .catch(() => undefined);
  }
}

function nextReport({ settings }: Session, now: number): number {
  const seconds = settings['stats-report-time'] > 0 ? settings['stats-report-time'] : saveSeconds;
  const jitter = Math.min(maxJitterSeconds, seconds / 10) * (2 * Math.random() - 1);
  return now + (seconds + jitter) * 1000;
}
