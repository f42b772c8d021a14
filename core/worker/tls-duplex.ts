// A TLS connection as the stream that Node's HTTP parser wants. Made per connection by the HTTP front.
import { Duplex } from 'node:stream';
import type { TlsConnection } from '../native/index.ts';

export class TlsDuplex extends Duplex {
  readonly #connection: TlsConnection;
  #isDetached = false;

  constructor(connection: TlsConnection) {
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#connection = connection;
  }

  receive(bytes: Buffer): void {
    if (!this.push(bytes)) this.#connection.pause();
  }

  receiveEnd(): void {
    this.push(null);
  }

  /** The connection goes elsewhere; nothing this stream does reaches it any more. */
  detach(): void {
    this.#isDetached = true;
    this.#connection.pause();
  }

  override _read(): void {
    if (!this.#isDetached) this.#connection.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.#isDetached) this.#connection.write(chunk);
    done();
  }

  override _final(done: () => void): void {
    if (!this.#isDetached) this.#connection.end();
    done();
  }
}
