// Turns the bench's samples into a table of medians and ratios: RESULTS.md for people, results.json for programs,
// results.svg for the eye. Figures of parts that were not run again are kept, with their own date.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drawRatios } from './chart.ts';
import type { Cell } from './compare.ts';

export interface Circumstances {
  readonly date: string;
  readonly command: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly peer: string;
  readonly congestion: string;
}

/** A cell with the circumstances it was measured in. */
export interface Result extends Cell {
  readonly measured: Circumstances;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Ours / C of the medians; undefined where the C server's figure is zero. */
export function ratioOf({ samples }: Cell): number | undefined {
  const peer = median(samples.c);
  return peer === 0 ? undefined : median(samples.ours) / peer;
}

function spread(values: readonly number[]): string {
  const show = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}

async function formerResults(file: string): Promise<Result[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? [] : (JSON.parse(text) as Result[]);
}

export async function writeReport(
  folder: string,
  cells: readonly Cell[],
  circumstances: Circumstances,
): Promise<void> {
  const file = path.join(folder, 'results.json');
  const results = new Map((await formerResults(file)).map((result) => [result.name, result]));
  for (const cell of cells) results.set(cell.name, { ...cell, measured: circumstances });
  const all = [...results.values()];
  const runs = Map.groupBy(all, ({ measured }) => JSON.stringify(measured));
  const table = (rows: readonly Result[]): string =>
    [
      '| figure | unit | C server, median (min to max) | ours | ratio | better |',
      '|---|---|--:|--:|--:|---|',
      ...rows.map(
        (row) =>
          `| ${row.name} | ${row.unit} | ${spread(row.samples.c)} | ${spread(row.samples.ours)} | ` +
          `${ratioOf(row)?.toFixed(2) ?? ''} | ${row.better} |`,
      ),
    ].join('\n');
  process.stdout.write(`${table(all.filter(({ measured }) => measured === circumstances))}\n`);
  const sections = [...runs.values()].map((rows) => {
    const [first] = rows;
    if (first === undefined) return '';
    const { date, command, kernel, cpu, peer, congestion } = first.measured;
    return `## ${date}: \`${command}\`

Kernel ${kernel}, ${cpu}, TCP ${congestion}; peer: ${peer}; rounds: ${String(first.samples.c.length)}.

${table(rows)}
`;
  });
  const text = `# Bench results

Our server and the C server, turn by turn in the same run, the same configuration, certificate, password file and clients. Ratios are
ours / C: below 1 is better where the last column says lower. Clients, server and LAN share the machine's cores.

![Ratios](results.svg)

- Real openconnect clients, veth with GRO and threaded NAPI, AES-256-GCM. Two parts have a client of the bench's own (load/): "batching
  client", which is not held back by one packet per system call, and the one that holds very many idle sessions.
- What one core carries follows from the CPU time: 8 Gbit a gigabyte, divided by the seconds.
- CPU counts all processes and threads of the server, user and system; kernel threads are nobody's.
- Memory is the proportional set size of all processes, weighed 40 s after the last login, beyond a hundred sessions that came before (they pay for what is set up once).
- A session's set-up is looked at ten times a second, so it is that coarse.

Run it again as root: \`apt-get install openconnect ocserv iperf3 ethtool\`, then \`npm run bench\`; a part of it:
\`npm run bench -- --only=throughput --clients=1 --rounds=1 --seconds=3\` (parts: throughput, datagrams, limit, latency, logins, many, idle).

${sections.join('\n')}`;
  await writeFile(path.join(folder, 'RESULTS.md'), text);
  await writeFile(file, `${JSON.stringify(all, null, 1)}\n`);
  await writeFile(path.join(folder, 'results.svg'), drawRatios(all));
}
