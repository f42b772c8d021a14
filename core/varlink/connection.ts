// One end of a connection: bytes to messages and back, with the descriptors that belong to each. Used by client.ts
// and server.ts.
//
// A message that carries descriptors says how many in its envelope (`descriptors`); they are taken in order from those
// received so far, so it does not matter how the kernel cut the stream into reads.
import { ProtocolViolation } from './errors.ts';
import { isJsonObject } from './check.ts';
import type { Transport } from './transport.ts';
import { encodeMessage, FrameReader } from './wire.ts';

/** More than this received and not claimed by a message is an attack or a defect. */
const maxWaitingDescriptors = 64;
/** A peer that does not read what we send it is cut off here. */
const maxPendingBytes = 16 * 1024 * 1024;
/** So much may wait when the next of many answers is made. */
const drainedBytes = 256 * 1024;
const drainPollMs = 20;

export interface ConnectionOptions {
  readonly maxMessageBytes: number;
  /** Closes descriptors nobody took; absent where none can arrive. */
  readonly closeDescriptor?: ((descriptor: number) => void) | undefined;
}

export interface ConnectionEvents {
  onMessage(envelope: Readonly<Record<string, unknown>>, descriptors: number[]): void;
  onViolation(violation: ProtocolViolation): void;
  /** `unfinishedBytes`: of a message whose end did not come. */
  onClose(error: Error | undefined, unfinishedBytes: number): void;
}

export class Connection {
  readonly #transport: Transport;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #reader: FrameReader;
  #waiting: number[] = [];
  #isClosed = false;

  constructor(transport: Transport, options: ConnectionOptions, events: ConnectionEvents) {
    this.#transport = transport;
    this.#options = options;
    this.#events = events;
    this.#reader = new FrameReader(options.maxMessageBytes);
    transport.open({
      onData: (bytes, descriptors) => {
        this.#receive(bytes, descriptors);
      },
      onClose: (error) => {
        this.#end(error);
      },
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(envelope: object, descriptors: readonly number[] = []): void {
    if (this.#isClosed) return;
    const message = descriptors.length === 0 ? envelope : { ...envelope, descriptors: descriptors.length };
    this.#transport.send(encodeMessage(message), descriptors);
    if (this.#transport.pendingBytes > maxPendingBytes) {
      this.violate(new ProtocolViolation('flood', 'the other side does not read its messages'));
    }
  }

  /** Resolves when the peer has read most of what was sent; false when the connection has ended. */
  async drained(): Promise<boolean> {
    while (!this.#isClosed && this.#transport.pendingBytes > drainedBytes) {
      await new Promise((resolve) => setTimeout(resolve, drainPollMs).unref());
    }
    return !this.#isClosed;
  }

  /** Reports and closes. */
  violate(violation: ProtocolViolation): void {
    if (this.#isClosed) return;
    this.#events.onViolation(violation);
    this.close(violation);
  }

  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#transport.close();
    this.#end(error);
  }

  closeDescriptors(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.#options.closeDescriptor?.(descriptor);
  }

  #receive(bytes: Buffer, descriptors: number[]): void {
    if (this.#isClosed) {
      this.closeDescriptors(descriptors);
      return;
    }
    this.#waiting.push(...descriptors);
    const { messages, isOversize } = this.#reader.push(bytes);
    for (const message of messages) {
      this.#deliver(message);
      // A handler may have closed the connection.
      if (this.isClosed) return;
    }
    if (isOversize) {
      const limit = String(this.#options.maxMessageBytes);
      this.violate(new ProtocolViolation('framing', `a message is longer than ${limit} bytes`));
    } else if (this.#waiting.length > (this.#reader.unfinishedBytes === 0 ? 0 : maxWaitingDescriptors)) {
      // They come no later than the first byte of their message, so between messages none can be waiting.
      this.violate(new ProtocolViolation('descriptors', 'descriptors belong to no message'));
    }
  }

  #deliver(message: Buffer): void {
    let envelope: unknown;
    try {
      envelope = JSON.parse(message.toString('utf8'));
    } catch {
      // Without the parser's error: its text quotes the message, which may hold a password.
      this.violate(new ProtocolViolation('framing', 'a message is not JSON'));
      return;
    }
    if (!isJsonObject(envelope)) {
      this.violate(new ProtocolViolation('envelope', 'a message is not an object'));
      return;
    }
    const announced = envelope['descriptors'] ?? 0;
    if (typeof announced !== 'number' || !Number.isInteger(announced) || announced < 0) {
      this.violate(new ProtocolViolation('envelope', 'the number of descriptors is no number'));
      return;
    }
    if (announced > this.#waiting.length) {
      this.violate(new ProtocolViolation('descriptors', 'a message announces descriptors that did not come'));
      return;
    }
    this.#events.onMessage(envelope, this.#waiting.splice(0, announced));
  }

  #end(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closeDescriptors(this.#waiting);
    this.#waiting = [];
    this.#events.onClose(error, this.#reader.unfinishedBytes);
  }
}
