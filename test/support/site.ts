// A server with a folder of its own for the end-to-end tests: certificate, password file, configuration, state, log.
// Started in a namespace, looked at with occtl, stopped or killed; dispose() leaves nothing behind.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mustRun, run, start, until, type Outcome, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

export const root = path.resolve(import.meta.dirname, '../..');

export interface SiteOptions {
  readonly namespace: Namespace;
  /** Lines added to the configuration; a line for an option of the defaults replaces it. */
  readonly config?: string;
  /** Without these options of the default configuration. */
  readonly without?: readonly string[];
  readonly users?: Readonly<Record<string, { password: string; groups?: string }>>;
  readonly key?: 'ec' | 'rsa';
}

/** The options every test server starts from. */
function defaults(folder: string): Record<string, string> {
  return {
    auth: `"plain[passwd=${folder}/passwd]"`,
    'tcp-port': '4443',
    'udp-port': '4443',
    'run-as-user': 'nobody',
    'run-as-group': 'nogroup',
    'socket-file': `${folder}/ocserv.socket`,
    'occtl-socket-file': `${folder}/occtl.socket`,
    'use-occtl': 'true',
    'pid-file': `${folder}/ocserv.pid`,
    'state-dir': `${folder}/state`,
    'server-cert': `${folder}/server-cert.pem`,
    'server-key': `${folder}/server-key.pem`,
    'isolate-workers': 'true',
    'max-clients': '64',
    'max-same-clients': '8',
    'try-mtu-discovery': 'true',
    device: 'vpns',
    'ipv4-network': '192.168.77.0/24',
    'ipv6-network': 'fda9:77::/48',
    'ipv6-subnet-prefix': '128',
    'cookie-timeout': '300',
    'log-level': '3',
  };
}

export class Site implements AsyncDisposable {
  readonly folder: string;
  readonly namespace: Namespace;
  server: Running | undefined;
  /** Where its sockets are, if not in its own namespace (listen-netns). */
  listensIn: Namespace | undefined;
  /** What starts the server, in front of its command; a supervisor for instance. */
  launcher: readonly string[] = [];
  /** Of the server; this process's unless told. */
  env: NodeJS.ProcessEnv = process.env;
  #log = '';

  private constructor(folder: string, namespace: Namespace) {
    this.folder = folder;
    this.namespace = namespace;
  }

  /** Writes the folder; the server is not started yet. */
  static async create(options: SiteOptions): Promise<Site> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-site-'));
    const site = new Site(folder, options.namespace);
    const key = options.key === 'rsa' ? ['rsa:3072'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    await mustRun([
      ...['openssl', 'req', '-x509', '-nodes', '-days', '30', '-subj', '/CN=vpn.test', '-newkey', ...key],
      ...['-addext', 'subjectAltName=DNS:vpn.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
      ...['-keyout', `${folder}/server-key.pem`, '-out', `${folder}/server-cert.pem`],
    ]);
    await writeFile(path.join(folder, 'passwd'), '', { mode: 0o600 });
    for (const [name, user] of Object.entries(options.users ?? { alice: { password: 'secret' } })) {
      await site.setPassword(name, user.password, user.groups);
    }
    await site.configure(options.config ?? '', options.without ?? []);
    return site;
  }

  get configFile(): string {
    return path.join(this.folder, 'ocserv.conf');
  }

  async configure(lines: string, without: readonly string[] = []): Promise<void> {
    const options = defaults(this.folder);
    for (const name of without) delete options[name];
    for (const line of lines.split('\n')) {
      const name = line.split('=')[0]?.trim() ?? '';
      if (line.startsWith('[')) break;
      delete options[name];
    }
    const base = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
    await writeFile(this.configFile, `${base.join('\n')}\n${lines}\n`, { mode: 0o600 });
  }

  async setPassword(name: string, password: string, groups?: string): Promise<void> {
    const extra = groups === undefined ? [] : ['-g', groups];
    await mustRun([path.join(root, 'bin/ocpasswd'), '-c', `${this.folder}/passwd`, ...extra, name], {
      input: `${password}\n`,
    });
  }

  /** Starts the server in the foreground and waits until it accepts connections. */
  async start(extra: readonly string[] = []): Promise<void> {
    const server = start(
      [
        ...['ip', 'netns', 'exec', this.namespace.name, ...this.launcher, path.join(root, 'bin/ocserv')],
        ...['--foreground', '--log-stderr', '--config', this.configFile, ...extra],
      ],
      { env: this.env },
    );
    this.server = server;
    await until(
      'the server to listen',
      async () => {
        if (server.hasEnded()) throw new Error(`the server ended:\n${server.output()}`);
        const { stdout } = await (this.listensIn ?? this.namespace).run(['ss', '-Hltn', 'sport = :4443']);
        return stdout.includes(':4443') && server.output().includes('initialized');
      },
      20_000,
    );
  }

  /** Everything logged so far, over restarts. */
  log(): string {
    return this.#log + (this.server?.output() ?? '');
  }

  async logged(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    return until(
      `a log line like ${String(pattern)}`,
      () => pattern.exec(this.log()) ?? undefined,
      timeoutMs,
    );
  }

  /** Process ids by title ("ocserv-worker", "ocserv-sm") among the children of main. */
  async children(title: string): Promise<number[]> {
    const { stdout } = await run(['ps', '-o', 'pid=,args=', '--ppid', String(this.server?.pid ?? 0)]);
    return stdout
      .split('\n')
      .filter((line) => line.includes(title))
      .map((line) => Number.parseInt(line, 10));
  }

  occtl(...args: readonly string[]): Promise<Outcome> {
    return run([path.join(root, 'bin/occtl'), '-s', `${this.folder}/occtl.socket`, ...args]);
  }

  /** An occtl that goes on until it is stopped. */
  startOcctl(...args: readonly string[]): Running {
    return start([path.join(root, 'bin/occtl'), '-s', `${this.folder}/occtl.socket`, ...args]);
  }

  async occtlJson<T>(...args: readonly string[]): Promise<T> {
    const { stdout, status, stderr } = await this.occtl('-j', ...args);
    if (status !== 0) throw new Error(`occtl ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  async pidFile(): Promise<number> {
    return Number(await readFile(path.join(this.folder, 'ocserv.pid'), 'utf8'));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const server = this.server;
    if (server === undefined) return null;
    await server.stop(signal, 15_000);
    this.#log += server.output();
    this.server = undefined;
    return server.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
