// The open tunnels of this worker: what main asks of them, and what they report to main.
import type { SessionsMethods, SessionsReason, WorkerCounters } from '../interfaces/index.ts';
import type { Tunnel, TunnelEnd } from '../native/index.ts';
import type { VarlinkClient } from '../varlink/index.ts';

export interface OpenTunnel {
  readonly sessionId: string;
  readonly tunnel: Tunnel;
  /** Resolves with the counters when the tunnel has ended. */
  readonly ended: Promise<WorkerCounters>;
  /** Its end was asked for by main, which hears of it as the answer, or it was taken over: no word about it to main. */
  closedByMain: boolean;
}

const noCounters = {
  ...{ rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, rxDropped: 0, txDropped: 0 },
  ...{ rxLost: 0, roundTripMicros: 0 },
};

export class Tunnels {
  readonly #sessions: VarlinkClient<SessionsMethods>;
  readonly #open = new Map<string, OpenTunnel>();

  constructor(sessions: VarlinkClient<SessionsMethods>) {
    this.#sessions = sessions;
  }

  find(sessionId: string): OpenTunnel | undefined {
    return this.#open.get(sessionId);
  }

  add(sessionId: string, open: (onEnd: (reason: TunnelEnd) => void) => Tunnel): OpenTunnel {
    const former = this.#open.get(sessionId);
    if (former !== undefined) void this.close(former, true);
    const { promise: ended, resolve } = Promise.withResolvers<WorkerCounters>();
    const tunnel = open((reason) => {
      const counters = countersOf(entry);
      if (this.#open.get(sessionId) === entry) this.#open.delete(sessionId);
      resolve(counters);
      if (!entry.closedByMain) void this.reportClosed(sessionId, reason, counters);
    });
    const entry: OpenTunnel = { sessionId, tunnel, ended, closedByMain: false };
    this.#open.set(sessionId, entry);
    return entry;
  }

  /** Also for a session whose client left before its tunnel was open. */
  async reportClosed(sessionId: string, reason: SessionsReason, counters?: WorkerCounters): Promise<void> {
    const final = counters ?? { sessionId, ...noCounters };
    await this.#sessions.call('TunnelClosed', { sessionId, reason, counters: final }).catch(() => undefined);
  }

  async close(open: OpenTunnel, notify: boolean): Promise<WorkerCounters> {
    open.closedByMain = true;
    open.tunnel.close(notify);
    return open.ended;
  }

  async closeAll(notify: boolean): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), (open) => this.close(open, notify)));
  }

  counters(): WorkerCounters[] {
    return Array.from(this.#open.values(), countersOf);
  }

  /** Answers with the session whose keys open this record. */
  async probe(sessionIds: readonly string[], datagram: Buffer): Promise<string | undefined> {
    for (const sessionId of sessionIds.slice(0, 16)) {
      if ((await this.#open.get(sessionId)?.tunnel.probeDatagram(datagram)) === true) return sessionId;
    }
    return undefined;
  }
}

function countersOf({ sessionId, tunnel }: OpenTunnel): WorkerCounters {
  const { rxBytes, txBytes, rxPackets, txPackets, rxDropped, txDropped, rxLost, roundTripMicros } =
    tunnel.counters;
  return { sessionId, rxBytes, txBytes, rxPackets, txPackets, rxDropped, txDropped, rxLost, roundTripMicros };
}
