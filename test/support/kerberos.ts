// A Kerberos realm of a test's own: MIT's KDC in the server's namespace, its files in a temporary folder, one
// configuration for server and KDC and one for each client. The machine's own /etc/krb5.conf is not looked at.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { start, until, type Outcome, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

const KDC_PORT = 8888;

export class Realm implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly #namespace: Namespace;
  #kdc: Running | undefined;

  private constructor(name: string, folder: string, namespace: Namespace) {
    this.name = name;
    this.folder = folder;
    this.#namespace = namespace;
  }

  /** Makes the realm with these users and the service HTTP/vpn.test, and starts its KDC. */
  static async create(
    namespace: Namespace,
    users: Readonly<Record<string, string>>,
    name = 'VPN.TEST',
    port = KDC_PORT,
    /** Lines of [kdcdefaults] in place of those that make the KDC listen everywhere. */
    listen: readonly string[] = [`kdc_listen = ${port}`, `kdc_tcp_listen = ${port}`],
    /** Further services HTTP/NAME.test. */
    hosts: readonly string[] = [],
  ): Promise<Realm> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-realm-'));
    const realm = new Realm(name, folder, namespace);
    try {
      await realm.#open(users, port, listen, ['vpn', ...hosts]);
      return realm;
    } catch (error) {
      await realm[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #open(
    users: Readonly<Record<string, string>>,
    port: number,
    listen: readonly string[],
    hosts: readonly string[],
  ): Promise<void> {
    const { folder, name } = this;
    await mkdir(`${folder}/cache`, { mode: 0o700 });
    await writeFile(
      `${folder}/kdc.conf`,
      [
        ...['[kdcdefaults]', ...listen, '[realms]', `${name} = {`],
        ...[`database_name = ${folder}/principal`, `key_stash_file = ${folder}/stash`],
        ...[`acl_file = ${folder}/acl`, 'supported_enctypes = aes256-cts:normal', 'max_life = 1h', '}'],
        ...['[logging]', `kdc = FILE:${folder}/kdc.log`, `admin_server = FILE:${folder}/admin.log`, ''],
      ].join('\n'),
    );
    await this.#configure('krb5.conf', `127.0.0.1:${port}`);
    await this.#must(['kdb5_util', '-r', name, 'create', '-s', '-P', 'planted-master']);
    for (const [user, password] of Object.entries(users))
      await this.#must(['kadmin.local', '-r', name, 'addprinc', '-pw', password, user]);
    for (const service of hosts.map((host) => `HTTP/${host}.test`)) {
      await this.#must(['kadmin.local', '-r', name, 'addprinc', '-randkey', service]);
      await this.#must(['kadmin.local', '-r', name, 'ktadd', '-k', this.keytab, service]);
    }
    const kdc = start([...['ip', 'netns', 'exec', this.#namespace.name, 'krb5kdc', '-n', '-r', name]], {
      env: this.environment,
    });
    this.#kdc = kdc;
    await until('the KDC to listen', async () => {
      if (kdc.hasEnded()) throw new Error(`the KDC ended:\n${kdc.output()}`);
      return (await this.#namespace.run(['ss', '-Hltn', `sport = :${port}`])).stdout !== '';
    });
  }

  get keytab(): string {
    return `${this.folder}/keytab`;
  }

  /** For server and KDC. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      KRB5_CONFIG: `${this.folder}/krb5.conf`,
      KRB5_KDC_PROFILE: `${this.folder}/kdc.conf`,
      KRB5RCACHENAME: `dfl:`,
      KRB5RCACHEDIR: `${this.folder}/cache`,
    };
  }

  async #configure(file: string, kdc: string, lines: readonly string[] = []): Promise<void> {
    const defaults = [
      'dns_lookup_kdc = false',
      'dns_lookup_realm = false',
      'dns_canonicalize_hostname = false',
    ];
    await writeFile(
      `${this.folder}/${file}`,
      [
        ...['[libdefaults]', `default_realm = ${this.name}`, 'rdns = false', ...defaults],
        ...['[realms]', `${this.name} = {`, `kdc = ${kdc}`, ...lines, '}', ''],
      ].join('\n'),
    );
  }

  /** What a client needs in its environment; `kdc` is where it finds the KDC. */
  async client(label: string, kdc: string, lines: readonly string[] = []): Promise<NodeJS.ProcessEnv> {
    await this.#configure(`${label}.conf`, kdc, lines);
    return {
      ...process.env,
      KRB5_CONFIG: `${this.folder}/${label}.conf`,
      KRB5CCNAME: `FILE:${this.folder}/${label}.ticket`,
    };
  }

  async #must(command: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.#namespace.run([...command], { env: this.environment });
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kdc?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function kinit(
  namespace: Namespace,
  env: NodeJS.ProcessEnv,
  user: string,
  password: string,
): Promise<Outcome> {
  return namespace.run(['kinit', user], { env, input: `${password}\n` });
}
