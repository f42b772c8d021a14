// What main answers a worker (org.ocserv.Sessions). A worker may name only its own connections and sessions; one
// that names others, or does things out of order, is killed and replaced.
import { sessionsErrors, type SessionsCounters, type SessionsMethods } from '../interfaces/index.ts';
import { configureDevice } from '../native/index.ts';
import { isKerberosRequest, isRealm } from '../protocol/index.ts';
import { VarlinkError, type Handlers } from '../varlink/index.ts';
import { banKey } from './bans.ts';
import { closeSession, dropConnection, laterCounters } from './close-session.ts';
import { globalSettings, type Connection, type Main, type Session } from './context.ts';
import { openSession } from './open-session.ts';
import { chargePoints } from './points.ts';
import type { WorkerProcess } from './worker-process.ts';

const minTunnelMtu = 68;
const maxTunnelMtu = 16_384;
/** Longest text of a client that a worker hands on. */
const maxTextCharacters = 512;

export function sessionsDoor(main: Main, worker: WorkerProcess): Handlers<SessionsMethods> {
  const offence = (what: string): void => {
    main.log.error(`worker ${String(worker.pid)} ${what}; replacing it`);
    worker.kill();
  };
  /** Late words about a connection that main has just forgotten are no offence. */
  const connectionOf = (connectionId: number): Connection => {
    const connection = main.connections.get(connectionId);
    if (connection !== undefined && connection.worker === worker) return connection;
    if (connection !== undefined) offence('named a connection of another worker');
    throw new VarlinkError(sessionsErrors.UnknownConnection, { connectionId });
  };
  const sessionOf = (sessionId: string): Session => {
    const session = main.sessions.get(sessionId);
    if (session !== undefined && session.connection.worker === worker) return session;
    throw new VarlinkError(sessionsErrors.UnknownSession, { sessionId });
  };
  const count = (counters: SessionsCounters): void => {
    const session = main.sessions.get(counters.sessionId);
    if (session?.connection.worker === worker) session.counters = laterCounters(session.counters, counters);
  };
  const chargeKdcRequest = ({ remote }: Connection): void => {
    chargePoints(main, remote.address, globalSettings(main)['ban-points-kkdcp']);
  };
  const checkTexts = (parameters: object): void => {
    for (const value of Object.values(parameters)) {
      if (typeof value === 'string' && value.length > maxTextCharacters) {
        offence('sent a text beyond all limits');
        throw new VarlinkError(sessionsErrors.UnknownConnection, { connectionId: 0 });
      }
    }
  };

  return {
    ReportConnection(report) {
      checkTexts(report);
      const connection = connectionOf(report.connectionId);
      if (connection.session === undefined) {
        connection.state = report.state === 'authenticated' ? 'login' : report.state;
        connection.vhost = report.vhost;
        connection.username = report.username ?? connection.username;
      }
      connection.userAgent = report.userAgent ?? connection.userAgent;
      connection.tlsCiphersuite = report.tlsCiphersuite ?? connection.tlsCiphersuite;
      return {};
    },
    async ConnectionClosed({ connectionId, reason }) {
      const connection = connectionOf(connectionId);
      await forgetConnection(main, connection, reason);
      return {};
    },
    async AskKdc({ connectionId, vhost, path, realm, request }) {
      const connection = connectionOf(connectionId);
      const bytes = Buffer.from(request, 'base64');
      // The worker has looked already: a KDC hears nothing else from here.
      const isSound =
        isKerberosRequest(bytes) && (realm === undefined || isRealm(realm)) && !connection.hasOpened;
      if (!isSound || main.kdcs.isAsking(connectionId)) {
        offence('sent what is no request for a KDC');
        throw new VarlinkError(sessionsErrors.UnknownConnection, { connectionId });
      }
      const { address } = connection.remote;
      chargeKdcRequest(connection);
      const answer = main.bans.isBanned(address)
        ? { refused: 'the address is banned' }
        : await main.kdcs.ask({
            connectionId,
            client: banKey(address) ?? address,
            vhost,
            path,
            realm,
            request: bytes,
          });
      if ('reply' in answer) return { reply: answer.reply.toString('base64') };
      if ('refused' in answer) throw new VarlinkError(sessionsErrors.KdcRefused, { reason: answer.refused });
      const { step, message } = answer.failed;
      throw new VarlinkError(sessionsErrors.KdcFailed, { step, reason: message });
    },
    CountKdcRequest({ connectionId }) {
      chargeKdcRequest(connectionOf(connectionId));
      return {};
    },
    async OpenSession(parameters) {
      checkTexts(parameters);
      if (parameters.dtlsId !== undefined && !/^[0-9a-f]{64}$/.test(parameters.dtlsId))
        offence('sent no DTLS id');
      return openSession(main, connectionOf(parameters.connectionId), parameters);
    },
    TunnelChanged({ sessionId, tunnelMtu, ...negotiated }) {
      checkTexts(negotiated);
      const session = sessionOf(sessionId);
      const upper = session.settings.mtu === 0 ? maxTunnelMtu : session.settings.mtu;
      const mtuBytes = Math.min(tunnelMtu, upper);
      if (mtuBytes < minTunnelMtu) {
        offence(`asked for an MTU of ${String(tunnelMtu)}`);
        return {};
      }
      if (mtuBytes !== session.tunnelMtu) setDeviceMtu(session, mtuBytes);
      session.tunnelMtu = mtuBytes;
      main.statistics.noteMtu(mtuBytes);
      session.dtlsCiphersuite = negotiated.dtlsCiphersuite;
      session.cstpCompression = negotiated.cstpCompression;
      session.dtlsCompression = negotiated.dtlsCompression;
      return {};
    },
    async TunnelClosed({ sessionId, reason, counters }) {
      const session = sessionOf(sessionId);
      // Words about the tunnel this one took over.
      if (!session.isHandedOver) throw new VarlinkError(sessionsErrors.UnknownSession, { sessionId });
      await closeSession(main, session, reason, counters);
      return {};
    },
    ReportCounters({ counters }) {
      counters.forEach(count);
      return {};
    },
  };
}

/** A tunnel that has just ended took its device with it; the word of its end is on the way. */
function setDeviceMtu(session: Session, mtuBytes: number): void {
  try {
    configureDevice(session.device.index, { mtuBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODEV') return;
    throw error;
  }
}

/** The connection is gone; so is the session it may have had. */
export async function forgetConnection(
  main: Main,
  connection: Connection,
  reason: Parameters<typeof closeSession>[2],
): Promise<void> {
  dropConnection(main, connection);
  if (connection.session !== undefined) {
    await closeSession(main, connection.session, reason, connection.session.counters);
  }
}

/** Ends connections that are older than auth-timeout and have no session; the worker should have done it itself. */
export function endOverdueLogins(main: Main, now: number): void {
  const limitSeconds = globalSettings(main)['auth-timeout'];
  if (limitSeconds === 0) return;
  for (const connection of main.connections.values()) {
    if (connection.session !== undefined || now - connection.acceptedAt < (limitSeconds + 30) * 1000)
      continue;
    void connection.worker.client
      .call('CloseConnection', { connectionId: connection.id })
      .catch(() => undefined)
      .then(() => forgetConnection(main, connection, 'error'));
  }
}
