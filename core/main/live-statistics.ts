// The live figures of `occtl top`: what every open tunnel carries, as means since the previous figures. Used by
// control-door.ts for WatchStatistics.
import type { ControlFlow, ControlStatistics, SessionsCounters } from '../interfaces/index.ts';
import type { Connection, Main, Session } from './context.ts';

/** Of one watch: knows the figures it gave last. */
export class LiveStatistics {
  readonly #main: Main;
  #former = new Map<number, SessionsCounters>();
  #formerMs: number | undefined;

  constructor(main: Main) {
    this.#main = main;
  }

  /** The workers' counters were fetched before. */
  next(nowMs: number): ControlStatistics {
    const open = [...this.#main.connections.values()].filter(isOpen).sort((one, other) => other.id - one.id);
    const seconds = this.#formerMs === undefined ? 0 : Math.max(0.001, (nowMs - this.#formerMs) / 1000);
    const flows = open.map((connection) =>
      flowOf(connection, seconds === 0 ? undefined : this.#former.get(connection.id), seconds),
    );
    this.#formerMs = nowMs;
    this.#former = new Map(open.map(({ id, session }) => [id, session.counters]));
    return {
      timeMs: nowMs,
      connections: this.#main.connections.size,
      rxRate: flows.reduce((sum, { rxRate }) => sum + rxRate, 0),
      txRate: flows.reduce((sum, { txRate }) => sum + txRate, 0),
      flows,
    };
  }
}

type OpenConnection = Connection & { readonly session: Session };

function isOpen(connection: Connection): connection is OpenConnection {
  return connection.session?.isHandedOver === true;
}

function flowOf(
  connection: OpenConnection,
  former: SessionsCounters | undefined,
  seconds: number,
): ControlFlow {
  const { session } = connection;
  const { counters, lease } = session;
  const grown = (name: keyof Omit<SessionsCounters, 'sessionId'>): number =>
    former === undefined ? 0 : Math.max(0, counters[name] - former[name]);
  const rate = (bytes: number): number => (seconds === 0 ? 0 : Math.round(bytes / seconds));
  const missing = grown('rxDropped') + grown('txDropped') + grown('rxLost');
  const packets = grown('rxPackets') + grown('txPackets') + missing;
  const byDtls = session.dtlsCiphersuite !== undefined;
  return {
    id: connection.id,
    username: session.username,
    vhost: session.vhost,
    remoteAddress: connection.remote.address,
    ipv4: lease.ipv4?.address,
    ipv6: lease.ipv6?.address,
    device: session.device.name,
    userAgent: connection.userAgent,
    connectedAt: Math.floor(connection.acceptedAt / 1000),
    channel: byDtls ? 'dtls' : 'tls',
    ciphersuite: session.dtlsCiphersuite ?? connection.tlsCiphersuite,
    rxBytes: counters.rxBytes,
    txBytes: counters.txBytes,
    rxPackets: counters.rxPackets,
    txPackets: counters.txPackets,
    rxDropped: counters.rxDropped,
    txDropped: counters.txDropped,
    rxLost: counters.rxLost,
    rxRate: rate(grown('rxBytes')),
    txRate: rate(grown('txBytes')),
    lossShare: packets === 0 ? 0 : missing / packets,
    ...(counters.roundTripMicros === 0 ? {} : { roundTripMs: counters.roundTripMicros / 1000 }),
  };
}
