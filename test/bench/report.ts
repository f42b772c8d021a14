// Turns the bench's samples into a table of medians and ratios: RESULTS.md for people, results.json for programs.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface Cell {
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly samples: { readonly ours: number[]; readonly c: number[] };
}

export interface Circumstances {
  readonly kernel: string;
  readonly cpu: string;
  readonly peer: string;
  readonly congestion: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly idleSessions: number;
  readonly logins: number;
  /** Write the files; a partial run only prints. */
  readonly written: boolean;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function spread(values: readonly number[]): string {
  const show = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}

export async function writeReport(
  folder: string,
  cells: readonly Cell[],
  facts: Circumstances,
): Promise<void> {
  const rows = cells.map((cell) => {
    const ratio = median(cell.samples.ours) / median(cell.samples.c);
    return `| ${cell.name} | ${cell.unit} | ${spread(cell.samples.c)} | ${spread(cell.samples.ours)} | ${ratio.toFixed(2)} | ${cell.better} |`;
  });
  const table = [
    '| figure | unit | C server, median (min to max) | ours | ratio | better |',
    '|---|---|--:|--:|--:|---|',
    ...rows,
  ].join('\n');
  process.stdout.write(`${table}\n`);
  if (!facts.written) return;
  const text = `# Bench results

Our server and the C server (${facts.peer}), turn by turn in one run; medians of ${String(facts.rounds)}. Ratios are ours / C: below 1 is
better where the last column says lower. CPU counts all processes and threads of the server, user and system.

- date: ${new Date().toISOString().slice(0, 10)}
- kernel ${facts.kernel}, ${facts.cpu}; clients, server and LAN share these cores
- real openconnect clients, veth with GRO and threaded NAPI, TCP ${facts.congestion}, AES-256-GCM, ${String(facts.seconds)} s of iperf3 a cell
- memory: proportional set size, ${String(facts.idleSessions)} idle sessions beyond the first ten, 8 s after the last login; logins: ${String(facts.logins)}, four at a time

${table}

Run it again (root; installs nothing): \`apt-get install openconnect ocserv iperf3 ethtool\`, then \`npm run bench\`.
Shorter: \`npm run bench -- --rounds=1 --seconds=3 --only=throughput\` (or logins, memory), which prints and leaves this file alone.
`;
  await writeFile(path.join(folder, 'RESULTS.md'), text);
  await writeFile(path.join(folder, 'results.json'), JSON.stringify({ facts, cells }, null, 2) + '\n');
}
