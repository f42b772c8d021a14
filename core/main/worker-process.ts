// One worker as main sees it: its process, the door main calls (Worker) and the door it answers (Sessions). A worker
// that breaks the rules of its door is killed; whoever owns the pool replaces it. Owned by supervise.ts.
import type { ChildProcess } from 'node:child_process';
import {
  sessionsDescription,
  workerDescription,
  type SessionsMethods,
  type WorkerMethods,
} from '../interfaces/index.ts';
import { closeDescriptor, socketPair } from '../native/index.ts';
import type { Logger } from '../system/index.ts';
import { createClient, serve, type Handlers, type VarlinkClient } from '../varlink/index.ts';
import { openTransport, startChild, workerAnswerBytes, workerMessageBytes } from './child-process.ts';

export class WorkerProcess {
  readonly id: number;
  readonly client: VarlinkClient<WorkerMethods>;
  readonly #child: ChildProcess;
  /** Connections it serves. */
  load = 0;
  isReady = false;
  isDead = false;

  /** onLost is called once, however it ended. */
  constructor(
    id: number,
    log: Logger,
    handlersOf: (worker: WorkerProcess) => Handlers<SessionsMethods>,
    onLost: (worker: WorkerProcess) => void,
  ) {
    this.id = id;
    const [sessionsHere, sessionsThere] = socketPair();
    const [workerHere, workerThere] = socketPair();
    this.#child = startChild('worker', [sessionsThere, workerThere]);
    this.#child.once('error', (error) => log.error(`cannot start a worker: ${error.message}`));
    const violated = (what: string): void => {
      log.error(`worker ${String(this.#child.pid)} broke the rules of its door (${what}); replacing it`);
      this.kill();
    };
    this.client = createClient<WorkerMethods>(openTransport(workerHere), workerDescription, {
      serials: true,
      maxMessageBytes: workerAnswerBytes,
      timeoutMs: 10_000,
      closeDescriptor,
      onViolation: (violation) => violated(violation.message),
    });
    const server = serve<SessionsMethods>(
      openTransport(sessionsHere),
      sessionsDescription,
      handlersOf(this),
      {
        serials: true,
        maxMessageBytes: workerMessageBytes,
        closeDescriptor,
        onViolation: (violation) => violated(violation.message),
        onInternalError: (method, error) =>
          log.error(
            `unexpected failure in ${method}: ${error instanceof Error ? error.message : String(error)}`,
          ),
        onClose: () => this.kill(),
      },
    );
    const lost = (): void => {
      if (this.isDead) return;
      this.isDead = true;
      this.client.close();
      server.close();
      onLost(this);
    };
    this.#child.once('exit', lost);
    void this.client.closed.then(() => {
      // Known here before the kernel reports the end of the process.
      this.isReady = false;
      this.kill();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
  }

  async stop(notify: boolean): Promise<void> {
    if (this.isDead) return;
    await this.client.call('Stop', { notify }, { timeoutMs: 4000 }).catch(() => undefined);
    for (let waited = 0; waited < 20 && !this.isDead; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.kill();
  }
}
