// Who comes and goes, numbered, for those who watch (`occtl show events`) and for those who come back to it. The last
// events are kept in memory. Filled by events.ts, read by control-door.ts.
import type { ControlEvent } from '../interfaces/index.ts';

/** So many events can be asked for again. */
const keptEvents = 1000;

export type NewEvent = Omit<ControlEvent, 'number' | 'time'>;

export class EventLog {
  readonly #kept: ControlEvent[] = [];
  readonly #watchers = new Set<(event: ControlEvent) => void>();
  #last: number;

  /** Numbers begin at the microsecond of the start, so that they go on counting up after a restart. */
  constructor(startedAtMs: number) {
    this.#last = startedAtMs * 1000;
  }

  /** Of the newest event; before the first one, the number that one will follow. */
  get last(): number {
    return this.#last;
  }

  publish(event: NewEvent, nowMs: number): void {
    const numbered: ControlEvent = { number: ++this.#last, time: Math.floor(nowMs / 1000), ...event };
    this.#kept.push(numbered);
    if (this.#kept.length > keptEvents) this.#kept.shift();
    for (const watcher of this.#watchers) watcher(numbered);
  }

  /** The events after that number; undefined when some of them are not known, or the number is of no event of ours. */
  since(number: number): readonly ControlEvent[] | undefined {
    const before = this.#last - this.#kept.length;
    if (number < before || number > this.#last) return undefined;
    return this.#kept.slice(number - before);
  }

  /** Answers with the function that ends it. */
  watch(watcher: (event: ControlEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
