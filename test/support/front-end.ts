// Debian's haproxy before a server, for stories about the PROXY protocol.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { until, type Running } from './command.ts';
import type { Namespace } from './namespace.ts';

export interface FrontEndOptions {
  /** Where it runs and the server listens. */
  readonly namespace: Namespace;
  /** Of the site. */
  readonly folder: string;
  /** Addresses with ports clients come to, IPv6 in brackets. */
  readonly binds: readonly string[];
  /** Address and port of the server. */
  readonly server: string;
  /** How the server is spoken to: `send-proxy`, `send-proxy-v2` and what may stand beside them. */
  readonly words: string;
}

export async function startFrontEnd(options: FrontEndOptions): Promise<Running> {
  const file = path.join(options.folder, 'haproxy.cfg');
  const lines = [
    ...['defaults', '  mode tcp', '  timeout connect 5s', '  timeout client 1h', '  timeout server 1h'],
    ...['frontend clients', ...options.binds.map((bind) => `  bind ${bind}`), '  default_backend vpn'],
    ...['backend vpn', `  server vpn ${options.server} ${options.words}`],
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const running = options.namespace.start(['haproxy', '-db', '-f', file]);
  await until('haproxy to listen', async () => {
    if (running.hasEnded()) throw new Error(`haproxy ended:\n${running.output()}`);
    const { stdout } = await options.namespace.run(['ss', '-Hltnp']);
    return stdout.includes('"haproxy"');
  });
  return running;
}
