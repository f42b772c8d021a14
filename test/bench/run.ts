// npm run bench: our server and the C server side by side in one run: same namespaces, same clients, turn by turn.
// Prints ratios (ours / C, medians) and writes RESULTS.md, results.json and results.svg beside this file. Needs root,
// openconnect, iperf3, ethtool and the Debian package ocserv (the peer); no assertion on time anywhere.
//
//   --only=throughput,latency   these parts alone; the others' figures in the files stay as they are
//   --set='packet-path-disable = moderation'   more lines for our configuration: what a switch is worth
//   --rounds=3 --seconds=5 --sessions=400 --logins=100 --held=1000 --clients=1,4,16
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { run } from '../support/command.ts';
import { makeBed, type Bed } from './bed.ts';
import type { Cell } from './compare.ts';
import { datagrams } from './parts/datagrams.ts';
import { idle } from './parts/idle.ts';
import { latency } from './parts/latency.ts';
import { limit } from './parts/limit.ts';
import { logins } from './parts/logins.ts';
import { many } from './parts/many.ts';
import { throughput } from './parts/throughput.ts';
import { writeReport } from './report.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    sessions: { type: 'string', default: '400' },
    held: { type: 'string', default: '1000' },
    logins: { type: 'string', default: '100' },
    clients: { type: 'string', default: '1,4,16' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const clientCounts = values.clients.split(',').map(Number);

const parts: Record<string, (bed: Bed) => Promise<Cell[]>> = {
  throughput: (bed) => throughput(bed, { rounds, seconds, clientCounts }),
  datagrams: (bed) => datagrams(bed, { rounds, seconds }),
  limit: (bed) => limit(bed, { rounds, seconds }),
  latency: (bed) => latency(bed, { rounds }),
  logins: (bed) => logins(bed, { rounds, logins: Number(values.logins) }),
  many: (bed) => many(bed, { rounds, sessions: Number(values.held) }),
  idle: (bed) => idle(bed, { rounds, sessions: Number(values.sessions) }),
};
const chosen = values.only?.split(',') ?? Object.keys(parts);
const unknown = chosen.filter((name) => parts[name] === undefined);
if (unknown.length > 0 || [rounds, seconds, ...clientCounts].some((value) => !(value > 0))) {
  process.stderr.write(
    unknown.length > 0
      ? `bench: unknown part "${unknown.join(', ')}"; expected ${Object.keys(parts).join(', ')}\n`
      : 'bench: --rounds, --seconds and --clients are numbers above 0\n',
  );
  process.exit(2);
}

await using bed = await makeBed(Math.max(4, ...clientCounts), values.set);
const cells: Cell[] = [];
for (const name of chosen) cells.push(...((await parts[name]?.(bed)) ?? []));
const peer = await run(['/usr/sbin/ocserv', '--version']);
await writeReport(import.meta.dirname, cells, {
  date: new Date().toISOString().slice(0, 10),
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  kernel: release(),
  cpu: `${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown'}`,
  peer: `${peer.stdout}${peer.stderr}`.split('\n')[0]?.trim() ?? '',
  congestion: bed.congestion,
});
