// Round trips through the tunnel: idle, during the client's own download, beside three other clients' downloads.
import type { Client } from '../../support/client.ts';
import { iperf, lanAddress, leave, settle, type Bed } from '../bed.ts';
import { compare, lower, type Cell, type Figures } from '../compare.ts';

const pings = 300;
const neighbours = [1, 2, 3];

/** Median and 95th percentile in milliseconds; a lost ping counts as the longest wait. */
async function roundTrips(client: Client): Promise<{ median: number; high: number }> {
  const { stdout } = await client.namespace.run(
    ['ping', '-n', '-i', '0.01', '-W', '1', '-c', String(pings), lanAddress],
    { timeoutMs: 60_000 },
  );
  const times = Array.from(stdout.matchAll(/time=([\d.]+) ms/g), (match) => Number(match[1]));
  while (times.length < pings) times.push(1000);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { median: at(0.5), high: at(0.95) };
}

export async function latency(bed: Bed, settings: { readonly rounds: number }): Promise<Cell[]> {
  return compare(bed.peers, settings.rounds, async () => {
    const clients = await bed.connect(neighbours.length + 1, true);
    const figures: Figures = {};
    try {
      await settle();
      const [client] = clients;
      if (client === undefined) throw new Error('no client');
      const note = async (name: string, loaded: readonly number[]): Promise<void> => {
        const downloads = loaded.map((index) => iperf(clients[index] ?? client, index, ['-R', '-t', '6']));
        await new Promise((resolve) => setTimeout(resolve, loaded.length > 0 ? 1_500 : 0));
        const { median, high } = await roundTrips(client);
        await Promise.all(downloads);
        figures[`ping ${name}, median`] = lower(median, 'ms');
        figures[`ping ${name}, 95th percentile`] = lower(high, 'ms');
      };
      await note('idle', []);
      await note('during own download', [0]);
      await note('beside 3 downloads', neighbours);
    } finally {
      await leave(clients);
    }
    return figures;
  });
}
