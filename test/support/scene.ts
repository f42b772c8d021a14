// A started server and the clients that come to it, for stories of several acts. Everything goes away together.
import assert from 'node:assert/strict';
import { Client, logIn, type ConnectOptions } from './client.ts';
import { until } from './command.ts';
import { createNetwork, type Network, type Namespace } from './namespace.ts';
import { Site, type SiteOptions } from './site.ts';

export interface Visit extends Omit<ConnectOptions, 'site' | 'namespace' | 'server'> {
  /** Which client namespace; 0 unless told. */
  readonly from?: number;
}

export class Scene implements AsyncDisposable {
  readonly network: Network;
  readonly site: Site;
  readonly #clients: Client[] = [];

  private constructor(network: Network, site: Site) {
    this.network = network;
    this.site = site;
  }

  static async open(
    options: Omit<SiteOptions, 'namespace' | 'config'> & {
      readonly clients?: number;
      /** A function is given the folder of the site, to name files in it. */
      readonly config?: string | ((folder: string) => string);
      /** Before the server starts: files of the site, addresses of the network. */
      readonly prepare?: (site: Site, network: Network) => Promise<void>;
    },
  ): Promise<Scene> {
    const { clients = 1, config = '', prepare, ...rest } = options;
    const network = await createNetwork({ clients });
    let site: Site | undefined;
    try {
      site = await Site.create({ ...rest, namespace: network.server });
      await site.configure(typeof config === 'string' ? config : config(site.folder), rest.without);
      await prepare?.(site, network);
      await site.start();
      return new Scene(network, site);
    } catch (error) {
      await site?.[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  namespace(index: number): Namespace {
    const namespace = this.network.clients[index];
    assert.ok(namespace !== undefined, `no client namespace ${String(index)}`);
    return namespace;
  }

  #options({ from = 0, ...visit }: Visit): ConnectOptions {
    return {
      site: this.site,
      namespace: this.namespace(from),
      server: this.network.serverAddress(from),
      ...visit,
    };
  }

  /** Without DTLS unless the visit says otherwise with `args`: most stories do not need it. */
  async connect(visit: Visit = {}): Promise<Client> {
    const client = await Client.connect(this.#options({ args: ['--no-dtls'], ...visit }));
    this.#clients.push(client);
    return client;
  }

  logIn(visit: Visit = {}): Promise<string> {
    return logIn(this.#options(visit));
  }

  /** A client that is not let in: what it printed. */
  async refused(visit: Visit = {}): Promise<string> {
    const client = await Client.start(this.#options({ args: ['--no-dtls'], ...visit }));
    this.#clients.push(client);
    await until('the client to be refused', () => client.process.hasEnded(), 120_000);
    const status = await client.process.ended;
    const output = client.output();
    assert.notEqual(status, 0, output);
    assert.doesNotMatch(output, /Got CONNECT response: HTTP\/1\.1 200/);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    await this.site[Symbol.asyncDispose]();
    await this.network[Symbol.asyncDispose]();
  }
}
