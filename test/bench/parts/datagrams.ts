// UDP at a fixed rate that both servers carry: the server's CPU time per packet that arrived, and the share lost.
import { iperf, leave, settle, type Bed } from '../bed.ts';
import { compare, lower, type Cell, type Figures } from '../compare.ts';

interface IperfUdp {
  readonly end: { readonly sum: { readonly packets: number; readonly lost_packets: number } };
}

/** Payload bytes and Mbit/s. */
const loads = [
  { bytes: 1300, rate: 200 },
  { bytes: 100, rate: 16 },
] as const;

export async function datagrams(
  bed: Bed,
  settings: { readonly rounds: number; readonly seconds: number },
): Promise<Cell[]> {
  return compare(bed.peers, settings.rounds, async (peer) => {
    const clients = await bed.connect(1, true);
    const figures: Figures = {};
    try {
      await settle();
      const [client] = clients;
      if (client === undefined) throw new Error('no client');
      for (const { bytes, rate } of loads) {
        for (const down of [true, false]) {
          const load = ['-u', '-l', String(bytes), '-b', `${String(rate)}M`, '-t', String(settings.seconds)];
          const before = await peer.cpuSeconds();
          const outcome = (await iperf(client, 0, [...load, ...(down ? ['-R'] : [])])) as IperfUdp;
          const used = (await peer.cpuSeconds()) - before;
          const { packets, lost_packets: lost } = outcome.end.sum;
          const label = `UDP ${String(bytes)} B, ${String(rate)} Mbit/s, DTLS ${down ? 'down' : 'up'}`;
          figures[`CPU per packet, ${label}`] = lower((used / (packets - lost)) * 1e6, 'µs');
          figures[`lost, ${label}`] = lower((lost / packets) * 100, '%');
        }
      }
    } finally {
      await leave(clients);
    }
    return figures;
  });
}
