// The hostile side of a test: raw TCP and UDP out of a client namespace, from any of its addresses.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';
import type { Order } from './relay.ts';

export interface Datagrams {
  readonly received: readonly Buffer[];
  send(bytes: Buffer): void;
  close(): void;
}

export class Outpost implements AsyncDisposable {
  readonly #relay: Running;
  readonly #folder: string;
  readonly #server: string;

  private constructor(relay: Running, folder: string, server: string) {
    this.#relay = relay;
    this.#folder = folder;
    this.#server = server;
  }

  /** `server` is the address under attack, as the namespace reaches it. */
  static async open(namespace: Namespace, server: string): Promise<Outpost> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-outpost-'));
    const relay = namespace.start([
      process.execPath,
      path.join(import.meta.dirname, 'relay.ts'),
      path.join(folder, 'socket'),
    ]);
    await until('the relay', () => relay.output().includes('ready'));
    return new Outpost(relay, folder, server);
  }

  /** A TCP connection to the server's port; what is half-closed here is half-closed there, or reset. */
  tcp(local: string, resets = false): Socket {
    return this.#open({ kind: 'tcp', local, server: this.#server, resets });
  }

  /** A TLS session over such a connection; writes wait for the handshake. */
  tls(local: string, resets = false, options: ConnectionOptions = {}): TLSSocket {
    const socket = connectTls({
      socket: this.tcp(local, resets),
      rejectUnauthorized: false,
      servername: 'vpn.test',
      ...options,
    });
    socket.on('error', () => undefined);
    return socket;
  }

  udp(local: string): Datagrams {
    const socket = this.#open({ kind: 'udp', local, server: this.#server });
    const received: Buffer[] = [];
    let rest = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) received.push(Buffer.from(line, 'base64'));
    });
    return {
      received,
      send: (bytes) => void socket.write(`${bytes.toString('base64')}\n`),
      close: () => socket.end(),
    };
  }

  #open(order: Order): Socket {
    const socket = connectSocket(path.join(this.#folder, 'socket'));
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify(order)}\n`);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay.stop('SIGTERM', 2_000);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
