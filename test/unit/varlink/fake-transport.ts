// Two ends for tests: a transport whose bytes the test writes and reads by hand, and a pair joined back to back.
import type { Transport, TransportEvents } from '../../../core/varlink/index.ts';

export interface FakeTransport extends Transport {
  /** Bytes from the other side, with the descriptors that come in the same read. */
  receive(bytes: Buffer | string, descriptors?: number[]): void;
  /** The other side goes away. */
  hangUp(error?: Error): void;
  /** What was sent, one entry per send(). */
  readonly sent: { text: string; descriptors: readonly number[] }[];
  readonly isClosed: boolean;
  pendingBytes: number;
}

export function fakeTransport(): FakeTransport {
  let events: TransportEvents | undefined;
  let isClosed = false;
  const sent: { text: string; descriptors: readonly number[] }[] = [];
  return {
    sent,
    pendingBytes: 0,
    get isClosed() {
      return isClosed;
    },
    open: (handed) => {
      events = handed;
    },
    send: (bytes, descriptors = []) => {
      sent.push({ text: bytes.toString(), descriptors });
    },
    close: () => {
      isClosed = true;
    },
    receive: (bytes, descriptors = []) => {
      events?.onData(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, descriptors);
    },
    hangUp: (error) => {
      events?.onClose(error);
    },
  };
}

/** What one end sends the other receives, cut into pieces of `pieceBytes`; descriptors with the first piece. */
export function joinedTransports(pieceBytes = Number.MAX_SAFE_INTEGER): [FakeTransport, FakeTransport] {
  const ends: [FakeTransport, FakeTransport] = [fakeTransport(), fakeTransport()];
  for (const [index, end] of ends.entries()) {
    const other = ends[1 - index] as FakeTransport;
    end.send = (bytes, descriptors = []) => {
      const copies = [...descriptors];
      queueMicrotask(() => {
        for (let start = 0; start < bytes.length; start += pieceBytes) {
          other.receive(bytes.subarray(start, start + pieceBytes), start === 0 ? copies : []);
        }
      });
    };
    end.close = () => {
      queueMicrotask(() => {
        other.hangUp();
      });
    };
  }
  return ends;
}
