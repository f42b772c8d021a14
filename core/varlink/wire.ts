// Framing: a Varlink message is one JSON text ended by a NUL byte. Used by connection.ts; knows no JSON and no socket.

const NUL = 0;

/** What one read brought. `isOversize`: a message is longer than allowed; nothing after it can be trusted. */
export interface Frames {
  readonly messages: readonly Buffer[];
  readonly isOversize: boolean;
}

/** Cuts a byte stream into messages. Keeps at most `maxMessageBytes` of an unfinished one. */
export class FrameReader {
  readonly #maxMessageBytes: number;
  #parts: Buffer[] = [];
  #partBytes = 0;

  /** `maxMessageBytes` counts the JSON text without its NUL. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Bytes of a message whose end has not come yet. */
  get unfinishedBytes(): number {
    return this.#partBytes;
  }

  push(bytes: Buffer): Frames {
    const messages: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NUL, start);
      const stop = end === -1 ? bytes.length : end;
      if (this.#partBytes + (stop - start) > this.#maxMessageBytes) return { messages, isOversize: true };
      const part = bytes.subarray(start, stop);
      if (end === -1) {
        if (part.length > 0) {
          this.#parts.push(part);
          this.#partBytes += part.length;
        }
        return { messages, isOversize: false };
      }
      if (this.#parts.length === 0) {
        messages.push(part);
      } else {
        this.#parts.push(part);
        messages.push(Buffer.concat(this.#parts));
        this.#parts = [];
        this.#partBytes = 0;
      }
      start = end + 1;
    }
  }
}

/** The bytes of one message. JSON never contains a NUL byte: it writes the character as an escape. */
export function encodeMessage(message: object): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\0`);
}
