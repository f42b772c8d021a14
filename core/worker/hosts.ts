// Virtual hosts of a worker: one TLS context each, chosen by the name in the ClientHello. Made anew from each
// Configure; handshakes under way keep the contexts they began with.
import { createHash, X509Certificate } from 'node:crypto';
import type { WorkerConfiguration, WorkerHost } from '../config/index.ts';
import { createTlsContext, type TlsContext } from '../native/index.ts';
import { parsePriorities, type Priorities } from '../protocol/index.ts';

export interface ServedHost {
  readonly host: WorkerHost;
  /** Its name, or "default". */
  readonly vhost: string;
  readonly context: TlsContext;
  /** PSK suites of DTLS; empty = not to be offered. */
  readonly dtlsCipherList: string;
  /** SHA-1 of each leaf by key id, upper-case hex; Cisco clients are told it. */
  readonly certificateSha1: ReadonlyMap<string, string>;
}

export interface Hosts {
  readonly configuration: WorkerConfiguration;
  readonly fallback: ServedHost;
  find(serverName: string | undefined): ServedHost;
  /** What of the priority strings is not offered, in words for the log. */
  readonly notes: readonly string[];
}

/** Throws with OpenSSL's words when a certificate or list is refused; nothing has changed then. */
export function serveHosts(configuration: WorkerConfiguration): Hosts {
  const [first, ...others] = configuration.hosts;
  const fallback = serveHost(first);
  const byName = new Map<string, ServedHost>();
  for (const host of others) byName.set((host.name ?? '').toLowerCase(), serveHost(host));
  return {
    configuration,
    fallback,
    notes: [...new Set(configuration.hosts.flatMap((host) => prioritiesOf(host).notes))],
    // Exact names, no wildcards; an unknown name gets the default host.
    find: (serverName) =>
      serverName === undefined ? fallback : (byName.get(serverName.toLowerCase()) ?? fallback),
  };
}

function serveHost(host: WorkerHost): ServedHost {
  const { certificates } = host;
  const { policy, dtlsCipherList } = prioritiesOf(host);
  const context = createTlsContext({
    certificates,
    policy,
    clientCertificate: clientCertificateMode(host),
    ...(host.clientAuthorities === undefined ? {} : { clientAuthorities: host.clientAuthorities }),
    ...(host.ocspResponse === undefined ? {} : { ocspResponse: Buffer.from(host.ocspResponse, 'base64') }),
    ...(host.dhParameters === undefined ? {} : { dhParameters: host.dhParameters }),
  });
  const certificateSha1 = new Map(certificates.map(({ keyId, chain }) => [keyId, leafSha1(chain)]));
  return { host, vhost: host.name ?? 'default', context, dtlsCipherList, certificateSha1 };
}

/** Cisco's older clients and phones fail on TLS 1.3. */
function prioritiesOf({ settings }: WorkerHost): Priorities {
  const forbidTls13 = settings['cisco-client-compat'] || settings['cisco-svc-client-compat'];
  const text = `${settings['tls-priorities']}${forbidTls13 ? ':-VERS-TLS1.3' : ''}`;
  const result = parsePriorities(text);
  if ('error' in result) throw new RangeError(`tls-priorities: ${result.error} at "${result.rest}"`);
  return result.priorities;
}

/** Required only where nothing else can log in; Cisco clients do not show the certificate again at CONNECT. */
function clientCertificateMode({ settings }: WorkerHost): 'none' | 'request' | 'require' {
  const isFirst = settings.auth.includes('certificate');
  if (!isFirst && !settings['enable-auth'].includes('certificate')) return 'none';
  return isFirst && settings['enable-auth'].length === 0 && !settings['cisco-client-compat']
    ? 'require'
    : 'request';
}

function leafSha1(chain: string): string {
  return createHash('sha1').update(new X509Certificate(chain).raw).digest('hex').toUpperCase();
}
