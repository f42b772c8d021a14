// The client side of org.ocserv.Control: a connection to the server's control socket. Used by the occtl commands.
import { connect, type Socket } from 'node:net';
import { controlDescription, type ControlMethods } from '../interfaces/index.ts';
import { createClient, socketTransport, type VarlinkClient } from '../varlink/index.ts';

export const defaultSocketFile = '/var/run/occtl.socket';
/** How long the server may take to answer. */
const answerTimeoutMs = 10_000;
/** Lists of thousands of sessions. */
const maxMessageBytes = 64 * 1024 * 1024;

/** The server could not be reached or did not answer; the text is the one callers of the C tool know. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ControlError';
  }
}

const systemTexts: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ECONNREFUSED: 'Connection refused',
  EACCES: 'Permission denied',
  ENOTSOCK: 'Socket operation on non-socket',
};

function openSocket(file: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path: file });
  socket.once('connect', () => {
    resolve(socket);
  });
  socket.once('error', (error: NodeJS.ErrnoException) => {
    const reason = systemTexts[error.code ?? ''] ?? error.message;
    reject(new ControlError(`error connecting to ocserv socket '${file}': ${reason}`));
  });
  return promise;
}

export type ControlClient = VarlinkClient<ControlMethods>;

/** Connects; the caller closes the client. */
export async function connectControl(file: string): Promise<ControlClient> {
  const socket = await openSocket(file);
  return createClient<ControlMethods>(socketTransport(socket), controlDescription, {
    timeoutMs: answerTimeoutMs,
    maxMessageBytes,
    acceptsAdditions: true,
  });
}

/** What to say when a call failed without an answer from the server. */
export const noAnswer = 'could not send message; possibly insufficient permissions or server is offline.';
