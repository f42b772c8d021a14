// A clock that stands still until told otherwise. For the tests of this folder.
import type { Clock } from '../../../core/secmod/clock.ts';

export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Set<{ dueAt: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueAt: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on, calling what falls due at its own time and in its order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.dueAt - other.dueAt);
      if (next === undefined || next.dueAt > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueAt);
      next.callback();
    }
    this.#now = end;
  }
}
