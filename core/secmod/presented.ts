// Certificates that clients have presented and proved, by connection, until the session is open or the connection may
// not log in any more. Called by security-module.ts.
import type { VerifiedCertificate } from './auth/combine.ts';
import type { Clock } from './clock.ts';

interface Presented {
  /** On another host it would have been judged by other authorities. */
  readonly hostName: string;
  readonly certificate: VerifiedCertificate;
  readonly cancelTimer: () => void;
}

export class PresentedCertificates {
  readonly #clock: Clock;
  readonly #byConnection = new Map<number, Presented>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(connectionId: number, hostName: string, certificate: VerifiedCertificate, lifeMs: number): void {
    this.forget(connectionId);
    const cancelTimer = this.#clock.after(lifeMs, () => void this.#byConnection.delete(connectionId));
    this.#byConnection.set(connectionId, { hostName, certificate, cancelTimer });
  }

  find(connectionId: number, hostName: string): VerifiedCertificate | undefined {
    const presented = this.#byConnection.get(connectionId);
    return presented?.hostName === hostName ? presented.certificate : undefined;
  }

  forget(connectionId: number): void {
    this.#byConnection.get(connectionId)?.cancelTimer();
    this.#byConnection.delete(connectionId);
  }

  clear(): void {
    for (const connectionId of [...this.#byConnection.keys()]) this.forget(connectionId);
  }
}
