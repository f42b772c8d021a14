// Network namespaces for the end-to-end tests: one for the server, one per client, each client on a link of its own.
//
//   client i: 10.80.i.2, fd80:0:0:i::2 --- veth --- 10.80.i.1, fd80:0:0:i::1 :server
//
// Everything is named after a random tag and goes away with dispose().
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { mustRun, run, start, type Outcome, type RunOptions, type Running } from './command.ts';

export interface Network extends AsyncDisposable {
  readonly server: Namespace;
  readonly clients: readonly Namespace[];
  /** The server's address on the link of client `index`. */
  serverAddress(index: number): string;
  serverAddress6(index: number): string;
}

export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  run(command: readonly string[], options?: RunOptions): Promise<Outcome> {
    return run(['ip', 'netns', 'exec', this.name, ...command], options);
  }

  mustRun(command: readonly string[], options?: RunOptions): Promise<string> {
    return mustRun(['ip', 'netns', 'exec', this.name, ...command], options);
  }

  start(
    command: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string },
  ): Running {
    return start(['ip', 'netns', 'exec', this.name, ...command], options);
  }

  /** What /etc/hosts says to programs that are run in it. */
  async setHosts(lines: string): Promise<void> {
    await mkdir(`/etc/netns/${this.name}`, { recursive: true });
    await writeFile(`/etc/netns/${this.name}/hosts`, `${lines}\n`);
  }

  /** Loads an nftables rule set, one atomic transaction. */
  async nft(rules: string): Promise<void> {
    await this.mustRun(['nft', '-f', '-'], { input: rules });
  }
}

/** A namespace with its loopback up. */
export async function createNamespace(name: string): Promise<Namespace> {
  await mustRun(['ip', 'netns', 'add', name]);
  const namespace = new Namespace(name);
  await namespace.mustRun(['ip', 'link', 'set', 'lo', 'up']);
  // bbr, the default of some kernels, loses a fifth of its packets on a veth; where cubic is missing it may stay.
  await namespace.run(['sysctl', '-qw', 'net.ipv4.tcp_congestion_control=cubic']);
  return namespace;
}

/** Ends what runs in it, too. */
export async function removeNamespace(name: string): Promise<void> {
  const { stdout } = await run(['ip', 'netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  await run(['ip', 'netns', 'del', name]);
  await rm(`/etc/netns/${name}`, { recursive: true, force: true });
}

export async function createNetwork(
  options: { clients?: number; linkMtuBytes?: number } = {},
): Promise<Network> {
  const tag = randomBytes(3).toString('hex');
  const count = options.clients ?? 1;
  const names = [`oc-${tag}-s`, ...Array.from({ length: count }, (_, i) => `oc-${tag}-c${String(i)}`)];
  const dispose = async (): Promise<void> => {
    for (const name of names) await removeNamespace(name);
  };
  try {
    const server = await createNamespace(names[0] ?? '');
    // The server forwards between its clients; replies leave by whatever device the address is on.
    await server.mustRun(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
    const clients: Namespace[] = [];
    for (const [index, name] of names.slice(1).entries()) {
      const client = await createNamespace(name);
      clients.push(client);
      const [near, far] = [`s${String(index)}`, 'eth0'];
      await mustRun([
        'ip',
        'link',
        'add',
        near,
        'netns',
        server.name,
        'type',
        'veth',
        'peer',
        'name',
        far,
        'netns',
        name,
      ]);
      const mtu = String(options.linkMtuBytes ?? 1500);
      for (const [side, device, host] of [
        [server, near, '1'],
        [client, far, '2'],
      ] as const) {
        await side.mustRun(['ip', 'addr', 'add', `10.80.${String(index)}.${host}/24`, 'dev', device]);
        await side.mustRun([
          'ip',
          'addr',
          'add',
          `fd80:0:0:${index.toString(16)}::${host}/64`,
          'dev',
          device,
          'nodad',
        ]);
        await side.mustRun(['ip', 'link', 'set', device, 'up', 'mtu', mtu]);
      }
    }
    return {
      server,
      clients,
      serverAddress: (index) => `10.80.${String(index)}.1`,
      serverAddress6: (index) => `fd80:0:0:${index.toString(16)}::1`,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
