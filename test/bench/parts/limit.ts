// TCP through the tunnel with the batching client (load/): what the server itself can do, where openconnect's one packet
// per system call does not hold it back. How much one core of it carries follows from its CPU seconds per gigabyte.
import { iperfOf, settle, type Bed } from '../bed.ts';
import { compare, higher, lower, type Cell, type Figures } from '../compare.ts';
import { buildLoadClient } from '../load/load-client.ts';

interface IperfTcp {
  readonly end: { readonly sum_received: { readonly bytes: number; readonly bits_per_second: number } };
}

export async function limit(
  bed: Bed,
  settings: { readonly rounds: number; readonly seconds: number },
): Promise<Cell[]> {
  const program = await buildLoadClient();
  const cells: Cell[] = [];
  for (const dtls of [true, false]) {
    const part = await compare(bed.peers, settings.rounds, async (peer) => {
      await using client = await bed.load(program, dtls);
      const figures: Figures = {};
      await settle();
      for (const down of [true, false]) {
        const args = ['-t', String(settings.seconds), ...(down ? ['-R'] : [])];
        const before = await peer.cpuSeconds();
        const outcome = (await iperfOf(client.namespace, 0, args)) as IperfTcp;
        const used = (await peer.cpuSeconds()) - before;
        const { bytes, bits_per_second: rate } = outcome.end.sum_received;
        const label = `${dtls ? 'DTLS' : 'TLS'} ${down ? 'down' : 'up'}, batching client`;
        figures[`CPU ${label}`] = lower(used / (bytes / 1e9), 's/GB');
        figures[`one core carries, ${label}`] = higher((bytes * 8) / 1e9 / used, 'Gbit/s');
        figures[`goodput ${label}`] = higher(rate / 1e6, 'Mbit/s');
      }
      return figures;
    });
    cells.push(...part);
  }
  return cells;
}
