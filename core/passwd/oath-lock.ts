// One at a time may read, judge and rewrite the users file of one-time passwords: this server, its tools and whatever
// uses liboath (pam_oath). The lock is liboath's: a write lock (fcntl) on FILE.lock, which goes away with its holder.
import { closeSync, constants, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** fcntl(F_OFD_SETLK) with a write lock on the whole file; false when somebody else has it. */
export type TryLock = (descriptor: number) => boolean;

const LOCK_WAIT_MS = 5_000;
const RETRY_MS = 15;

/**
 * Runs `work` (which must not wait for anything) with the lock. Undefined when nobody let go of it in time. Throws
 * what `work` throws, and the file system's error when the lock file cannot be made.
 */
export async function withOathLock<Result>(
  file: string,
  tryLock: TryLock,
  work: () => Result,
  waitMs = LOCK_WAIT_MS,
): Promise<Result | undefined> {
  // Of the name as it was given, as liboath does.
  const lockFile = `${file}.lock`;
  const deadline = performance.now() + waitMs;
  for (;;) {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = openSync(lockFile, flags, 0o600);
    try {
      // Whoever had it before has removed the file meanwhile: then this is the lock of nothing.
      if (tryLock(fd) && isStill(lockFile, fd)) {
        try {
          return work();
        } finally {
          rmSync(lockFile, { force: true });
        }
      }
    } finally {
      closeSync(fd);
    }
    if (performance.now() >= deadline) return undefined;
    await sleep(RETRY_MS);
  }
}

function isStill(lockFile: string, fd: number): boolean {
  const named = statSync(lockFile, { throwIfNoEntry: false });
  const held = fstatSync(fd);
  return named !== undefined && named.ino === held.ino && named.dev === held.dev;
}
