// Gives memory back once a burst of work is over. V8 keeps the garbage of the last logins until the next ones come,
// which may be hours: an idle server would hold several times what its sessions need. Called by the three processes.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A burst is over when nothing was noted for this long. */
const quietMs = 4_000;
/** A collection takes some 40 ms of CPU time: a trickle of logins must not cause one each. */
const leastIntervalMs = 30_000;
/** Growth since the last collection that makes the next one worth it. */
const worthBytes = 1024 * 1024;

export interface QuietCollection {
  /** Something made garbage: a login, a session, a message. Cheap, may be called often. */
  note(): void;
}

/** `release` runs after the collection, for memory that is not JavaScript's. */
export function collectWhenQuiet(
  release: () => void = () => undefined,
  now: () => number = Date.now,
): QuietCollection {
  // Known to V8 only by flag; a context made after it has the function.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  let timer: NodeJS.Timeout | undefined;
  let lastMs = -Infinity;
  let keptBytes = 0;
  return {
    note() {
      clearTimeout(timer);
      const waitMs = Math.max(quietMs, lastMs + leastIntervalMs - now());
      timer = setTimeout(() => {
        if (getHeapStatistics().total_heap_size < keptBytes + worthBytes) return;
        // This flavour also closes the gaps between what is left; the common one gives few pages back.
        collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
        release();
        lastMs = now();
        keptBytes = getHeapStatistics().total_heap_size;
      }, waitMs);
      timer.unref();
    },
  };
}
