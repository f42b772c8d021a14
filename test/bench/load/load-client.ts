// Builds the batching client of this folder and runs it: one session on a tun device of its own, or many idle ones.
// Used by parts/limit.ts and parts/many.ts.
import { globSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { mustRun, until, type Running } from '../../support/command.ts';
import type { Namespace } from '../../support/namespace.ts';
import { root } from '../../support/site.ts';

const library = path.join(root, 'core/native/src');
const device = 'load0';

/** With the optimization the server's addon is built with; answers with the program's path. */
export async function buildLoadClient(): Promise<string> {
  const folder = path.join(root, 'core/native/build');
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'load-client');
  const parts = ['udp/*.cpp', 'dtls/record.cpp', 'cstp/*.cpp', 'tun/*.cpp', 'ip/*.cpp'];
  const sources = [
    ...globSync(path.join(import.meta.dirname, '*.cpp')),
    ...parts.flatMap((part) => globSync(path.join(library, part))),
  ];
  const flags = ['-std=gnu++20', '-O3', '-Wall', '-Wextra', '-Wno-restrict'];
  const headers = ['-I', library, '-I', import.meta.dirname];
  const libraries = ['-lssl', '-lcrypto'];
  await mustRun(['g++', ...flags, ...headers, ...sources, ...libraries, '-o', program], {
    timeoutMs: 180_000,
  });
  return program;
}

export interface LoadOptions {
  readonly program: string;
  readonly namespace: Namespace;
  readonly server: string;
  readonly user: string;
  readonly password: string;
  readonly dtls: boolean;
}

export class LoadClient implements AsyncDisposable {
  readonly process: Running;
  readonly namespace: Namespace;

  private constructor(process: Running, namespace: Namespace) {
    this.process = process;
    this.namespace = namespace;
  }

  /** A session with a tun device, and a route through it to `network`. */
  static async connect(options: LoadOptions, network: string): Promise<LoadClient> {
    const client = LoadClient.#start(options, device);
    await client.#ready(30_000);
    const [, address = '', mtu = ''] = /^session 0 (\S+) (\d+)$/m.exec(client.process.output()) ?? [];
    for (const command of [
      ['ip', 'addr', 'add', `${address}/32`, 'dev', device],
      ['ip', 'link', 'set', device, 'mtu', mtu, 'up'],
      ['ip', 'route', 'add', network, 'dev', device],
    ]) {
      await options.namespace.mustRun(command);
    }
    return client;
  }

  /** Sessions that only live. */
  static async hold(options: LoadOptions, sessions: number): Promise<LoadClient> {
    const client = LoadClient.#start(options, String(sessions));
    await client.#ready(30_000 + sessions * 200);
    return client;
  }

  static #start({ program, namespace, server, user, password, dtls }: LoadOptions, last: string): LoadClient {
    const command = [program, server, '4443', user, dtls ? 'dtls' : 'tls', last];
    return new LoadClient(namespace.start(command, { input: `${password}\n` }), namespace);
  }

  async #ready(timeoutMs: number): Promise<void> {
    await until(
      'the load client to be ready',
      () => {
        if (this.process.hasEnded()) throw new Error(this.process.output());
        return this.process.output().includes('ready');
      },
      timeoutMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop('SIGTERM', 5_000);
  }
}
