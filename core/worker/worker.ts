// What a worker does for main: the handlers of the door org.ocserv.Worker, and the connections behind them.
import { parseWorkerConfiguration } from '../config/index.ts';
import { workerErrors, type SessionsMethods, type WorkerMethods } from '../interfaces/index.ts';
import {
  closeDescriptor,
  enterSandbox,
  limitData,
  startPacketThread,
  trimMemory,
  type PacketThread,
} from '../native/index.ts';
import { collectWhenQuiet, type Logger } from '../system/index.ts';
import {
  VarlinkError,
  type Call,
  type Handlers,
  type Transport,
  type VarlinkClient,
} from '../varlink/index.ts';
import type { AttachedAuthenticator } from './authenticator.ts';
import { Connection } from './connection.ts';
import { serveHosts, type Hosts } from './hosts.ts';
import { HttpFront } from './http-front.ts';
import { countersIntervalMs } from './limits.ts';
import { Tunnels } from './tunnels.ts';

/** So that a message stays well below what main takes from a worker, 64 KiB. */
const countersPerMessage = 100;

export interface WorkerSurroundings {
  readonly sessions: VarlinkClient<SessionsMethods>;
  readonly authenticator: AttachedAuthenticator;
  readonly openTransport: (descriptor: number) => Transport;
  /** Made from the first configuration, before the sandbox. */
  readonly makeLog: (logging: Hosts['configuration']['logging']) => Logger;
  /** Everything is closed and answered. */
  readonly exit: (code: number) => void;
}

interface Running {
  readonly log: Logger;
  readonly packets: PacketThread;
}

export function workerHandlers(around: WorkerSurroundings): Handlers<WorkerMethods> {
  const { sessions, authenticator } = around;
  const front = new HttpFront();
  const tunnels = new Tunnels(sessions);
  const connections = new Map<number, Connection>();
  const quiet = collectWhenQuiet(trimMemory);
  let hosts: Hosts | undefined;
  let running: Running | undefined;

  /** Once: thread and log while the world is still there, then the sandbox. */
  const settleDown = ({ configuration }: Hosts): Running => {
    const { sandbox, logging, packetPathDisable } = configuration;
    const packets = startPacketThread(packetPathDisable);
    const started = { log: around.makeLog(logging), packets };
    const { memoryBytes, ...account } = sandbox;
    if (memoryBytes !== undefined) limitData(memoryBytes);
    const { missing } = enterSandbox(account);
    for (const what of missing) started.log.warning(`sandbox: ${what}`);
    setInterval(() => {
      const counters = tunnels.counters();
      for (let at = 0; at < counters.length; at += countersPerMessage) {
        const part = counters.slice(at, at + countersPerMessage);
        sessions.call('ReportCounters', { counters: part }).catch(() => undefined);
      }
    }, countersIntervalMs).unref();
    return started;
  };

  const tunnelOf = (sessionId: string) => {
    const open = tunnels.find(sessionId);
    if (open === undefined) throw new VarlinkError(workerErrors.UnknownSession, { sessionId });
    return open;
  };

  return {
    Configure({ configuration }) {
      const loaded = serveHosts(parseWorkerConfiguration(configuration));
      quiet.note();
      if (running === undefined) running = settleDown(loaded);
      running.log.setLevel(loaded.configuration.logging.level);
      hosts = loaded;
      for (const note of loaded.notes) running.log.warning(`tls-priorities: ${note}`);
      return {};
    },
    Serve({ connection }, call) {
      const fd = take(call);
      if (hosts === undefined || running === undefined) {
        closeDescriptor(fd);
        throw new Error('a client came before the configuration');
      }
      quiet.note();
      const { id } = connection;
      const { log, packets } = running;
      const onEnd = (): void => void connections.delete(id);
      connections.set(
        id,
        new Connection(fd, connection, {
          log,
          hosts,
          front,
          authenticator,
          sessions,
          tunnels,
          packets,
          onEnd,
        }),
      );
      return {};
    },
    AttachAuthenticator(_, call) {
      authenticator.attach(around.openTransport(take(call)), closeDescriptor);
      return {};
    },
    async AttachDatagram({ sessionId, hello, datagram }, call) {
      const fd = take(call);
      const open = tunnels.find(sessionId);
      if (open === undefined) {
        closeDescriptor(fd);
        throw new VarlinkError(workerErrors.UnknownSession, { sessionId });
      }
      return { accepted: await open.tunnel.attachDatagram(fd, Buffer.from(datagram, 'base64'), hello) };
    },
    async ProbeDatagram({ sessionIds, datagram }) {
      return { sessionId: await tunnels.probe(sessionIds, Buffer.from(datagram, 'base64')) };
    },
    async CloseTunnel({ sessionId, notify }) {
      return { counters: await tunnels.close(tunnelOf(sessionId), notify) };
    },
    CloseConnection({ connectionId }) {
      const connection = connections.get(connectionId);
      if (connection === undefined) throw new VarlinkError(workerErrors.UnknownConnection, { connectionId });
      connection.end('serverDisconnect');
      return {};
    },
    ListCounters() {
      return { counters: tunnels.counters() };
    },
    async Stop({ notify }) {
      for (const connection of connections.values()) connection.end('serverDisconnect');
      await tunnels.closeAll(notify);
      running?.packets.close();
      running?.log.flush();
      // The answer leaves first.
      setTimeout(() => around.exit(0), 20);
      return {};
    },
  };
}

function take(call: Call<never> | Call<object>): number {
  const fd = (call as Call<object>).takeDescriptor();
  if (fd === undefined) throw new Error('the call came without its descriptor');
  return fd;
}
