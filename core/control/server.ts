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
  /** User id at the other end of the socket. */
  peerUid(socket: Socket): number;
  onRefused(uid: number): void;
  onError(text: string): void;
}

export interface ControlServer {
  close(): void;
}

const maxMessageBytes = 64 * 1024;

/** Removes a socket left behind; anything else in its place is an error. Rejects when it cannot listen. */
export async function openControl(options: ControlServerOptions): Promise<ControlServer> {
  removeSocket(options.socketFile);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const uid = options.peerUid(socket);
    if (uid !== 0) {
      options.onRefused(uid);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve<ControlMethods>(socketTransport(socket), controlDescription, options.handlers, {
      maxMessageBytes,
      info: { vendor: 'ocserv', product: 'ocserv for Node.js', version: options.version, url: 'urn:ocserv' },
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
