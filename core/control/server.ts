// The server side of org.ocserv.Control: a Unix socket, mode 0600, that serves root alone. What the methods do is
// handed in by core/main, as is the look at the peer's credentials.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { controlDescription, type ControlMethods } from '../interfaces/index.ts';
import { serve, socketTransport, type Handlers } from '../varlink/index.ts';

export interface ControlServerOptions {
  readonly socketFile: string;
  readonly version: string;
  readonly handlers: Handlers<ControlMethods>;
  /** User and process at the other end of the socket. */
  peer(socket: Socket): { readonly uid: number; readonly pid: number };
  onRefused(uid: number): void;
  /** A client, in words, did not keep to the protocol. */
  onMistake(client: string, text: string): void;
  onError(text: string): void;
}

export interface ControlServer {
  close(): void;
}

const maxMessageBytes = 64 * 1024;
/** More than anybody watches with. A client that forgot its connections must not use up main's descriptors. */
const maxConnections = 128;

/** Removes a socket left behind; anything else in its place is an error. Rejects when it cannot listen. */
export async function openControl(options: ControlServerOptions): Promise<ControlServer> {
  removeSocket(options.socketFile);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    const { uid, pid } = options.peer(socket);
    if (uid !== 0) {
      options.onRefused(uid);
      socket.destroy();
      return;
    }
    const client = `client ${String(++count)} (process ${String(pid)})`;
    if (sockets.size >= maxConnections) {
      options.onMistake(client, `refused, there are ${String(maxConnections)} connections already`);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    let hasViolated = false;
    socket.once('close', () => sockets.delete(socket));
    serve<ControlMethods>(socketTransport(socket), controlDescription, options.handlers, {
      maxMessageBytes,
      info: { vendor: 'ocserv', product: 'ocserv for Node.js', version: options.version, url: 'urn:ocserv' },
      onViolation: ({ message }) => {
        hasViolated = true;
        options.onMistake(client, message);
      },
      onClose: (_error, unfinishedBytes) => {
        if (unfinishedBytes === 0 || hasViolated) return;
        options.onMistake(
          client,
          `left in the middle of a message, after ${String(unfinishedBytes)} bytes of it`,
        );
      },
      onInternalError: (method, error) => {
        options.onError(
          `unexpected failure in ${method}: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    });
  });
  const former = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.socketFile, resolve);
    });
  } finally {
    process.umask(former);
  }
  chmodSync(options.socketFile, 0o600);
  server.on('error', (error) => {
    options.onError(error.message);
  });
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      try {
        unlinkSync(options.socketFile);
      } catch {
        // Node has removed it.
      }
    },
  };
}

function removeSocket(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${file} exists and is no socket`);
  unlinkSync(file);
}
