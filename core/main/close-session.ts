// The one path on which a session's tunnel ends, whatever ended it: the client, a timeout, a dead worker, occtl,
// a takeover, the end of the server.
//   1. out of the tables; a second call finds nothing to do
//   2. the worker ends the tunnel, unless it said so itself, and gives the last counters
//   3. addresses off the device, firewall, iroutes, disconnect script (not waited for)
//   4. lease: free if the cookie is dead, else kept for the session
//   5. the security module settles the cookie
//   6. statistics, log, event
import type { SessionsCounters, SessionsReason } from '../interfaces/index.ts';
import { removeDeviceAddresses } from '../native/index.ts';
import { connectionLog, reasonWords, type Connection, type Main, type Session } from './context.ts';
import { publishEvent } from './events.ts';
import { noteLogin } from './login-record.ts';
import { changeIroutes, runSessionScript } from './session-scripts.ts';

/** `counters` given: the worker has ended the tunnel. */
export async function closeSession(
  main: Main,
  session: Session,
  reason: SessionsReason,
  counters?: SessionsCounters,
): Promise<void> {
  if (session.isClosed) return;
  session.isClosed = true;
  session.connecting.abort();
  const { connection, sessionId } = session;
  if (main.sessions.get(sessionId) === session) main.sessions.delete(sessionId);
  if (session.dtlsId !== undefined) main.sessionsByDtlsId.delete(session.dtlsId);
  session.counters = laterCounters(session.counters, counters);

  if (counters === undefined && session.isHandedOver && !connection.worker.isDead) {
    const notify = reason === 'serverDisconnect' || reason === 'takeover';
    const answer = await connection.worker.client
      .call('CloseTunnel', { sessionId, notify }, { timeoutMs: 2000 })
      .catch(() => undefined);
    session.counters = laterCounters(session.counters, answer?.parameters.counters);
  }

  if (session.isHandedOver) dropConnection(main, connection);

  if (reason === 'takeover') {
    try {
      removeDeviceAddresses(session.device.index);
    } catch {
      // The device went with the tunnel.
    }
  }
  noteLogin(main, session, false);
  await main.firewall.lower(session, connectionLog(main, connection));
  const { rxBytes, txBytes } = session.counters;
  const seconds = Math.max(0, Math.round((Date.now() - connection.acceptedAt) / 1000));
  if (!session.isRefusedByScript) {
    await changeIroutes(main, session, 'del');
    void runSessionScript(main, session, 'disconnect', { rxBytes, txBytes, seconds });
  }

  // A restart costs nobody a login: what the end of the server ends may come back.
  const endedByStop = main.isEnding && reason === 'serverDisconnect';
  const keepCookie = endedByStop ? !session.isTerminated : keepsCookie(session, reason);
  if (reason !== 'takeover') {
    main.leases.release(sessionId, keepCookie ? (session.settings['cookie-timeout'] + 15) * 1000 : 0);
  }
  await main.securityModule.client
    .call(
      'CloseSession',
      {
        sessionId,
        ...(session.isHandedOver ? { openedAt: session.openedAt } : {}),
        keepCookie,
        reason,
        counters: { rxBytes, txBytes },
        seconds,
      },
      { timeoutMs: 3000 },
    )
    .catch(() => undefined);

  main.statistics.countSession(reason, seconds, rxBytes, txBytes);
  const log = connectionLog(main, connection);
  const line = `user disconnected (reason: ${reasonWords[reason]}, rx: ${String(rxBytes)}, tx: ${String(txBytes)})`;
  if (reason === 'unspecified') log.debug(line);
  else log.info(line);
  if (session.isHandedOver)
    publishEvent(main, 'disconnect', session, { reason: reasonWords[reason], seconds });
}

/** A connection ends with its tunnel; one without a tunnel when its worker says so. */
export function dropConnection(main: Main, connection: Connection): void {
  if (connection.isGone) return;
  connection.isGone = true;
  connection.worker.load -= 1;
  main.connections.delete(connection.id);
  main.kdcs.abandon(connection.id);
}

/** Which ends leave the cookie alive. */
export function keepsCookie(
  session: Pick<Session, 'isTerminated' | 'settings'>,
  reason: SessionsReason,
): boolean {
  if (session.isTerminated || reason === 'sessionTimeout') return false;
  if (reason === 'userDisconnect' || reason === 'serverDisconnect')
    return session.settings['persistent-cookies'];
  return true;
}

/** Counters only grow; what a worker says cannot take anything back. */
export function laterCounters(known: SessionsCounters, said: SessionsCounters | undefined): SessionsCounters {
  if (said === undefined) return known;
  const later = (one: number, other: number): number => Math.max(one, other);
  return {
    sessionId: known.sessionId,
    rxBytes: later(known.rxBytes, said.rxBytes),
    txBytes: later(known.txBytes, said.txBytes),
    rxPackets: later(known.rxPackets, said.rxPackets),
    txPackets: later(known.txPackets, said.txPackets),
    rxDropped: later(known.rxDropped, said.rxDropped),
    txDropped: later(known.txDropped, said.txDropped),
    rxLost: later(known.rxLost, said.rxLost),
    roundTripMicros: said.roundTripMicros,
  };
}
