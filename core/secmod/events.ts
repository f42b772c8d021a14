// Events for main: points towards a ban, failed logins. Kept for a while when main is not listening yet.

export interface SecmodEvent {
  readonly kind: 'points' | 'failed';
  readonly address: string;
  readonly points: number;
  readonly username?: string;
  readonly connectionId?: number;
  readonly method?: string;
  readonly reason?: string;
}

const MAX_KEPT = 1_000;

export class EventStream {
  readonly #listeners = new Set<(event: SecmodEvent) => void>();
  readonly #kept: SecmodEvent[] = [];

  emit(event: SecmodEvent): void {
    if (this.#listeners.size === 0) {
      this.#kept.push(event);
      if (this.#kept.length > MAX_KEPT) this.#kept.shift();
      return;
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** The returned function ends the subscription. */
  subscribe(listener: (event: SecmodEvent) => void): () => void {
    this.#listeners.add(listener);
    for (const event of this.#kept.splice(0)) listener(event);
    return () => void this.#listeners.delete(listener);
  }
}
