// An accepted TCP connection, from the kernel to a worker:
//   1. client limit: closed at once; accepting pauses until below 90 %
//   2. behind a front end: whether that is to be believed, then its PROXY header (proxied.ts), which says who the client is
//   3. ban list: closed at once; else connection points, exempt subnets aside
//   4. the worker with the fewest clients
//   5. ticket and descriptor to that worker
// Called by the listeners. No byte of the client is read here.
import { closeDescriptor, type Endpoint } from '../native/index.ts';
import { globalSettings, type Connection, type Main } from './context.ts';
import { chargePoints } from './points.ts';
import { isTrusted } from './proxied.ts';
import { forgetConnection } from './sessions-door.ts';
import { sealTicket } from './ticket.ts';

let lastConnectionId = 0;

export interface Gate {
  pause(): void;
  resume(): void;
}

const recheckMs = 1000;
const resumeShare = 0.9;
/** How long a client waits for a new worker when all have ended. */
const workerWaitMs = 5000;

export function acceptConnection(
  main: Main,
  gate: Gate,
  descriptor: number,
  remote: Endpoint,
  local: Endpoint,
): void {
  const settings = globalSettings(main);
  const limit = settings['max-clients'];
  if (limit > 0 && connectionCount(main) >= limit) {
    closeDescriptor(descriptor);
    main.log.info(`reached maximum client limit (active: ${String(connectionCount(main))})`);
    gate.pause();
    const timer = setInterval(() => {
      // A reload may have raised the limit meanwhile.
      const limitNow = globalSettings(main)['max-clients'];
      const isFull = limitNow > 0 && connectionCount(main) >= limitNow * resumeShare;
      if (isFull && !main.isStopping) return;
      clearInterval(timer);
      if (!main.isStopping) gate.resume();
    }, recheckMs);
    return;
  }
  if (!settings['listen-proxy-proto']) {
    if (isWelcome(main, descriptor, remote, settings['ban-points-connection'])) {
      handToWorker(main, gate, descriptor, remote, local);
    }
    return;
  }
  if (!isTrusted(remote, settings['proxy-proto-trusted'])) {
    if (!isWelcome(main, descriptor, remote, settings['ban-points-connection'])) return;
    closeDescriptor(descriptor);
    main.log.info(`rejected connection from ${remote.address}: it is not in proxy-proto-trusted`);
    return;
  }
  main.proxied.await(descriptor, remote, (taken, { addresses }) => {
    // A front end that speaks for itself looks again and again whether the server lives.
    const points = addresses === undefined ? 0 : globalSettings(main)['ban-points-connection'];
    const client = addresses ?? { remote, local };
    if (!isWelcome(main, taken, client.remote, points)) return;
    handToWorker(main, gate, taken, client.remote, client.local);
  });
}

function connectionCount(main: Main): number {
  return main.connections.size + main.proxied.size;
}

/** False: the address is banned, and the connection closed. */
function isWelcome(main: Main, descriptor: number, remote: Endpoint, points: number): boolean {
  if (main.bans.isBanned(remote.address)) {
    closeDescriptor(descriptor);
    main.log.info(`rejected connection from banned IP: ${remote.address}`);
    return false;
  }
  if (!main.bans.isExempt(remote.address)) chargePoints(main, remote.address, points);
  return true;
}

function handToWorker(main: Main, gate: Gate, descriptor: number, remote: Endpoint, local: Endpoint): void {
  const worker = main.workers
    .filter(({ isReady, isDead }) => isReady && !isDead)
    .reduce<Main['workers'][number] | undefined>(
      (least, one) => (least === undefined || one.load < least.load ? one : least),
      undefined,
    );
  if (worker === undefined) {
    waitForWorker(main, gate, descriptor, remote, local);
    return;
  }
  const connection: Connection = {
    id: ++lastConnectionId,
    worker,
    remote,
    local,
    acceptedAt: Date.now(),
    state: 'handshake',
    vhost: undefined,
    userAgent: undefined,
    username: undefined,
    tlsCiphersuite: undefined,
    hasOpened: false,
    isGone: false,
    session: undefined,
  };
  worker.load += 1;
  main.quiet.note();
  main.connections.set(connection.id, connection);
  const { id, acceptedAt } = connection;
  const ticket = sealTicket(
    {
      workerId: worker.id,
      connectionId: id,
      remoteAddress: remote.address,
      localAddress: local.address,
      acceptedAt,
    },
    main.ticketKey,
  );
  worker.client
    .call(
      'Serve',
      {
        connection: {
          id,
          ticket,
          remoteAddress: remote.address,
          remotePort: remote.port,
          localAddress: local.address,
          localPort: local.port,
          acceptedAt,
        },
      },
      { descriptors: [descriptor] },
    )
    .then(
      () => {
        closeDescriptor(descriptor);
      },
      () => {
        // The worker died with the message; the client has seen nothing of it yet.
        void forgetConnection(main, connection, 'error');
        if (!main.isStopping && !worker.isReady) handToWorker(main, gate, descriptor, remote, local);
        else closeDescriptor(descriptor);
      },
    );
}

/** All workers ended at once: the client waits here, those behind it in the kernel's backlog. */
function waitForWorker(main: Main, gate: Gate, descriptor: number, remote: Endpoint, local: Endpoint): void {
  gate.pause();
  const deadline = Date.now() + workerWaitMs;
  const timer = setInterval(() => {
    const isReady = main.workers.some((worker) => worker.isReady && !worker.isDead);
    if (!isReady && Date.now() < deadline && !main.isStopping) return;
    clearInterval(timer);
    if (!main.isStopping) gate.resume();
    if (isReady && !main.isStopping) handToWorker(main, gate, descriptor, remote, local);
    else {
      closeDescriptor(descriptor);
      main.log.error('no worker is ready; a connection was refused');
    }
  }, 50);
}
