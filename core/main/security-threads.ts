// sec-mod-scale: how many threads the security module has for password checks and signatures. Called by server.ts.
import { availableParallelism } from 'node:os';
import type { Settings } from '../config/index.ts';

/** libuv's. */
const largestPool = 1024;
/** Conversations with the disk and with PAM's files wait in them, too. */
const leastThreads = 4;

/** One process does what the C program starts several for; its threads share the work. */
export function securityThreads(settings: Settings): number {
  const wanted = settings['sec-mod-scale'];
  if (wanted > 0) return Math.min(wanted, largestPool);
  const processors = availableParallelism();
  const clients = settings['max-clients'];
  return Math.max(
    leastThreads,
    clients === 0 ? processors : Math.min(processors, Math.floor(clients / 500) + 1),
  );
}
