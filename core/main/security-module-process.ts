// The security module as main sees it: started, configured, watched, started again when it dies. Tunnels go on
// meanwhile; workers get fresh connections to the new one through `onReady`.
import type { ChildProcess } from 'node:child_process';
import {
  securityModuleDescription,
  securityModuleErrors,
  type SecurityModuleMethods,
} from '../interfaces/index.ts';
import type { SecurityModuleEvent } from '../interfaces/index.ts';
import { closeDescriptor, socketPair } from '../native/index.ts';
import type { Logger } from '../system/index.ts';
import { createClient, VarlinkError, type VarlinkClient } from '../varlink/index.ts';
import { Backoff, innerMessageBytes, openTransport, startChild } from './child-process.ts';

export interface SecurityModuleOwner {
  readonly log: Logger;
  /** Threads for password checks and signatures. */
  readonly threads: number;
  configuration(): SecurityModuleMethods['Configure']['parameters'];
  onEvent(event: SecurityModuleEvent): void;
  /** After every start but the first. */
  onReady(): Promise<void>;
}

export class SecurityModuleProcess {
  readonly #owner: SecurityModuleOwner;
  readonly #backoff = new Backoff();
  #client: VarlinkClient<SecurityModuleMethods> | undefined;
  #child: ChildProcess | undefined;
  #isStopping = false;

  constructor(owner: SecurityModuleOwner) {
    this.#owner = owner;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Rejects when it cannot be started or refuses the configuration. */
  async start(): Promise<void> {
    const [ours, theirs] = socketPair();
    const child = startChild('secmod', [theirs], {
      // What libuv calls the size of its pool, up to 1024.
      UV_THREADPOOL_SIZE: String(this.#owner.threads),
    });
    const client = createClient<SecurityModuleMethods>(openTransport(ours), securityModuleDescription, {
      serials: true,
      maxMessageBytes: innerMessageBytes,
      timeoutMs: 120_000,
      closeDescriptor,
      onViolation: (violation) => this.#owner.log.error(`security module: ${violation.message}`),
    });
    this.#child = child;
    this.#client = client;
    this.#backoff.started(Date.now());
    child.once('error', (error) =>
      this.#owner.log.error(`cannot start the security module: ${error.message}`),
    );
    await this.configure(this.#owner.configuration());
    client.watch('Watch', {}, ({ event }) => this.#owner.onEvent(event));
    void client.closed.then(() => {
      this.#lost(child);
    });
  }

  get client(): VarlinkClient<SecurityModuleMethods> {
    if (this.#client === undefined) throw new Error('the security module is not running');
    return this.#client;
  }

  /** Rejects with an Error whose text is what the configuration was refused for, a line for each mistake. */
  async configure(parameters: SecurityModuleMethods['Configure']['parameters']): Promise<void> {
    try {
      await this.client.call('Configure', parameters);
    } catch (error) {
      const refusal =
        error instanceof VarlinkError && error.error === securityModuleErrors.ConfigurationRefused
          ? error.parameters['message']
          : undefined;
      throw typeof refusal === 'string' ? new Error(refusal, { cause: error }) : error;
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    const client = this.#client;
    if (child === undefined || client === undefined) return;
    await client.call('Stop', {}, { timeoutMs: 3000 }).catch(() => undefined);
    client.close();
    if (child.exitCode === null && child.signalCode === null) {
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(timer);
    }
  }

  #lost(child: ChildProcess): void {
    child.kill('SIGKILL');
    if (this.#isStopping) return;
    const delayMs = this.#backoff.next(Date.now());
    this.#owner.log.error('ocserv-secmod died unexpectedly; starting it again');
    setTimeout(() => {
      if (this.#isStopping) return;
      this.start()
        .then(() => this.#owner.onReady())
        .catch((error: unknown) => {
          this.#owner.log.error(`security module: ${error instanceof Error ? error.message : String(error)}`);
          if (this.#child !== child) this.#child?.kill('SIGKILL');
        });
    }, delayMs);
  }
}
