// Datagrams main could do nothing with, in the log. A sender's address costs nothing and may be forged: of each address
// a mistake is told once in a while, of all addresses together so many lines, and the rest is counted and summed up.
// Told by datagrams.ts; flushed when the server ends.
import type { Endpoint } from '../native/index.ts';
import { mainPrefix, type Logger } from '../system/index.ts';

const windowMs = 60_000;
/** Of all senders together, within the window. */
const maxLines = 256;

export class DatagramMistakes {
  readonly #log: Logger;
  readonly #told = new Set<string>();
  #untold = 0;
  #last: Endpoint | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `mistake` is ours, never a word of the sender. */
  tell(remote: Endpoint, mistake: string): void {
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, windowMs).unref();
    const key = `${remote.address} ${mistake}`;
    if (this.#told.has(key) || this.#told.size >= maxLines) {
      this.#untold += 1;
      this.#last = remote;
      return;
    }
    this.#told.add(key);
    this.#log.child({ component: mainPrefix(remote) }).info(`ignored a datagram: ${mistake}`);
  }

  /** Writes the sum of what was not told and begins anew. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told.clear();
    if (this.#untold > 0 && this.#last !== undefined) {
      const { address, port } = this.#last;
      this.#log.info(
        `ignored ${String(this.#untold)} more datagrams, the last from ${address} port ${String(port)}`,
      );
    }
    this.#untold = 0;
    this.#last = undefined;
  }
}
