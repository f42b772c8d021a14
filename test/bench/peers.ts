// The two servers the bench compares: ours and the C program of the distribution, each with the same configuration
// in the same namespace, one at a time. A peer can be started, stopped and weighed (CPU time, memory).
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, run, start, until, type Running } from '../support/command.ts';
import type { Namespace } from '../support/namespace.ts';
import { root } from '../support/site.ts';

export type PeerName = 'ours' | 'c';

/** Options that mean the same to both; the password file and certificate are shared too. */
function configuration(folder: string, name: PeerName, more: readonly string[]): string {
  const lines = [
    `auth = "plain[passwd=${folder}/passwd]"`,
    'tcp-port = 4443',
    'udp-port = 4443',
    'run-as-user = nobody',
    'run-as-group = nogroup',
    `socket-file = ${folder}/${name}.socket`,
    `occtl-socket-file = ${folder}/${name}-occtl.socket`,
    'use-occtl = true',
    `server-cert = ${folder}/server-cert.pem`,
    `server-key = ${folder}/server-key.pem`,
    'isolate-workers = true',
    'max-clients = 2048',
    'max-same-clients = 0',
    'max-ban-score = 0',
    'try-mtu-discovery = true',
    'device = vpns',
    'ipv4-network = 192.168.64.0/20',
    'dpd = 90',
    'keepalive = 32400',
    'cookie-timeout = 300',
    'log-level = 1',
    'route = 192.168.64.0/20',
    'route = 10.99.0.0/24',
  ];
  if (name === 'ours') lines.push(`state-dir = ${folder}/state`, ...more);
  return lines.join('\n') + '\n';
}

const ticksPerSecond = 100;

/** A process and all its descendants. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await run(['ps', '-eo', 'pid=,ppid=']);
  const parents = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const members = [pid];
  for (const member of members)
    members.push(...parents.filter(([, parent]) => parent === member).map(([id]) => id));
  return members;
}

export class Peer {
  readonly name: PeerName;
  readonly folder: string;
  readonly namespace: Namespace;
  readonly #more: readonly string[];
  #server: Running | undefined;

  /** `more`: lines of configuration for ours alone. */
  constructor(name: PeerName, folder: string, namespace: Namespace, more: readonly string[]) {
    this.name = name;
    this.folder = folder;
    this.namespace = namespace;
    this.#more = more;
  }

  async start(): Promise<void> {
    const file = path.join(this.folder, `${this.name}.conf`);
    await writeFile(file, configuration(this.folder, this.name, this.#more), { mode: 0o600 });
    const program = this.name === 'ours' ? path.join(root, 'bin/ocserv') : '/usr/sbin/ocserv';
    const server = start(['ip', 'netns', 'exec', this.namespace.name, program, '-f', '-c', file]);
    this.#server = server;
    await until('the server to listen', async () => {
      if (server.hasEnded()) throw new Error(`${this.name} ended:\n${server.output()}`);
      const { stdout } = await this.namespace.run(['ss', '-Hltn', 'sport = :4443']);
      return stdout.includes(':4443');
    });
    // Both answer at once after this; the C program opens its sockets before it is ready.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }

  async stop(): Promise<void> {
    await this.#server?.stop('SIGTERM', 12_000);
    this.#server = undefined;
  }

  /** Its own occtl; answers with what that prints. */
  async occtl(...args: readonly string[]): Promise<string> {
    const program = this.name === 'ours' ? path.join(root, 'bin/occtl') : '/usr/bin/occtl';
    return mustRun([program, '-s', path.join(this.folder, `${this.name}-occtl.socket`), ...args]);
  }

  /** CPU seconds used so far by the server's processes, the dead children they waited for included. */
  async cpuSeconds(): Promise<number> {
    let ticks = 0;
    for (const pid of await family(this.#server?.pid ?? 0)) {
      const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
      // Fields 14 to 17: utime, stime, cutime, cstime (proc(5)); the name in field 2 may hold blanks.
      const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
      for (const index of [11, 12, 13, 14]) ticks += Number(fields?.[index] ?? 0);
    }
    return ticks / ticksPerSecond;
  }

  /** Proportional set size of all the server's processes, in bytes. */
  async memoryBytes(): Promise<number> {
    let kilobytes = 0;
    for (const pid of await family(this.#server?.pid ?? 0)) {
      const text = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8').catch(() => '');
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    }
    return kilobytes * 1024;
  }
}
