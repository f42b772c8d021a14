// The state of the main process: what its parts share. Made once by server.ts; every part takes it as its first
// argument. One owner each: connections by accept.ts, sessions by open-session.ts and close-session.ts.
import type { Configuration, Settings } from '../config/index.ts';
import type { SessionsCounters, SessionsReason } from '../interfaces/index.ts';
import type { Descriptor, Endpoint } from '../native/index.ts';
import { mainPrefix, type Logger, type QuietCollection } from '../system/index.ts';
import type { Bans } from './bans.ts';
import type { DatagramMistakes } from './datagram-mistakes.ts';
import type { EventLog } from './event-log.ts';
import type { Firewall } from './firewall.ts';
import type { KdcBroker } from './kdc/broker.ts';
import type { Lease, Leases } from './leases.ts';
import type { ProxiedConnections } from './proxied.ts';
import type { SecurityModuleProcess } from './security-module-process.ts';
import type { Statistics } from './statistics.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface Connection {
  readonly id: number;
  readonly worker: WorkerProcess;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  state: 'handshake' | 'login' | 'authenticated';
  vhost: string | undefined;
  userAgent: string | undefined;
  username: string | undefined;
  tlsCiphersuite: string | undefined;
  /** A connection opens one session in its life. */
  hasOpened: boolean;
  isGone: boolean;
  session: Session | undefined;
}

export interface Session {
  readonly sessionId: string;
  readonly connection: Connection;
  readonly username: string;
  readonly groupname: string | undefined;
  readonly vhost: string;
  readonly settings: Settings;
  /** The login that made the cookie, milliseconds since 1970. */
  readonly startedAt: number;
  /** When this tunnel of the session opened, milliseconds since 1970; never twice the same for one session. */
  readonly openedAt: number;
  /** When the security module is to hear of its counters next; moved on by accounting.ts. */
  nextReportAt: number;
  readonly lease: Lease;
  readonly device: { readonly name: string; readonly index: number; readonly offload: boolean };
  readonly hostname: string | undefined;
  readonly deviceType: string | undefined;
  readonly devicePlatform: string | undefined;
  readonly userAgent: string | undefined;
  readonly dtlsId: string | undefined;
  counters: SessionsCounters;
  tunnelMtu: number | undefined;
  dtlsCiphersuite: string | undefined;
  cstpCompression: string | undefined;
  dtlsCompression: string | undefined;
  /** Whole seconds of the last datagram passed on, and where the last hello came from. */
  lastDatagramAt: number;
  lastDatagramAddress: string | undefined;
  /** The worker has been told of the tunnel: it must be asked to end it. */
  isHandedOver: boolean;
  isClosed: boolean;
  /** Set by a terminate: the cookie dies whatever ends the tunnel. */
  isTerminated: boolean;
  /** The connect script said no, or was not asked: then there is nothing for the disconnect script to undo. */
  isRefusedByScript: boolean;
  /** It stands in utmp. */
  isRecorded: boolean;
  /** Aborted when the session ends: nobody waits for its connect script any more. */
  readonly connecting: AbortController;
  /** Resolves when the session's scripts so far have ended; the next one waits for it. */
  scripts: Promise<unknown>;
}

export interface Main {
  readonly version: string;
  readonly configFile: string;
  readonly startedAt: number;
  configuration: Configuration;
  generation: number;
  readonly ticketKey: Buffer;
  readonly log: Logger;
  readonly datagramMistakes: DatagramMistakes;
  readonly bans: Bans;
  /** Where clients come to, if not in the server's own network namespace (listen-netns). */
  readonly listenNamespace: Descriptor | undefined;
  readonly kdcs: KdcBroker;
  readonly leases: Leases;
  readonly firewall: Firewall;
  readonly statistics: Statistics;
  readonly connections: Map<number, Connection>;
  /** Those of front ends that have not said yet whose connection it is. */
  readonly proxied: ProxiedConnections;
  readonly sessions: Map<string, Session>;
  readonly sessionsByDtlsId: Map<string, Session>;
  readonly events: EventLog;
  readonly securityModule: SecurityModuleProcess;
  readonly workers: WorkerProcess[];
  readonly quiet: QuietCollection;
  /** Mark of this server on devices it makes. */
  readonly deviceAlias: string;
  readonly runAs: { readonly uid: number; readonly gid: number };
  /** No new connections and sessions. */
  isStopping: boolean;
  /** Those that are left are being ended, after the drain. */
  isEnding: boolean;
}

export function globalSettings(main: Main): Settings {
  const [host] = main.configuration.hosts;
  if (host === undefined) throw new Error('a configuration without default host');
  return host.settings;
}

export function connectionLog(main: Main, connection: Connection): Logger {
  const { address, port } = connection.remote;
  return main.log.child({
    component: mainPrefix({ address, port, username: connection.username, vhost: connection.vhost }),
  });
}

export function noCounters(sessionId: string): SessionsCounters {
  return {
    sessionId,
    ...{ rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, rxDropped: 0, txDropped: 0 },
    ...{ rxLost: 0, roundTripMicros: 0 },
  };
}

/** The words of the C program's log, scripts and occtl. */
export const reasonWords: Readonly<Record<SessionsReason, string>> = {
  unspecified: 'unspecified',
  userDisconnect: 'user disconnected',
  temporary: 'anyconnect client disconnected',
  serverDisconnect: 'server disconnected',
  idleTimeout: 'idle timeout',
  dpdTimeout: 'DPD timeout',
  sessionTimeout: 'session timeout',
  error: 'unspecified error',
  takeover: 'unspecified',
  healthProbe: 'TCP health probe',
};
