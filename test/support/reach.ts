// What can be reached from a namespace: a host with services behind the server, and attempts to get at them.
import path from 'node:path';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

const program = path.join(import.meta.dirname, 'reach-program.ts');

/** Gives the namespace these addresses (`10.1.0.10/24`) on its loopback. */
export async function addAddresses(namespace: Namespace, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const nodad = address.includes(':') ? ['nodad'] : [];
    await namespace.mustRun(['ip', 'addr', 'add', address, 'dev', 'lo', ...nodad]);
  }
}

/** Answers on each of the addresses and services (`tcp:443`, `udp:53`). */
export async function serveAt(
  namespace: Namespace,
  addresses: readonly string[],
  services: readonly string[],
): Promise<Running> {
  const server = namespace.start([process.execPath, program, 'serve', addresses.join(), services.join()]);
  await until('the services', () => {
    if (server.hasEnded()) throw new Error(server.output());
    return server.output().includes('ready');
  });
  return server;
}

/** Tries `tcp ADDRESS PORT` and `udp ADDRESS PORT`: open, refused, silent, or the name of another error. */
export async function reach(
  namespace: Namespace,
  targets: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const words = JSON.parse(
    await namespace.mustRun([process.execPath, program, 'try', ...targets]),
  ) as string[];
  return Object.fromEntries(targets.map((target, index) => [target, words[index] ?? '']));
}
