// A real openconnect in a client namespace.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';
import { root, type Site } from './site.ts';

export interface ConnectOptions {
  readonly site: Site;
  readonly namespace: Namespace;
  /** Address and port of the server as this client reaches it. */
  readonly server: string;
  readonly user?: string;
  readonly password?: string;
  /** For the questions that follow the password; without them there must be none. */
  readonly answers?: readonly string[];
  /** Of an earlier login (see logIn): then no user or password is given. */
  readonly cookie?: string;
  readonly args?: readonly string[];
  readonly device?: string;
  /** Of openconnect; this process's unless told. */
  readonly env?: NodeJS.ProcessEnv;
  /** Name of the server, "vpn.test" unless told; its certificate is that of `certificate`. */
  readonly host?: string;
  /** Behind the "?" of the URL. */
  readonly query?: string;
  /** File of the certificate the client trusts; the server's own unless told. */
  readonly certificate?: string;
}

function commandOf(options: ConnectOptions): string[] {
  const host = options.host ?? 'vpn.test';
  const credentials =
    options.cookie === undefined
      ? ['--passwd-on-stdin', '--user', options.user ?? 'alice']
      : ['--cookie-on-stdin'];
  return [
    ...['openconnect', '--verbose', '--timestamp', ...credentials],
    ...(options.answers === undefined ? ['--non-inter'] : []),
    ...['--cafile', options.certificate ?? `${options.site.folder}/server-cert.pem`],
    ...['--resolve', `${host}:${options.server}`, ...(options.args ?? [])],
    `https://${host}:4443/${options.query === undefined ? '' : `?${options.query}`}`,
  ];
}

function inputOf({ cookie, password = 'secret', answers = [] }: ConnectOptions): string {
  return [cookie ?? password, ...answers, ''].join('\n');
}

/** Logs in without a tunnel; answers with the cookie. */
export async function logIn(options: ConnectOptions): Promise<string> {
  const outcome = await options.namespace.run([...commandOf(options), '--authenticate'], {
    input: inputOf(options),
    env: options.env ?? process.env,
  });
  const cookie = /^COOKIE='(.+)'$/m.exec(outcome.stdout)?.[1];
  if (cookie === undefined) throw new Error(`no cookie:\n${outcome.stdout}${outcome.stderr}`);
  return cookie;
}

export class Client implements AsyncDisposable {
  readonly process: Running;
  readonly namespace: Namespace;
  readonly device: string;
  readonly #record: string;
  readonly #folder: string;

  private constructor(
    process: Running,
    namespace: Namespace,
    device: string,
    folder: string,
    record: string,
  ) {
    this.process = process;
    this.namespace = namespace;
    this.device = device;
    this.#folder = folder;
    this.#record = record;
  }

  /** Starts openconnect; does not wait for the tunnel. */
  static async start(options: ConnectOptions): Promise<Client> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-client-'));
    const record = path.join(folder, 'record');
    const device = options.device ?? 'tun0';
    const process_ = options.namespace.start(
      [
        ...commandOf(options),
        ...['--interface', device, '--script', path.join(root, 'test/support/vpnc-script.sh')],
      ],
      {
        input: inputOf(options),
        env: { ...(options.env ?? process.env), VPN_RECORD: record },
      },
    );
    return new Client(process_, options.namespace, device, folder, record);
  }

  /** Starts openconnect and waits until its tunnel device is up (and DTLS, unless it was switched off). */
  static async connect(options: ConnectOptions): Promise<Client> {
    const client = await Client.start(options);
    try {
      await client.ready(!(options.args ?? []).includes('--no-dtls'));
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  async ready(dtls: boolean, timeoutMs = 30_000): Promise<void> {
    await until(
      'the tunnel to come up',
      async () => {
        if (this.process.hasEnded()) throw new Error(`openconnect ended:\n${this.output()}`);
        return (await this.environment()).includes('== connect') && (!dtls || this.hasDtls());
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.output()}`);
    });
  }

  hasDtls(): boolean {
    return /Established DTLS connection|DTLS connected/.test(this.output());
  }

  /** How many DTLS handshakes this client has completed. */
  dtlsCount(): number {
    return (this.output().match(/Established DTLS connection/g) ?? []).length;
  }

  output(): string {
    return this.process.output();
  }

  /** What the script was called with so far. */
  async environment(): Promise<string> {
    return readFile(this.#record, 'utf8').catch(() => '');
  }

  async variable(name: string): Promise<string | undefined> {
    const lines = (await this.environment()).split('\n').filter((line) => line.startsWith(`${name}=`));
    return lines.at(-1)?.slice(name.length + 1);
  }

  /** True when `count` pings of `bytes` payload all come back. */
  async ping(
    target: string,
    options: { count?: number; bytes?: number; ipv6?: boolean } = {},
  ): Promise<boolean> {
    const { status, stdout } = await this.namespace.run(
      [
        ...[
          'ping',
          options.ipv6 === true ? '-6' : '-4',
          '-n',
          '-c',
          String(options.count ?? 3),
          '-i',
          '0.2',
          '-W',
          '2',
        ],
        ...['-s', String(options.bytes ?? 56), target],
      ],
      { timeoutMs: 30_000 },
    );
    return status === 0 && / 0% packet loss/.test(stdout);
  }

  /** Ends openconnect as Ctrl-C does: it says goodbye, so the session is over. */
  async leave(): Promise<void> {
    await this.process.stop('SIGINT');
  }

  /** Ends openconnect without a word to the server; its namespace stays. */
  async kill(): Promise<void> {
    await this.process.stop('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop('SIGINT', 3_000);
    // A client that had to be killed leaves its script running, which may write once more.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
