// The handshakes this module has signed for one worker, so that it can tell whether a handshake that the worker shows
// later was one of them. Each counts for one connection. Called by doors.ts; forgets by itself.
import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';

/** A flood of handshakes pushes out the oldest; those who are pushed out connect again. */
const MAX_HANDSHAKES = 32_768;

interface Handshake {
  readonly signedAt: number;
  connectionId: number | undefined;
}

export class SignedHandshakes {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #lifeMs: () => number;
  /** By the hash of what was signed, oldest first. */
  readonly #byInput = new Map<string, Handshake>();

  /** `lifeMs`: how long after the signature the client may take. */
  constructor(clock: Pick<Clock, 'now'>, lifeMs: () => number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  add(input: Buffer): void {
    const now = this.#clock.now();
    const oldestAllowed = now - this.#lifeMs();
    for (const [key, { signedAt }] of this.#byInput) {
      if (signedAt >= oldestAllowed && this.#byInput.size < MAX_HANDSHAKES) break;
      this.#byInput.delete(key);
    }
    this.#byInput.set(keyOf(input), { signedAt: now, connectionId: undefined });
  }

  /** True when this was signed not too long ago, and nobody but `connectionId` has claimed it. */
  claim(input: Buffer, connectionId: number): boolean {
    const handshake = this.#byInput.get(keyOf(input));
    if (handshake === undefined || this.#clock.now() - handshake.signedAt > this.#lifeMs()) return false;
    handshake.connectionId ??= connectionId;
    return handshake.connectionId === connectionId;
  }

  get size(): number {
    return this.#byInput.size;
  }
}

function keyOf(input: Buffer): string {
  return createHash('sha256').update(input).digest('base64');
}
