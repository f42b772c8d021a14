// Keeps the workers running: starts them, configures them, connects them with the security module, replaces those
// that ended. Called by server.ts at the start, by the security module's restart, and by reload.ts.
import { availableParallelism } from 'node:os';
import type { WorkerConfiguration } from '../config/index.ts';
import { closeDescriptor, socketPair } from '../native/index.ts';
import { Backoff } from './child-process.ts';
import { globalSettings, type Main } from './context.ts';
import { forgetConnection, sessionsDoor } from './sessions-door.ts';
import { WorkerProcess } from './worker-process.ts';

export interface Supervision {
  readonly main: Main;
  configuration(): WorkerConfiguration;
}

let lastWorkerId = 0;

/** Resolves when all are ready; rejects when one is not. */
export async function startWorkers(supervision: Supervision): Promise<void> {
  const wanted = globalSettings(supervision.main)['worker-processes'];
  const count = wanted === 0 ? availableParallelism() : wanted;
  await Promise.all(Array.from({ length: count }, () => startWorker(supervision, new Backoff())));
}

async function startWorker(supervision: Supervision, backoff: Backoff): Promise<void> {
  const { main } = supervision;
  backoff.started(Date.now());
  const worker = new WorkerProcess(
    ++lastWorkerId,
    main.log,
    (itself) => sessionsDoor(main, itself),
    (itself) => {
      lostWorker(supervision, backoff, itself);
    },
  );
  main.workers.push(worker);
  await configureWorker(supervision, worker);
  await attachAuthenticator(main, worker);
  worker.isReady = true;
}

export async function configureWorker(
  { main, configuration }: Supervision,
  worker: WorkerProcess,
): Promise<void> {
  await worker.client.call('Configure', {
    generation: main.generation,
    configuration: configuration() as unknown as Record<string, unknown>,
  });
}

/** A fresh door between this worker and the security module. */
export async function attachAuthenticator(main: Main, worker: WorkerProcess): Promise<void> {
  const [forWorker, forSecurityModule] = socketPair();
  try {
    const attached = main.securityModule.client.call(
      'AttachWorker',
      { workerId: worker.id },
      { descriptors: [forSecurityModule] },
    );
    const given = worker.client.call('AttachAuthenticator', {}, { descriptors: [forWorker] });
    await Promise.all([attached, given]);
  } finally {
    closeDescriptor(forWorker);
    closeDescriptor(forSecurityModule);
  }
}

function lostWorker(supervision: Supervision, backoff: Backoff, worker: WorkerProcess): void {
  const { main } = supervision;
  const at = main.workers.indexOf(worker);
  if (at >= 0) main.workers.splice(at, 1);
  for (const connection of [...main.connections.values()]) {
    if (connection.worker === worker) void forgetConnection(main, connection, 'error');
  }
  if (main.isStopping) return;
  const delayMs = backoff.next(Date.now());
  main.log.error(`worker ${String(worker.pid)} ended unexpectedly; starting another`);
  void main.securityModule.client.call('DetachWorker', { workerId: worker.id }).catch(() => undefined);
  setTimeout(() => {
    if (main.isStopping) return;
    startWorker(supervision, backoff).catch((error: unknown) => {
      main.log.error(`worker: ${error instanceof Error ? error.message : String(error)}`);
      // Killed, it comes back here after a longer pause.
      main.workers.at(-1)?.kill();
    });
  }, delayMs);
}
