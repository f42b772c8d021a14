// What a connection needs of a socket, and the adapter for Node's sockets. The transport that carries descriptors
// is made by the processes from the addon's streams with `descriptorTransport`.
import type { Socket } from 'node:net';

export interface TransportEvents {
  onData(bytes: Buffer, descriptors: number[]): void;
  /** Called once when the other side is gone; not after close(). */
  onClose(error: Error | undefined): void;
}

export interface Transport {
  /** Begins to deliver events. Called once. */
  open(events: TransportEvents): void;
  /** Descriptors are duplicated on their way; the caller keeps its own. */
  send(bytes: Buffer, descriptors?: readonly number[]): void;
  /** Bytes accepted by send() and not yet taken by the kernel. */
  readonly pendingBytes: number;
  close(): void;
}

/** The public door: no descriptors. */
export function socketTransport(socket: Socket): Transport {
  let isClosed = false;
  return {
    open(events) {
      let failure: Error | undefined;
      socket.on('data', (bytes: Buffer) => {
        if (!isClosed) events.onData(bytes, []);
      });
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('close', () => {
        if (isClosed) return;
        isClosed = true;
        events.onClose(failure);
      });
    },
    send(bytes, descriptors = []) {
      if (descriptors.length > 0) throw new TypeError('this transport carries no descriptors');
      if (!isClosed) socket.write(bytes);
    },
    get pendingBytes() {
      return socket.writableLength;
    },
    close() {
      isClosed = true;
      socket.end();
      socket.destroySoon();
    },
  };
}

/** The part of the addon's descriptor stream that is used here. */
export interface DescriptorStreamLike {
  write(bytes: Uint8Array, descriptors?: readonly number[]): void;
  readonly writableLength: number;
  close(): void;
}

/** The inner doors. `openStream` is the addon's openDescriptorStream, handed in: this room knows no addon. */
export function descriptorTransport(
  descriptor: number,
  openStream: (descriptor: number, events: TransportEvents) => DescriptorStreamLike,
): Transport {
  let stream: DescriptorStreamLike | undefined;
  return {
    open(events) {
      stream = openStream(descriptor, events);
    },
    send(bytes, descriptors = []) {
      stream?.write(bytes, descriptors);
    },
    get pendingBytes() {
      return stream?.writableLength ?? 0;
    },
    close() {
      stream?.close();
      stream = undefined;
    },
  };
}
