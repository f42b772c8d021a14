// A real FreeRADIUS 3 with a folder of its own: users, clients, detail file. Runs without privileges in the server's
// namespace, on 127.0.0.1; ports may be chosen, so that several can stand beside each other.
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mustRun, until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

export const radiusSecret = 'planted-radius-secret';

export interface RadiusOptions {
  readonly namespace: Namespace;
  /** Text of the users file. */
  readonly users: string;
  readonly authPort?: number;
  readonly acctPort?: number;
}

/** One record of the detail file: values without quotes, repeated attributes joined by a comma. */
export type AccountingRecord = Readonly<Record<string, string>>;

export class FreeRadius implements AsyncDisposable {
  readonly folder: string;
  readonly #options: RadiusOptions;
  #process: Running | undefined;

  private constructor(folder: string, options: RadiusOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** Makes the folder; start() starts the server. */
  static async create(options: RadiusOptions): Promise<FreeRadius> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-radius-'));
    const uid = Number(await mustRun(['id', '-u', 'nobody']));
    const gid = Number(await mustRun(['id', '-g', 'nobody']));
    const server = new FreeRadius(folder, options);
    await mkdir(path.join(folder, 'acct'));
    await writeFile(path.join(folder, 'users'), options.users);
    await writeFile(path.join(folder, 'radiusd.conf'), configuration(folder, options));
    for (const name of ['.', 'acct', 'users', 'radiusd.conf']) {
      await chown(path.join(folder, name), uid, gid);
      // FreeRADIUS refuses files that others may write or read.
      await chmod(path.join(folder, name), name === '.' || name === 'acct' ? 0o700 : 0o600);
    }
    return server;
  }

  static async start(options: RadiusOptions): Promise<FreeRadius> {
    const server = await FreeRadius.create(options);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async start(): Promise<void> {
    const { namespace } = this.#options;
    const account = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--'];
    const command = ['freeradius', '-f', '-d', this.folder, '-n', 'radiusd', '-l', 'stdout'];
    const running = namespace.start([...account, ...command]);
    this.#process = running;
    await until('FreeRADIUS to be ready', () => {
      if (running.hasEnded()) throw new Error(`FreeRADIUS ended:\n${running.output()}`);
      return running.output().includes('Ready to process requests');
    });
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM', 5_000);
    this.#process = undefined;
  }

  /** All accounting records so far, in the order of their arrival. */
  async records(): Promise<AccountingRecord[]> {
    const text = await readFile(path.join(this.folder, 'acct/detail'), 'utf8').catch(() => '');
    return text
      .split('\n\n')
      .filter((block) => block.includes('='))
      .map((block) => {
        const record: Record<string, string> = {};
        for (const line of block.split('\n')) {
          const [, name = '', value = ''] = /^\t(\S+) = (.*)$/.exec(line) ?? [];
          if (name === '') continue;
          const plain = value.replace(/^"(.*)"$/, '$1');
          record[name] = record[name] === undefined ? plain : `${record[name]},${plain}`;
        }
        return record;
      });
  }

  /** Waits for a record of this kind ("Start", "Interim-Update", "Stop"), of this user when one is given. */
  async record(status: string, user?: string, timeoutMs = 15_000): Promise<AccountingRecord> {
    return until(
      `an accounting record ${status}`,
      async () =>
        (await this.records()).find(
          (record) =>
            record['Acct-Status-Type'] === status && (user === undefined || record['User-Name'] === user),
        ),
      timeoutMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * The file our server names in `config=`, with its secrets file beside it. Answers with its path. `servers` are
 * "host:port", the authentication servers first.
 */
export async function writeRadiusClient(
  folder: string,
  options: {
    readonly auth?: readonly string[];
    readonly acct?: readonly string[];
    readonly timeout?: number;
    readonly retries?: number;
    readonly more?: string;
  } = {},
): Promise<string> {
  const file = path.join(folder, 'radiusclient.conf');
  await writeFile(path.join(folder, 'radius-servers'), `127.0.0.1\t${radiusSecret}\n`, { mode: 0o600 });
  await writeFile(
    file,
    [
      `authserver ${(options.auth ?? ['127.0.0.1']).join(',')}`,
      `acctserver ${(options.acct ?? ['127.0.0.1']).join(',')}`,
      `servers ${path.join(folder, 'radius-servers')}`,
      'dictionary /etc/radcli/dictionary',
      'default_realm',
      `radius_timeout ${String(options.timeout ?? 2)}`,
      `radius_retries ${String(options.retries ?? 2)}`,
      'bindaddr *',
      'require-message-authenticator yes',
      options.more ?? '',
    ].join('\n'),
  );
  return file;
}

function configuration(folder: string, { authPort = 1812, acctPort = 1813 }: RadiusOptions): string {
  return `
prefix = /usr
libdir = /usr/lib/freeradius
logdir = ${folder}
run_dir = ${folder}
name = radiusd
pidfile = ${folder}/radiusd.pid
max_request_time = 5
cleanup_delay = 1
max_requests = 4096
hostname_lookups = no
proxy_requests = no
log {
  destination = stdout
  auth = no
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = no
}
thread pool {
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
}
client here {
  ipaddr = 127.0.0.1
  secret = ${radiusSecret}
  require_message_authenticator = yes
}
modules {
  files {
    filename = ${folder}/users
  }
  pap {
  }
  detail {
    filename = ${folder}/acct/detail
    permissions = 0600
  }
  always ok {
    rcode = ok
  }
  always handled {
    rcode = handled
  }
  always reject {
    rcode = reject
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${String(authPort)}
  }
  listen {
    type = acct
    ipaddr = 127.0.0.1
    port = ${String(acctPort)}
  }
  authorize {
    # Users whose name begins with "token" answer a second question after the right password.
    if (&User-Name =~ /^token/ && !&State) {
      if (&User-Password == "secret") {
        update reply {
          &Reply-Message := "Enter the code of your token"
          &State := 0x00746f6b656e00ff
        }
        update control {
          &Response-Packet-Type := Access-Challenge
        }
        handled
      }
      else {
        reject
      }
    }
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
  post-auth {
    update reply {
      &Message-Authenticator := 0x00
    }
    Post-Auth-Type REJECT {
      update reply {
        &Message-Authenticator := 0x00
      }
    }
    Post-Auth-Type Challenge {
      update reply {
        &Message-Authenticator := 0x00
      }
    }
  }
  preacct {
    ok
  }
  accounting {
    detail
  }
}
`;
}
