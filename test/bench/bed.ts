// The ground both servers run on in turn: namespaces, links that behave like network cards, a LAN with iperf3
// servers behind the VPN server, one folder with certificates and a password file.
//
//   client i (openconnect, iperf3 -c) --- veth, GRO --- server --- veth --- lan (iperf3 -s)
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run, start, type Running } from '../support/command.ts';
import { Client } from '../support/client.ts';
import { createNetwork, type Namespace, type Network } from '../support/namespace.ts';
import { Site } from '../support/site.ts';
import { LoadClient, type LoadOptions } from './load/load-client.ts';
import { Peer, type PeerName } from './peers.ts';

export const lanAddress = '10.99.0.2';
const password = 'bench-password';
const firstPort = 5201;

export interface Bed extends AsyncDisposable {
  readonly network: Network;
  readonly peers: readonly Peer[];
  readonly congestion: string;
  /** Puts another server key into the folder, for servers started from now on. */
  useKey(kind: 'ec' | 'rsa'): Promise<void>;
  /** Tunnels of the first `count` clients, each in its namespace. */
  connect(count: number, dtls: boolean): Promise<Client[]>;
  /** One more tunnel of the first client, on a device of its own. */
  connectBeside(index: number, dtls: boolean): Promise<Client>;
  /** The batching client in the first client's namespace. */
  load(program: string, dtls: boolean): Promise<LoadClient>;
  /** `sessions` idle tunnels in one process. */
  hold(program: string, dtls: boolean, sessions: number): Promise<LoadClient>;
  /** A login without a tunnel. */
  login(): Promise<void>;
}

/** What a login sets off (tickets, reports, memory given back) is over after this; it is not the packets' cost. */
export async function settle(): Promise<void> {
  await sleep(6_000);
}

export async function leave(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
}

/** An iperf3 client of `client` against the LAN server of its own; answers with iperf3's JSON. */
export async function iperf(client: Client, index: number, args: readonly string[]): Promise<unknown> {
  return iperfOf(client.namespace, index, args);
}

export async function iperfOf(
  namespace: Namespace,
  index: number,
  args: readonly string[],
): Promise<unknown> {
  const command = ['iperf3', '-J', '-c', lanAddress, '-p', String(firstPort + index), ...args];
  return JSON.parse(await namespace.mustRun(command, { timeoutMs: 120_000 }));
}

/** `more`: lines of configuration for our server alone. */
export async function makeBed(clientCount: number, more: readonly string[] = []): Promise<Bed> {
  const network = await createNetwork({ clients: clientCount });
  const lan = `${network.server.name.slice(0, -1)}l`;
  const servers: Running[] = [];
  let site: Site | undefined;
  const dispose = async (): Promise<void> => {
    for (const server of servers) await server.stop();
    await site?.[Symbol.asyncDispose]();
    await run(['ip', 'netns', 'del', lan]);
    await network[Symbol.asyncDispose]();
  };
  try {
    await mustRun(['ip', 'netns', 'add', lan]);
    const congestion = await connectLan(network, lan);
    for (let index = 0; index < clientCount; index++) {
      servers.push(start(['ip', 'netns', 'exec', lan, 'iperf3', '-s', '-p', String(firstPort + index)]));
    }
    const made = await Site.create({ namespace: network.server, users: {} });
    site = made;
    const { folder } = made;
    // The C server's workers, which are nobody by then, look for their security module's socket in there.
    await chmod(folder, 0o711);
    // The kind of hash that the C program's tool writes, so that a login costs both what it costs a site today.
    const hash = (await mustRun(['openssl', 'passwd', '-5', '-stdin'], { input: `${password}\n` })).trim();
    await writeFile(path.join(folder, 'passwd'), `alice:*:${hash}\n`, { mode: 0o600 });
    const connectAt = async (index: number, dtls: boolean, device?: string): Promise<Client> => {
      const namespace = network.clients[device === undefined ? index : 0];
      if (namespace === undefined) throw new RangeError(`no client ${String(index)}`);
      const server = network.serverAddress(device === undefined ? index : 0);
      const args = dtls ? [] : ['--no-dtls'];
      const options = { site: made, namespace, server, password, args };
      return Client.connect(device === undefined ? options : { ...options, device });
    };
    const loadOptions = (program: string, dtls: boolean): LoadOptions => {
      const [namespace] = network.clients;
      if (namespace === undefined) throw new RangeError('no client');
      return { program, namespace, server: network.serverAddress(0), user: 'alice', password, dtls };
    };
    return {
      network,
      congestion,
      peers: (['c', 'ours'] satisfies PeerName[]).map((name) => new Peer(name, folder, network.server, more)),
      useKey: (kind) => makeKey(folder, kind),
      connect: (count, dtls) =>
        Promise.all(Array.from({ length: count }, (_, index) => connectAt(index, dtls))),
      connectBeside: (index, dtls) => connectAt(index, dtls, `tun${String(index)}`),
      load: (program, dtls) => LoadClient.connect(loadOptions(program, dtls), '10.99.0.0/24'),
      hold: (program, dtls, sessions) => LoadClient.hold(loadOptions(program, dtls), sessions),
      async login() {
        const [client] = network.clients;
        await client?.mustRun(
          [
            ...['openconnect', '--authenticate', '--non-inter', '--passwd-on-stdin', '--user', 'alice'],
            ...['--cafile', `${folder}/server-cert.pem`, '--resolve', `vpn.test:${network.serverAddress(0)}`],
            'https://vpn.test:4443/',
          ],
          { input: `${password}\n` },
        );
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The LAN behind the server; every link merges what arrives, as a network card does and bare veth does not. */
async function connectLan(network: Network, lan: string): Promise<string> {
  const { server, clients } = network;
  await mustRun([
    ...['ip', 'link', 'add', 'lan0', 'netns', server.name, 'type', 'veth'],
    ...['peer', 'name', 'eth0', 'netns', lan],
  ]);
  for (const command of [
    ['ip', 'addr', 'add', `${lanAddress}/24`, 'dev', 'eth0'],
    ['ip', 'link', 'set', 'eth0', 'up'],
    ['ip', 'link', 'set', 'lo', 'up'],
    ['ip', 'route', 'add', 'default', 'via', '10.99.0.1'],
  ]) {
    await mustRun(['ip', 'netns', 'exec', lan, ...command]);
  }
  await server.mustRun(['ip', 'addr', 'add', '10.99.0.1/24', 'dev', 'lan0']);
  await server.mustRun(['ip', 'link', 'set', 'lan0', 'up']);
  const available = await readFile('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
  const congestion = available.includes('cubic') ? 'cubic' : 'reno';
  for (const name of [lan, server.name, ...clients.map((client) => client.name)]) {
    const setting = `net.ipv4.tcp_congestion_control=${congestion}`;
    await run(['ip', 'netns', 'exec', name, 'sysctl', '-qw', setting]);
  }
  for (const [index, client] of clients.entries()) {
    const device = `s${String(index)}`;
    await server.mustRun(['ethtool', '-K', device, 'gro', 'on', 'rx-udp-gro-forwarding', 'on']);
    await client.mustRun(['ethtool', '-K', 'eth0', 'gro', 'on']);
    await server.run(['sh', '-c', `echo 1 > /sys/class/net/${device}/threaded`]);
  }
  return congestion;
}

async function makeKey(folder: string, kind: 'ec' | 'rsa'): Promise<void> {
  const key = kind === 'rsa' ? ['rsa:3072'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await mustRun([
    ...['openssl', 'req', '-x509', '-nodes', '-days', '30', '-subj', '/CN=vpn.test', '-newkey', ...key],
    ...['-addext', 'subjectAltName=DNS:vpn.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-keyout', `${folder}/server-key.pem`, '-out', `${folder}/server-cert.pem`],
  ]);
}
