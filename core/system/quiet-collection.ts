// Gives memory back once a burst of work is over. V8 keeps the garbage of the last logins until the next ones come,
// which may be hours: an idle server would hold several times what its sessions need. Called by the three processes.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A burst is over when nothing was noted for this long. */
const quietMs = 4_000;

export interface QuietCollection {
  /** Something made garbage: a login, a session, a message. Cheap, may be called often. */
  note(): void;
}

/** `release` runs after the collection, for memory that is not JavaScript's. */
export function collectWhenQuiet(release: () => void = () => undefined): QuietCollection {
  // Known to V8 only by flag; a context made after it has the function.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  let timer: NodeJS.Timeout | undefined;
  return {
    note() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // This flavour also closes the gaps between what is left, some 40 ms; the common one gives few pages back.
        collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
        release();
      }, quietMs);
      timer.unref();
    },
  };
}
