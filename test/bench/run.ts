// npm run bench: our server and the C server side by side in one run: same namespaces, same clients, turn by turn.
// Prints ratios (ours / C, medians) and writes test/bench/RESULTS.md and results.json. Needs root, openconnect,
// iperf3 and the Debian package ocserv (the peer); no assertion on time anywhere.
//
//   client i (openconnect, iperf3 -c) --- veth, GRO --- server --- veth --- lan (iperf3 -s)
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run, start, type Running } from '../support/command.ts';
import { Client } from '../support/client.ts';
import { createNetwork, type Namespace, type Network } from '../support/namespace.ts';
import { root, Site } from '../support/site.ts';
import { Peer, type PeerName } from './peers.ts';
import { writeReport, type Cell } from './report.ts';

const argument = (name: string, fallback: number): number => {
  const given = process.argv.find((text) => text.startsWith(`--${name}=`))?.split('=')[1];
  return given === undefined ? fallback : Number(given);
};
/** Runs per cell; the median counts. */
const rounds = argument('rounds', 3);
/** Seconds of traffic per throughput run. */
const seconds = argument('seconds', 5);
const idleSessions = argument('idle', 100);
/** Sessions before the first weighing: they pay for what is set up once. */
const warmSessions = 10;
/** After it, a server has given back what a burst of logins took, if it ever does. */
const settleMs = 8_000;
const logins = argument('logins', 40);
const only = process.argv.find((text) => text.startsWith('--only='))?.slice(7);
const manyClients = 4;
const password = 'bench-password';

interface Transfer {
  readonly gigabytes: number;
  readonly megabitsPerSecond: number;
}

/** The sum of parallel iperf3 runs, one per client; up = client to LAN. */
async function transfer(clients: readonly Client[], down: boolean): Promise<Transfer> {
  const outcomes = await Promise.all(
    clients.map((client, index) =>
      client.namespace.mustRun(
        [
          ...['iperf3', '-J', '-c', '10.99.0.2', '-p', String(5201 + index), '-t', String(seconds)],
          ...(down ? ['-R'] : []),
        ],
        { timeoutMs: (seconds + 30) * 1000 },
      ),
    ),
  );
  let bytes = 0;
  let rate = 0;
  for (const text of outcomes) {
    const { end } = JSON.parse(text) as { end: { sum_received: { bytes: number; bits_per_second: number } } };
    bytes += end.sum_received.bytes;
    rate += end.sum_received.bits_per_second;
  }
  return { gigabytes: bytes / 1e9, megabitsPerSecond: rate / 1e6 };
}

async function connect(site: Site, network: Network, count: number, dtls: boolean): Promise<Client[]> {
  return Promise.all(
    network.clients.slice(0, count).map((namespace, index) =>
      Client.connect({
        site,
        namespace,
        server: network.serverAddress(index),
        password,
        args: dtls ? [] : ['--no-dtls'],
      }),
    ),
  );
}

async function leave(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
}

/** Runs `measure` for both peers in turn, `rounds` times. */
async function compare(
  peers: readonly Peer[],
  cells: Cell[],
  measure: (
    peer: Peer,
  ) => Promise<Record<string, { value: number; unit: string; better: 'lower' | 'higher' }>>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      await peer.start();
      try {
        for (const [name, figure] of Object.entries(await measure(peer))) {
          let cell = cells.find((candidate) => candidate.name === name);
          if (cell === undefined) {
            cell = { name, unit: figure.unit, better: figure.better, samples: { ours: [], c: [] } };
            cells.push(cell);
          }
          cell.samples[peer.name].push(figure.value);
          process.stderr.write(
            `${peer.name.padEnd(4)} ${name}: ${figure.value.toPrecision(4)} ${figure.unit}\n`,
          );
        }
      } finally {
        await peer.stop();
      }
    }
  }
}

async function throughput(
  peers: readonly Peer[],
  cells: Cell[],
  site: Site,
  network: Network,
): Promise<void> {
  for (const count of [1, manyClients]) {
    for (const dtls of [true, false]) {
      await compare(peers, cells, async (peer) => {
        const clients = await connect(site, network, count, dtls);
        const figures: Record<string, { value: number; unit: string; better: 'lower' | 'higher' }> = {};
        try {
          for (const down of [true, false]) {
            const before = await peer.cpuSeconds();
            const { gigabytes, megabitsPerSecond } = await transfer(clients, down);
            const label = `${dtls ? 'DTLS' : 'TLS'} ${down ? 'down' : 'up'}, ${String(count)} client${count > 1 ? 's' : ''}`;
            figures[`CPU ${label}`] = {
              value: ((await peer.cpuSeconds()) - before) / gigabytes,
              unit: 's/GB',
              better: 'lower',
            };
            figures[`goodput ${label}`] = { value: megabitsPerSecond, unit: 'Mbit/s', better: 'higher' };
          }
        } finally {
          await leave(clients);
        }
        return figures;
      });
    }
  }
}

/** Logs in without opening a tunnel, four clients at a time. */
async function loginRate(peers: readonly Peer[], cells: Cell[], site: Site, network: Network): Promise<void> {
  const namespace = network.clients[0] as Namespace;
  const login = (): Promise<string> =>
    namespace.mustRun(
      [
        ...['openconnect', '--authenticate', '--non-inter', '--passwd-on-stdin', '--user', 'alice'],
        ...[
          '--cafile',
          `${site.folder}/server-cert.pem`,
          '--resolve',
          `vpn.test:${network.serverAddress(0)}`,
        ],
        'https://vpn.test:4443/',
      ],
      { input: `${password}\n` },
    );
  await compare(peers, cells, async (peer) => {
    await login();
    const cpuBefore = await peer.cpuSeconds();
    const begun = performance.now();
    let left = logins;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (left-- > 0) await login();
      }),
    );
    const elapsed = (performance.now() - begun) / 1000;
    return {
      'logins per second': { value: logins / elapsed, unit: '1/s', better: 'higher' },
      'CPU per login': {
        value: (((await peer.cpuSeconds()) - cpuBefore) / logins) * 1000,
        unit: 'ms',
        better: 'lower',
      },
    };
  });
}

async function idleMemory(
  peers: readonly Peer[],
  cells: Cell[],
  site: Site,
  network: Network,
): Promise<void> {
  for (const dtls of [false, true]) {
    await compare(peers, cells, async (peer) => {
      const namespace = network.clients[0] as Namespace;
      const open = (index: number): Promise<Client> =>
        Client.connect({
          site,
          namespace,
          server: network.serverAddress(0),
          password,
          device: `tun${String(index)}`,
          args: dtls ? [] : ['--no-dtls'],
        });
      const clients: Client[] = [];
      const openTo = async (count: number): Promise<number> => {
        while (clients.length < count) clients.push(await open(clients.length));
        await sleep(settleMs);
        return peer.memoryBytes();
      };
      await sleep(settleMs);
      const empty = await peer.memoryBytes();
      try {
        const before = await openTo(warmSessions);
        const bytes = ((await openTo(warmSessions + idleSessions)) - before) / idleSessions;
        return {
          'memory of the idle server': { value: empty / 1024 / 1024, unit: 'MB', better: 'lower' },
          [`memory per idle session, ${dtls ? 'DTLS' : 'TLS'}`]: {
            value: bytes / 1024,
            unit: 'kB',
            better: 'lower',
          },
        };
      } finally {
        await leave(clients);
      }
    });
  }
}

const cells: Cell[] = [];
const lanServers: Running[] = [];
await using network = await createNetwork({ clients: manyClients });
{
  const lan = `${network.server.name.slice(0, -1)}l`;
  await mustRun(['ip', 'netns', 'add', lan]);
  try {
    await mustRun([
      'ip',
      'link',
      'add',
      'lan0',
      'netns',
      network.server.name,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      lan,
    ]);
    const lanNamespace = [
      ['ip', 'addr', 'add', '10.99.0.2/24', 'dev', 'eth0'],
      ['ip', 'link', 'set', 'eth0', 'up'],
      ['ip', 'link', 'set', 'lo', 'up'],
      ['ip', 'route', 'add', 'default', 'via', '10.99.0.1'],
    ];
    for (const command of lanNamespace) await mustRun(['ip', 'netns', 'exec', lan, ...command]);
    await network.server.mustRun(['ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'lan0']);
    await network.server.mustRun(['ip', 'link', 'set', 'lan0', 'up']);
    const congestion = (
      await readFile('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8')
    ).includes('cubic')
      ? 'cubic'
      : 'reno';
    for (const name of [lan, network.server.name, ...network.clients.map((client) => client.name)]) {
      await run([
        'ip',
        'netns',
        'exec',
        name,
        'sysctl',
        '-qw',
        `net.ipv4.tcp_congestion_control=${congestion}`,
      ]);
    }
    // A network card merges what arrives; bare veth does not.
    for (const [index, client] of network.clients.entries()) {
      await network.server.mustRun([
        'ethtool',
        '-K',
        `s${String(index)}`,
        'gro',
        'on',
        'rx-udp-gro-forwarding',
        'on',
      ]);
      await client.mustRun(['ethtool', '-K', 'eth0', 'gro', 'on']);
      const threaded = `/sys/class/net/s${String(index)}/threaded`;
      await network.server.run(['sh', '-c', `echo 1 > ${threaded}`]);
    }
    for (let index = 0; index < manyClients; index++) {
      lanServers.push(start(['ip', 'netns', 'exec', lan, 'iperf3', '-s', '-p', String(5201 + index)]));
    }
    await using site = await Site.create({ namespace: network.server, users: {} });
    // The C server's workers, which are nobody by then, look for their security module's socket in there.
    await chmod(site.folder, 0o711);
    // The kind of hash that the C program's tool writes, so that a login costs both what it costs a site today.
    const hash = (await mustRun(['openssl', 'passwd', '-5', '-stdin'], { input: `${password}\n` })).trim();
    await writeFile(path.join(site.folder, 'passwd'), `alice:*:${hash}\n`, { mode: 0o600 });
    const names: PeerName[] = ['c', 'ours'];
    const peers = names.map((name) => new Peer(name, site.folder, network.server));
    if (only === undefined || only === 'throughput') await throughput(peers, cells, site, network);
    if (only === undefined || only === 'logins') await loginRate(peers, cells, site, network);
    if (only === undefined || only === 'memory') await idleMemory(peers, cells, site, network);
    const version = (await run(['/usr/sbin/ocserv', '--version'])).stderr.split('\n')[0] ?? '';
    await writeReport(path.join(root, 'test/bench'), cells, {
      kernel: release(),
      cpu: `${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown'}`,
      peer: version,
      congestion,
      rounds,
      seconds,
      idleSessions,
      logins,
      written: only === undefined,
    });
  } finally {
    for (const server of lanServers) await server.stop();
    await run(['ip', 'netns', 'del', lan]);
  }
}
