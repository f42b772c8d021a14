// Measured traffic through a tunnel: pings that say which of them were lost, iperf3 that tells of every second.
import assert from 'node:assert/strict';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

/** The server's address inside the tunnels of the tests. */
export const insideServer = '192.168.77.1';
export const insideServer6 = 'fda9:77::1';

export interface PingSeries {
  readonly sent: number;
  readonly received: number;
  /** Sequence numbers answered, from 1. */
  readonly answered: readonly number[];
  readonly duplicates: number;
  readonly text: string;
}

/** Pings at a steady pace to the end, whatever is lost. */
export async function pingSeries(
  namespace: Namespace,
  target: string,
  options: { count: number; intervalSeconds?: number; bytes?: number; dontFragment?: boolean },
): Promise<PingSeries> {
  const interval = options.intervalSeconds ?? 0.1;
  const { stdout } = await namespace.run(
    [
      ...[
        'ping',
        '-n',
        '-i',
        String(interval),
        '-c',
        String(options.count),
        '-s',
        String(options.bytes ?? 56),
      ],
      ...['-W', '2'],
      ...(target.includes(':') ? [] : ['-M', options.dontFragment === true ? 'do' : 'dont']),
      target,
    ],
    { timeoutMs: 120_000 },
  );
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  assert.ok(counts !== null, stdout);
  const lines = [...stdout.matchAll(/bytes from .*icmp_seq=(\d+) .*$/gm)];
  return {
    sent: Number(counts[1]),
    received: Number(counts[2]),
    answered: lines.filter(([line]) => !line.includes('DUP!')).map(([, sequence]) => Number(sequence)),
    duplicates: lines.filter(([line]) => line.includes('DUP!')).length,
    text: stdout,
  };
}

/** An iperf3 server of one's own port, listening when this resolves. */
export async function serveIperf(namespace: Namespace, port = 5201): Promise<Running> {
  const server = namespace.start(['iperf3', '-s', '-p', String(port)]);
  await until('iperf3 to listen', async () =>
    (await namespace.run(['ss', '-Hltn'])).stdout.includes(`:${String(port)}`),
  );
  return server;
}

export interface Movement {
  readonly bytes: number;
  readonly megabitsPerSecond: number;
  /** Bytes of the slowest full second. */
  readonly leastBytes: number;
  readonly retransmits: number;
}

interface Report {
  readonly error?: string;
  readonly start: { readonly connected: readonly unknown[] };
  readonly intervals: readonly { readonly sum: { readonly bytes: number; readonly seconds: number } }[];
  readonly end: {
    readonly sum_sent: { readonly retransmits?: number };
    readonly sum_received: { readonly bytes: number; readonly bits_per_second: number };
  };
}

/** Runs iperf3 over TCP against `insideServer`; `down`: the server sends. Fails when a second passed without a byte. */
export async function moveBulk(
  namespace: Namespace,
  options: { down: boolean; seconds: number; port?: number; ipv6?: boolean; args?: readonly string[] },
): Promise<Movement> {
  const command = [
    ...['iperf3', '-J', '-c', options.ipv6 === true ? insideServer6 : insideServer],
    ...['-p', String(options.port ?? 5201), '-t', String(options.seconds)],
    ...(options.down ? ['-R'] : []),
    ...(options.args ?? []),
  ];
  // Between two runs the server closes its listening socket for a moment, or whom it has just accepted there.
  const report = await until('iperf3 to reach its server', async () => {
    const { stdout } = await namespace.run(command, { timeoutMs: (options.seconds + 30) * 1000 });
    const said = JSON.parse(stdout) as Report;
    if (said.error !== undefined && said.start.connected.length === 0) return false;
    // Status 0 does not mean that it came to its end.
    assert.equal(said.error, undefined, stdout);
    return said;
  });
  // The last interval may be a few milliseconds long.
  const seconds = report.intervals.filter(({ sum }) => sum.seconds > 0.5).map(({ sum }) => sum.bytes);
  const rows = seconds.map((bytes) => (bytes / 125_000).toFixed(1)).join(' ');
  for (const bytes of seconds) assert.ok(bytes > 0, `a second without a byte; Mbit/s by the second: ${rows}`);
  return {
    bytes: report.end.sum_received.bytes,
    megabitsPerSecond: report.end.sum_received.bits_per_second / 1e6,
    leastBytes: Math.min(...seconds),
    retransmits: report.end.sum_sent.retransmits ?? 0,
  };
}
