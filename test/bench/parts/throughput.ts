// TCP through the tunnel, as fast as it goes: the server's CPU seconds per gigabyte, and the goodput.
import { iperf, leave, settle, type Bed } from '../bed.ts';
import { compare, higher, lower, type Cell, type Figures } from '../compare.ts';

interface IperfTcp {
  readonly end: { readonly sum_received: { readonly bytes: number; readonly bits_per_second: number } };
}

export async function throughput(
  bed: Bed,
  settings: { readonly rounds: number; readonly seconds: number; readonly clientCounts: readonly number[] },
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const count of settings.clientCounts) {
    for (const dtls of [true, false]) {
      const part = await compare(bed.peers, settings.rounds, async (peer) => {
        const clients = await bed.connect(count, dtls);
        const figures: Figures = {};
        try {
          await settle();
          for (const down of [true, false]) {
            const args = ['-t', String(settings.seconds), ...(down ? ['-R'] : [])];
            const before = await peer.cpuSeconds();
            const outcomes = await Promise.all(clients.map((client, index) => iperf(client, index, args)));
            const used = (await peer.cpuSeconds()) - before;
            const sums = outcomes.map((outcome) => (outcome as IperfTcp).end.sum_received);
            const bytes = sums.reduce((sum, one) => sum + one.bytes, 0);
            const rate = sums.reduce((sum, one) => sum + one.bits_per_second, 0);
            const plural = count > 1 ? 's' : '';
            const label = `${dtls ? 'DTLS' : 'TLS'} ${down ? 'down' : 'up'}, ${String(count)} client${plural}`;
            figures[`CPU ${label}`] = lower(used / (bytes / 1e9), 's/GB');
            figures[`goodput ${label}`] = higher(rate / 1e6, 'Mbit/s');
          }
        } finally {
          await leave(clients);
        }
        return figures;
      });
      cells.push(...part);
    }
  }
  return cells;
}
