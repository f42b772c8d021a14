// What main answers occtl (org.ocserv.Control). Times go out in seconds.
import {
  controlErrors,
  type ControlMethods,
  type ControlSession,
  type ControlStatus,
  type SecurityModuleSessionRecord,
} from '../interfaces/index.ts';
import { keepOpen, VarlinkError, type Handlers } from '../varlink/index.ts';
import { closeSession, laterCounters } from './close-session.ts';
import type { Connection, Main } from './context.ts';
import { userOf } from './events.ts';
import { forgetConnection } from './sessions-door.ts';

export interface ControlActions {
  /** What is wrong, or which options need a restart. */
  reload(): Promise<{ readonly problems: readonly string[] } | { readonly needsRestart: readonly string[] }>;
  stop(): void;
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const isConnected = ({ session }: Connection): boolean => session?.isHandedOver === true;

export function controlDoor(main: Main, actions: ControlActions): Handlers<ControlMethods> {
  return {
    async GetStatus() {
      return { status: await status(main) };
    },
    async ListUsers({ username, id }) {
      await refreshCounters(main);
      const users = [...main.connections.values()]
        .filter(
          (one) =>
            (username === undefined || one.username === username) && (id === undefined || one.id === id),
        )
        .sort((one, other) => other.id - one.id)
        .map((connection) => userOf(main, connection));
      return { users };
    },
    async ListSessions() {
      return { sessions: await sessions(main) };
    },
    ListBans() {
      const bans = main.bans.list().map((ban) => ({
        ...ban,
        expiresAt: ban.expiresAt === undefined ? undefined : seconds(ban.expiresAt),
      }));
      return { bans };
    },
    Watch(_parameters, call) {
      const users = [...main.connections.values()]
        .filter(isConnected)
        .map((connection) => userOf(main, connection));
      const watcher = (event: ControlMethods['Watch']['reply']['event']): void => {
        call.send({ event });
      };
      watcher({ kind: 'list', users });
      main.watchers.add(watcher);
      call.onClosed(() => main.watchers.delete(watcher));
      return keepOpen;
    },
    async DisconnectUser({ username, terminate }) {
      const meant = [...main.connections.values()].filter((one) => one.username === username);
      if (terminate) {
        for (const { session } of meant) if (session !== undefined) session.isTerminated = true;
        const revoked = await main.securityModule.client.call('TerminateUser', { username });
        await endConnections(main, meant);
        if (meant.length === 0 && revoked.parameters.sessionIds.length === 0) throw notFound();
        return { count: Math.max(meant.length, revoked.parameters.sessionIds.length) };
      }
      if (meant.length === 0) throw notFound();
      return { count: await endConnections(main, meant) };
    },
    async DisconnectId({ id, terminate }) {
      const connection = main.connections.get(id);
      if (connection === undefined) throw notFound();
      if (terminate && connection.session !== undefined) {
        connection.session.isTerminated = true;
        const { sessionId } = connection.session;
        await main.securityModule.client.call('TerminateSession', { sessionId }).catch(() => undefined);
      }
      return { count: await endConnections(main, [connection]) };
    },
    async TerminateSession({ sessionId }) {
      const matching = (await sessions(main)).filter((one) => one.sessionId.startsWith(sessionId));
      const [session] = matching;
      if (sessionId === '' || session === undefined) throw notFound();
      if (matching.length > 1) {
        throw new VarlinkError(controlErrors.AmbiguousSession, { sessions: matching });
      }
      const live = main.sessions.get(session.sessionId);
      if (live !== undefined) live.isTerminated = true;
      await main.securityModule.client.call('TerminateSession', { sessionId: session.sessionId });
      return { session };
    },
    UnbanAddress({ address }) {
      if (!main.bans.unban(address)) throw notFound();
      main.log.info(`unbanning IP '${address}'`);
      return {};
    },
    async Reload() {
      const result = await actions.reload();
      if ('problems' in result) {
        throw new VarlinkError(controlErrors.ReloadRefused, { problems: result.problems });
      }
      return result;
    },
    Stop() {
      setImmediate(() => {
        actions.stop();
      });
      return {};
    },
  };
}

function notFound(): VarlinkError {
  return new VarlinkError(controlErrors.NotFound, {});
}

async function endConnections(main: Main, connections: readonly Connection[]): Promise<number> {
  await Promise.all(
    connections.map(async (connection) => {
      if (connection.session !== undefined) {
        await closeSession(main, connection.session, 'serverDisconnect');
        return;
      }
      await connection.worker.client
        .call('CloseConnection', { connectionId: connection.id })
        .catch(() => undefined);
      await forgetConnection(main, connection, 'serverDisconnect');
    }),
  );
  return connections.length;
}

/** The workers' latest counters into the sessions. A worker that does not answer in time leaves the last report. */
export async function refreshCounters(main: Main): Promise<void> {
  await Promise.all(
    main.workers.map(async (worker) => {
      const answer = await worker.client.call('ListCounters', {}, { timeoutMs: 1000 }).catch(() => undefined);
      for (const counters of answer?.parameters.counters ?? []) {
        const session = main.sessions.get(counters.sessionId);
        if (session?.connection.worker === worker)
          session.counters = laterCounters(session.counters, counters);
      }
    }),
  );
}

async function sessions(main: Main): Promise<ControlSession[]> {
  const answer = await main.securityModule.client.call('ListSessions', {});
  return answer.parameters.sessions.map((record: SecurityModuleSessionRecord) => ({
    ...record,
    createdAt: seconds(record.createdAt),
    expiresAt: record.expiresAt === undefined ? undefined : seconds(record.expiresAt),
  }));
}

async function status(main: Main): Promise<ControlStatus> {
  const { statistics } = main;
  const answer = await main.securityModule.client
    .call('GetStatistics', {}, { timeoutMs: 2000 })
    .catch(() => undefined);
  const logins = answer?.parameters.statistics;
  const handled = statistics.sessionsHandled;
  return {
    version: main.version,
    serverPid: process.pid,
    secmodPid: main.securityModule.pid,
    secmodInstances: 1,
    upSince: seconds(main.startedAt),
    activeSessions: main.connections.size,
    totalSessions: statistics.totalSessions,
    totalAuthenticationFailures: statistics.totalAuthenticationFailures,
    bannedAddresses: main.bans.bannedCount,
    clientEntries: logins?.clientEntries ?? 0,
    tlsEntries: logins?.tlsEntries ?? 0,
    lastStatisticsReset: seconds(statistics.lastResetAt),
    sessionsHandled: handled,
    timedOutSessions: statistics.timedOutSessions,
    idleTimedOutSessions: statistics.idleTimedOutSessions,
    errorSessions: statistics.errorSessions,
    authenticationFailures: statistics.authenticationFailures,
    averageAuthSeconds: logins?.averageAuthSeconds ?? 0,
    maxAuthSeconds: logins?.maxAuthSeconds ?? 0,
    averageSessionSeconds: handled === 0 ? 0 : Math.round(statistics.sessionSeconds / handled),
    maxSessionSeconds: statistics.maxSessionSeconds,
    minMtu: statistics.minMtu,
    maxMtu: statistics.maxMtu,
    rxBytes: statistics.rxBytes,
    txBytes: statistics.txBytes,
  };
}
