// A server under hostile input while an innocent client pings through its tunnel. Every input comes from an address of
// its own where there is a client, so that each log line can be told to its input.
//   begin   server (log-level 2: info), innocent openconnect with DTLS and a ping that never stops, footprint
//   attack  by the test
//   endure  nothing crashed or leaked, no ping lost, no reconnect, a new login works
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { until, type Running } from './command.ts';
import { createNetwork, type Namespace, type Network } from './namespace.ts';
import { Outpost } from './outpost.ts';
import { Site, type SiteOptions } from './site.ts';

/** 10.80.1.20 and up, on the attacker's link. */
const firstHost = 20;
const hosts = 220;
const megabyte = 1024 * 1024;
/** Generous: V8 and the allocator keep what they once had. A leak of a connection or of its buffers over a hundred
 *  inputs is either a hundred descriptors or megabytes. */
const descriptorsMore = 8;
const residentMore = 80 * megabyte;

export interface SiegeOptions extends Omit<SiteOptions, 'namespace' | 'config'> {
  /** A function is given the folder of the site, to name files in it. */
  readonly config?: string | ((folder: string) => string);
  /** Before the server starts: files of the site, other servers. */
  readonly prepare?: (site: Site, network: Network) => Promise<void>;
  /** When the server is up and the innocent client is not, in whose namespace it may listen. */
  readonly beforeConnect?: (home: Namespace) => Promise<void>;
}

interface Footprint {
  readonly title: string;
  readonly descriptors: number;
  readonly residentBytes: number;
}

export class Siege implements AsyncDisposable {
  readonly network: Network;
  readonly site: Site;
  readonly outpost: Outpost;
  readonly innocent: Client;
  readonly #ping: Running;
  #footprint: ReadonlyMap<number, Footprint>;

  private constructor(
    network: Network,
    site: Site,
    outpost: Outpost,
    innocent: Client,
    ping: Running,
    footprint: ReadonlyMap<number, Footprint>,
  ) {
    this.network = network;
    this.site = site;
    this.outpost = outpost;
    this.innocent = innocent;
    this.#ping = ping;
    this.#footprint = footprint;
  }

  static async begin(options: SiegeOptions = {}): Promise<Siege> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await createNetwork({ clients: 2 }));
    const [home, hostile] = network.clients;
    assert.ok(home !== undefined && hostile !== undefined);
    const batch = Array.from(
      { length: hosts },
      (_, index) => `addr add ${this.address(index)}/24 dev eth0\n`,
    );
    await hostile.mustRun(['ip', '-batch', '-'], { input: batch.join('') });
    const { config = '', prepare, ...rest } = options;
    const users = { alice: { password: 'secret' }, mallory: { password: 'secret' } };
    const site = stack.use(await Site.create({ users, ...rest, namespace: network.server }));
    const lines = typeof config === 'string' ? config : config(site.folder);
    await site.configure(
      ['log-level = 2', 'rate-limit-ms = 0', 'max-clients = 512', lines].join('\n'),
      rest.without,
    );
    await prepare?.(site, network);
    await site.start();
    const outpost = stack.use(await Outpost.open(hostile, network.serverAddress(1)));
    await options.beforeConnect?.(home);
    const innocent = stack.use(
      await Client.connect({ site, namespace: home, server: network.serverAddress(0) }),
    );
    // While it looks for the path MTU, openconnect drops packets that come.
    await until('the client to settle', () => innocent.output().includes('DTLS connected'));
    assert.ok(await innocent.ping('192.168.77.1', { count: 2 }), innocent.output());
    const ping = stack.use(home.start(['ping', '-n', '-i', '0.2', '192.168.77.1']));
    const footprint = await footprintOf(site);
    stack.move();
    return new Siege(network, site, outpost, innocent, ping, footprint);
  }

  /** Address of the attacker for input `index`, 0 to 219. */
  static address(index: number): string {
    if (index >= hosts) throw new RangeError(`no more than ${String(hosts)} hostile addresses`);
    return `10.80.1.${String(firstHost + index)}`;
  }

  /** Lines of the log that name this address. */
  lines(address: string): string[] {
    const pattern = new RegExp(`(?<![\\d.])${address.replaceAll('.', '\\.')}(?![\\d])`);
    return this.logLines().filter((line) => pattern.test(line));
  }

  logLines(): string[] {
    return this.site.log().split('\n').filter(Boolean);
  }

  /**
   * Runs `attack` for each input, `width` at a time, waits for its line, and demands exactly one line per input that
   * matches `clear`. `answers` tells which lines of an address count.
   */
  async expectOneLineEach<T extends { readonly name: string }>(
    inputs: readonly T[],
    attack: (input: T, address: string, hasLine: () => boolean) => Promise<void>,
    options: { clear: RegExp; counts?: (line: string) => boolean; width?: number; waitMs?: number },
  ): Promise<void> {
    const counts = options.counts ?? (() => true);
    const linesOf = (index: number): string[] => this.lines(Siege.address(index)).filter(counts);
    const queue = [...inputs.entries()];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, input] = next;
        await attack(input, Siege.address(index), () => linesOf(index).length > 0);
      }
    };
    await Promise.all(Array.from({ length: options.width ?? 8 }, worker));
    await until(
      'a line for each input',
      () => inputs.every((_, index) => linesOf(index).length > 0),
      options.waitMs ?? 5_000,
    ).catch(() => undefined);
    // A second line would come now.
    await sleep(500);
    const wrong = inputs.flatMap((input, index) => {
      const lines = linesOf(index);
      const isRight = lines.length === 1 && options.clear.test(lines[0] ?? '');
      return isRight ? [] : [`${input.name} (${String(lines.length)}): ${JSON.stringify(lines)}`];
    });
    assert.deepEqual(wrong, [], `not exactly one clear line each`);
  }

  /** What endure() compares with, in place of what was there when the siege began: after a rehearsal. */
  async takeFootprint(): Promise<void> {
    this.#footprint = await footprintOf(this.site);
  }

  /** The end: everything as before. */
  async endure(allowed: { readonly descriptorsMore?: number } = {}): Promise<void> {
    const { site, innocent, network } = this;
    const [, hostile] = network.clients;
    assert.ok(hostile !== undefined);
    {
      await using fresh = await Client.connect({
        site,
        namespace: hostile,
        server: network.serverAddress(1),
        user: 'mallory',
      });
      assert.ok(await fresh.ping('192.168.77.1'), 'a new login works');
      await fresh.leave();
    }
    assert.equal(innocent.process.hasEnded(), false, innocent.output());
    const output = innocent.output();
    assert.equal(
      output.match(/Got CONNECT response/g)?.length,
      1,
      `the innocent client reconnected\n${output}`,
    );
    assert.equal(
      output.match(/Established DTLS connection/g)?.length,
      1,
      `the innocent client lost its DTLS\n${output}`,
    );
    await this.#ping.stop('SIGINT');
    assert.match(this.#ping.output(), / 0% packet loss/, 'pings were lost');
    let grown: string[] = [];
    await until(
      'descriptors and memory to come back',
      async () => {
        const now = await footprintOf(site);
        assert.deepEqual(
          [...now].map(([pid, { title }]) => [pid, title]),
          [...this.#footprint].map(([pid, { title }]) => [pid, title]),
          `processes were replaced\n${site.log()}`,
        );
        grown = [...now].flatMap(([pid, { title, descriptors, residentBytes }]) => {
          const before = this.#footprint.get(pid);
          assert.ok(before !== undefined);
          const more = descriptors - before.descriptors;
          const bytes = residentBytes - before.residentBytes;
          return more <= (allowed.descriptorsMore ?? descriptorsMore) && bytes <= residentMore
            ? []
            : [`${title}: ${String(more)} descriptors, ${String(Math.round(bytes / megabyte))} MB more`];
        });
        return grown.length === 0;
      },
      8_000,
      250,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${grown.join('; ')}`);
    });
    const internal = this.logLines().filter((line) => /unexpected failure|replacing it|^\s+at /.test(line));
    assert.deepEqual(internal, [], 'an internal error was logged');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ping.stop('SIGKILL');
    await this.innocent[Symbol.asyncDispose]();
    await this.outpost[Symbol.asyncDispose]();
    await this.site[Symbol.asyncDispose]();
    await this.network[Symbol.asyncDispose]();
  }
}

async function footprintOf(site: Site): Promise<ReadonlyMap<number, Footprint>> {
  const main = await site.pidFile();
  const pids = [
    [main, 'main'] as const,
    ...(await site.children('ocserv-sm')).map((pid) => [pid, 'security module'] as const),
    ...(await site.children('ocserv-worker')).map((pid) => [pid, 'worker'] as const),
  ];
  assert.ok(pids.length >= 3, 'main, security module and a worker run');
  const entries = pids.map(async ([pid, title]) => {
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
    const { length } = await readdir(`/proc/${String(pid)}/fd`);
    return [pid, { title, descriptors: length, residentBytes: kilobytes * 1024 }] as const;
  });
  return new Map(await Promise.all(entries));
}
