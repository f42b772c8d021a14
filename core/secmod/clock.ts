// Time as a parameter, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

// setTimeout fires at once beyond this; longer waits are taken in stages.
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const dueAt = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const rest = Math.max(0, dueAt - performance.now());
      timer = setTimeout(() => (rest > MAX_TIMEOUT_MS ? arm() : callback()), Math.min(rest, MAX_TIMEOUT_MS));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
