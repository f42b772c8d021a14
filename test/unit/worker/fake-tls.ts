// A TLS connection in memory: what the worker wrote and how it left.
import type { TlsConnection } from '../../../core/native/index.ts';

export class FakeTls implements TlsConnection {
  written = '';
  /** end, abort 49 or close; the first way counts. */
  left: string | undefined;
  isPaused = false;
  readonly writableLength = 0;
  write(bytes: Uint8Array): void {
    this.written += Buffer.from(bytes).toString('latin1');
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  end(): void {
    this.left ??= 'end';
  }
  abort(alert: number): void {
    this.left ??= `abort ${alert}`;
  }
  close(): void {
    this.left ??= 'close';
  }
  pathMtu(): number {
    return 0;
  }
}
