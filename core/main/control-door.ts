// What main answers occtl (org.ocserv.Control). Times go out in seconds.
import type { ControlCaller } from '../control/index.ts';
import {
  controlErrors,
  type ControlEvent,
  type ControlMethods,
  type ControlSession,
  type ControlStatus,
  type SecurityModuleSessionRecord,
} from '../interfaces/index.ts';
import { escapeText } from '../system/index.ts';
import { keepOpen, serviceErrors, VarlinkError, type Call, type Handlers } from '../varlink/index.ts';
import { closeSession, laterCounters } from './close-session.ts';
import type { Connection, Main } from './context.ts';
import { userOf } from './events.ts';
import { LiveStatistics } from './live-statistics.ts';
import { forgetConnection } from './sessions-door.ts';

export interface ControlActions {
  /** What is wrong, or which options need a restart. */
  reload(): Promise<{ readonly problems: readonly string[] } | { readonly needsRestart: readonly string[] }>;
  stop(): void;
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const isConnected = ({ session }: Connection): boolean => session?.isHandedOver === true;

/** A reply to a call with `more` carries so many users or sessions. */
const batchSize = 100;
const statisticsIntervalMs = { least: 500, usual: 1000, most: 60_000 };

/** The methods for one caller. */
export function controlDoor(
  main: Main,
  caller: ControlCaller,
  actions: ControlActions,
): Handlers<ControlMethods> {
  /** Before anything is changed: may it, and who does it? */
  const begin = (what: string): void => {
    const who = `uid ${String(caller.uid)}, process ${String(caller.pid)}`;
    if (!caller.mayChange) {
      main.log.error(`ctl: refused ${what} (${who}): only members of occtl-socket-group may change anything`);
      throw new VarlinkError(controlErrors.PermissionDenied, {});
    }
    main.log.notice(`ctl: ${what} (${who})`);
  };
  return {
    async GetStatus() {
      return { status: await status(main) };
    },
    async ListUsers({ username, id }, call) {
      await refreshCounters(main);
      const meant = [...main.connections.values()]
        .filter(
          (one) =>
            (username === undefined || one.username === username) && (id === undefined || one.id === id),
        )
        .sort((one, other) => other.id - one.id);
      if (!call.more) return { users: meant.map((connection) => userOf(main, connection)) };
      return batches(meant, call, (batch) => ({
        users: batch.map((connection) => userOf(main, connection)),
      }));
    },
    async ListSessions(_parameters, call) {
      const all = await sessions(main);
      return call.more ? batches(all, call, (batch) => ({ sessions: batch })) : { sessions: all };
    },
    ListBans() {
      const bans = main.bans.list().map((ban) => ({
        ...ban,
        expiresAt: ban.expiresAt === undefined ? undefined : seconds(ban.expiresAt),
      }));
      return { bans };
    },
    Watch({ since }, call) {
      if (!call.more) throw new VarlinkError(serviceErrors.expectedMore);
      for (const event of eventsSince(main, since)) call.send({ event });
      call.onClosed(
        main.events.watch((event) => {
          call.send({ event });
        }),
      );
      return keepOpen;
    },
    ListEvents({ since }) {
      return { events: eventsSince(main, since) };
    },
    WatchStatistics({ intervalMs = statisticsIntervalMs.usual }, call) {
      if (!call.more) throw new VarlinkError(serviceErrors.expectedMore);
      const { least, most } = statisticsIntervalMs;
      if (intervalMs < least || intervalMs > most)
        throw new VarlinkError(serviceErrors.invalidParameter, { parameter: 'intervalMs' });
      const live = new LiveStatistics(main);
      let timer: NodeJS.Timeout | undefined;
      let isOver = false;
      const tick = async (): Promise<void> => {
        await recentCounters(main);
        if (isOver || !(await call.drained())) return;
        call.send({ statistics: live.next(Date.now()) });
        timer = setTimeout(() => void tick(), intervalMs);
      };
      call.onClosed(() => {
        isOver = true;
        clearTimeout(timer);
      });
      void tick();
      return keepOpen;
    },
    async DisconnectUser({ username, terminate }) {
      begin(`${terminate ? 'terminate' : 'disconnect'} user '${escapeText(username, 64)}'`);
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
      begin(`${terminate ? 'terminate' : 'disconnect'} id ${String(id)}`);
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
      begin(`terminate session '${escapeText(sessionId.slice(0, 6), 6)}'`);
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
      begin(`unban ip '${escapeText(address, 64)}'`);
      if (!main.bans.unban(address)) throw notFound();
      main.log.info(`unbanning IP '${address}'`);
      return {};
    },
    async Reload() {
      begin('reload');
      const result = await actions.reload();
      if ('problems' in result) {
        throw new VarlinkError(controlErrors.ReloadRefused, { problems: result.problems });
      }
      return result;
    },
    Stop() {
      begin('stop');
      setImmediate(() => {
        actions.stop();
      });
      return {};
    },
  };
}

/** The events after that number, or a picture in their place. */
function eventsSince(main: Main, since: number | undefined): readonly ControlEvent[] {
  const known = since === undefined ? undefined : main.events.since(since);
  if (known !== undefined) return known;
  const users = [...main.connections.values()]
    .filter(isConnected)
    .map((connection) => userOf(main, connection));
  const picture = { kind: 'list', number: main.events.last, time: seconds(Date.now()), users } as const;
  return [{ ...picture, ...(since === undefined ? {} : { missed: true }) }];
}

/** All of them in several replies; the last one is answered with. What a caller does not read is not made. */
async function batches<T, R>(
  all: readonly T[],
  call: Call<R>,
  reply: (batch: readonly T[]) => R,
): Promise<R> {
  let at = 0;
  for (; all.length - at > batchSize; at += batchSize) {
    if (!(await call.drained())) break;
    call.send(reply(all.slice(at, at + batchSize)));
  }
  return reply(all.slice(at, at + batchSize));
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

/** When the counters were fetched last for somebody who watches, or the fetching that is under way. */
const fetched = new WeakMap<Main, { readonly atMs: number; readonly done: Promise<void> }>();
/** Several who watch share what is fetched. */
const sharedMs = 300;

function recentCounters(main: Main): Promise<void> {
  const last = fetched.get(main);
  const now = Date.now();
  if (last !== undefined && now - last.atMs < sharedMs) return last.done;
  const done = refreshCounters(main);
  fetched.set(main, { atMs: now, done });
  return done;
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
