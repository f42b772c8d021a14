// Slows down guessing at one user name, from however many addresses: after some failures each further answer
// waits before it is checked. Never a lock; the same for names that do not exist.
import type { Clock } from './clock.ts';

const FREE_FAILURES = 5;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4_000;
const MEMORY_MS = 15 * 60_000;
const MAX_NAMES = 8_192;

export class UserThrottle {
  readonly #clock: Clock;
  // In order of the last failure, so that the first is the one to forget.
  readonly #failures = new Map<string, { count: number; lastAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  delayMs(username: string): number {
    const known = this.#failures.get(username);
    if (known === undefined || this.#clock.now() - known.lastAt > MEMORY_MS) return 0;
    if (known.count < FREE_FAILURES) return 0;
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(known.count - FREE_FAILURES, 10));
  }

  failed(username: string): void {
    // Nobody was named (a token that is not believed): one guesser must not slow down all others.
    if (username === '') return;
    const now = this.#clock.now();
    const known = this.#failures.get(username);
    const count = known === undefined || now - known.lastAt > MEMORY_MS ? 1 : known.count + 1;
    this.#failures.delete(username);
    this.#failures.set(username, { count, lastAt: now });
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > MAX_NAMES && oldest.done !== true) this.#failures.delete(oldest.value);
  }

  succeeded(username: string): void {
    this.#failures.delete(username);
  }
}
