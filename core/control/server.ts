// The server side of org.ocserv.Control: a Unix socket that serves root and the members of two groups. What the methods
// do is handed in by core/main, as is the look at the peer's credentials.
import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { controlDescription, type ControlMethods } from '../interfaces/index.ts';
import { serve, socketTransport, type Handlers } from '../varlink/index.ts';

/** Who is at the other end of a connection. */
export interface ControlCaller {
  readonly uid: number;
  readonly pid: number;
  readonly mayChange: boolean;
}

interface Peer {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly groups: readonly number[];
}

export interface ControlServerOptions {
  readonly socketFile: string;
  readonly version: string;
  readonly handlers: (caller: ControlCaller) => Handlers<ControlMethods>;
  /** User, groups and process at the other end of the socket. */
  peer(socket: Socket): Peer;
  /** Group ids: who may do everything, and who may look, besides root. */
  readonly group?: number | undefined;
  readonly readOnlyGroup?: number | undefined;
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
    const peer = options.peer(socket);
    const { uid, pid } = peer;
    const isIn = (group: number | undefined): boolean =>
      group !== undefined && (peer.gid === group || peer.groups.includes(group));
    const mayChange = uid === 0 || isIn(options.group);
    if (!mayChange && !isIn(options.readOnlyGroup)) {
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
    const handlers = options.handlers({ uid, pid, mayChange });
    serve<ControlMethods>(socketTransport(socket), controlDescription, handlers, {
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
  openToGroups(options);
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

/** One group owns the file; for two the look at the peer alone decides, as a file has one group. */
function openToGroups({ socketFile, group, readOnlyGroup }: ControlServerOptions): void {
  const groups = new Set([group, readOnlyGroup].filter((one) => one !== undefined));
  const [first = 0] = groups;
  chownSync(socketFile, process.getuid?.() ?? 0, first);
  chmodSync(socketFile, [0o600, 0o660, 0o666][groups.size] ?? 0o600);
}

function removeSocket(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${file} exists and is no socket`);
  unlinkSync(file);
}
