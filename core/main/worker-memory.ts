// limit-worker-memory: how much a worker may allocate beyond what it has at its start. One that wants more ends, is
// replaced, and its clients come back with their cookies. Called by child-configuration.ts; the worker applies it before
// it enters its sandbox, as only root can lower a limit of its own and no worker is to raise it.
import type { Settings } from '../config/index.ts';

const mebibyte = 1024 * 1024;
/** Ours: threads, heap and buffers that do not depend on how many clients there are. */
const commonBytes = 256 * mebibyte;
/** Ours: of one client, in the worst case that all of them are this worker's. */
const clientBytes = mebibyte / 2;
/** Clients that are counted on when max-clients sets no limit. */
const unlimitedClients = 8192;

/** Undefined: no limit. */
export function memoryAllowance(settings: Settings): number | undefined {
  if (!settings['limit-worker-memory']) return undefined;
  const clients = settings['max-clients'] === 0 ? unlimitedClients : settings['max-clients'];
  return commonBytes + clients * clientBytes;
}
