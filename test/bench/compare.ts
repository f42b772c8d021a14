// Runs one measurement for both servers in turn, several rounds of it, and collects what comes out. Used by parts/.
import type { Peer } from './peers.ts';

export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export interface Cell {
  readonly name: string;
  readonly unit: string;
  readonly better: Figure['better'];
  readonly samples: { readonly ours: number[]; readonly c: number[] };
}

export type Figures = Record<string, Figure>;

export const lower = (value: number, unit: string): Figure => ({ value, unit, better: 'lower' });
export const higher = (value: number, unit: string): Figure => ({ value, unit, better: 'higher' });

/** A fresh server for every round, turn by turn, so that the machine's moods fall on both. */
export async function compare(
  peers: readonly Peer[],
  rounds: number,
  measure: (peer: Peer) => Promise<Figures>,
): Promise<Cell[]> {
  const cells = new Map<string, Cell>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      await peer.start();
      try {
        for (const [name, { value, unit, better }] of Object.entries(await measure(peer))) {
          const cell = cells.get(name) ?? { name, unit, better, samples: { ours: [], c: [] } };
          cells.set(name, cell);
          cell.samples[peer.name].push(value);
          process.stderr.write(`${peer.name.padEnd(4)} ${name}: ${value.toPrecision(4)} ${unit}\n`);
        }
      } finally {
        await peer.stop();
      }
    }
  }
  return [...cells.values()];
}
