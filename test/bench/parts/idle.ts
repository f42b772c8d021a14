// Many sessions that do nothing: memory of the empty server, memory and CPU time of one more idle session.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../support/client.ts';
import { leave, type Bed } from '../bed.ts';
import { compare, lower, type Cell } from '../compare.ts';

/** Sessions before the first weighing: they pay for what is set up once, compiled code and arenas of the allocator. */
const warmSessions = 100;
/** Clients that log in at the same time. */
const loginsAtOnce = 4;
/** A server that was just started has finished starting. */
const startedMs = 15_000;
/** After it, a server has given back what a burst of logins took, if it ever does. */
const settleMs = 40_000;
const idleSeconds = 20;

export async function idle(
  bed: Bed,
  settings: { readonly rounds: number; readonly sessions: number },
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const dtls of [false, true]) {
    const channel = dtls ? 'DTLS' : 'TLS';
    const part = await compare(bed.peers, settings.rounds, async (peer) => {
      const clients: Client[] = [];
      const openTo = async (count: number): Promise<number> => {
        while (clients.length < count) {
          const group = Array.from({ length: Math.min(loginsAtOnce, count - clients.length) }, (_, offset) =>
            bed.connectBeside(clients.length + offset, dtls),
          );
          clients.push(...(await Promise.all(group)));
        }
        await sleep(settleMs);
        return peer.memoryBytes();
      };
      try {
        await sleep(startedMs);
        const empty = await peer.memoryBytes();
        const before = await openTo(warmSessions);
        const after = await openTo(warmSessions + settings.sessions);
        const cpuBefore = await peer.cpuSeconds();
        await sleep(idleSeconds * 1000);
        const cpu = ((await peer.cpuSeconds()) - cpuBefore) / clients.length / idleSeconds;
        return {
          'memory of the idle server': lower(empty / 1e6, 'MB'),
          [`memory per idle session, ${channel}`]: lower((after - before) / settings.sessions / 1e3, 'kB'),
          [`CPU per idle session, ${channel}`]: lower(cpu * 3600, 's/h'),
        };
      } finally {
        await leave(clients);
      }
    });
    cells.push(...part);
  }
  return cells;
}
