// From the settings of a session to the answer of CONNECT and the options of its tunnel. Called by connection.ts; pure.
import type { WorkerSettings } from '../config/index.ts';
import type { SessionsTunnelSettings } from '../interfaces/index.ts';
import type { TlsFacts, TunnelOptions } from '../native/index.ts';
import {
  agreeLinkMtu,
  carriesIpv6,
  chooseCompression,
  chooseLegacySuite,
  compressionDefaults,
  connectResponse,
  isIpv6Transport,
  parseCompressionPriority,
  parseNetwork,
  tunnelMtu,
  type Client,
  type CompressionName,
  type ConnectRequest,
  type LegacyChoice,
} from '../protocol/index.ts';
import { announcedBaseMtu, rekeySecondsFor } from './quirks.ts';

/** How the client's datagrams are to be keyed. */
export interface AgreedDtls {
  /** 64 hexadecimal digits, by which its first datagram is known. */
  readonly id: string;
  /** PSK suites in OpenSSL's names, joined by ":". */
  readonly cipherList: string;
  /** In their place: the session that the client resumes. */
  readonly legacy?: { readonly choice: LegacyChoice; readonly masterSecret: string } | undefined;
}

export interface DtlsFacts {
  readonly settings: Pick<WorkerSettings, 'udp-port' | 'dtls-psk' | 'dtls-legacy'>;
  readonly request: Pick<ConnectRequest, 'dtlsPsk' | 'dtlsSuites' | 'dtlsMasterSecret'>;
  /** Empty: none is allowed. */
  readonly pskCipherList: string;
  readonly tlsCipher: string;
  readonly id: string;
}

/** PSK before everything else; a session to resume where that is allowed; or no DTLS. */
export function agreeDtls({
  settings,
  request,
  pskCipherList,
  tlsCipher,
  id,
}: DtlsFacts): AgreedDtls | undefined {
  if (settings['udp-port'] === 0) return undefined;
  if (settings['dtls-psk'] && pskCipherList !== '' && request.dtlsPsk)
    return { id, cipherList: pskCipherList };
  const { dtlsMasterSecret: masterSecret } = request;
  if (!settings['dtls-legacy'] || masterSecret === undefined) return undefined;
  const choice = chooseLegacySuite(request.dtlsSuites, tlsCipher);
  return choice && { id, cipherList: choice.openssl, legacy: { choice, masterSecret } };
}

function tunnelDtls({ id, cipherList, legacy }: AgreedDtls): TunnelOptions['dtls'] {
  if (legacy === undefined) return { cipherList };
  const resumed = { id: Buffer.from(id, 'hex'), masterSecret: Buffer.from(legacy.masterSecret, 'hex') };
  return { cipherList, resumed };
}

export interface ConnectFacts {
  readonly settings: WorkerSettings;
  readonly includedHeaders: readonly string[];
  readonly session: SessionsTunnelSettings;
  readonly client: Client;
  readonly request: ConnectRequest;
  readonly tls: Pick<TlsFacts, 'version' | 'cipher'>;
  readonly remoteAddress: string;
  readonly pathMtuBytes: number;
  /** Undefined = DTLS was not wanted or is not possible. */
  readonly dtls: AgreedDtls | undefined;
  readonly now: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

export interface AgreedTunnel {
  readonly response: string;
  readonly options: TunnelOptions;
}

export function agreeTunnel(facts: ConnectFacts): AgreedTunnel {
  const { settings, session, client, request, tls } = facts;
  const outerIpv6 = isIpv6Transport(facts.remoteAddress);
  const dtls = session.udp ? facts.dtls : undefined;
  const link = agreeLinkMtu({
    configuredBytes: session.mtuBytes,
    baseMtu: request.baseMtu,
    cstpMtu: request.cstpMtu,
    pathMtuBytes: facts.pathMtuBytes,
    outerIpv6,
    hasIpv6Lease: session.ipv6 !== undefined && request.wantsIpv6,
  });
  const inner = tunnelMtu(
    link,
    outerIpv6,
    dtls === undefined ? null : (dtls.legacy?.choice.openssl ?? tls.cipher),
  );
  const priorities = { ...compressionDefaults };
  for (const line of settings['compression-algo-priority']) {
    const parsed = parseCompressionPriority(line);
    if (parsed !== undefined) priorities[parsed.name] = parsed.priority;
  }
  const { acceptsEncoding } = request;
  const compressionOf = (accepted: string | undefined): CompressionName | undefined =>
    settings.compression ? chooseCompression(accepted, priorities) : undefined;
  const cstpCompression = compressionOf(acceptsEncoding.cstp);
  const dtlsCompression = dtls === undefined ? undefined : compressionOf(acceptsEncoding.dtls);
  const ipv4 = request.wantsIpv4 ? session.ipv4 : undefined;
  const ipv6 = request.wantsIpv6 && carriesIpv6(inner) ? session.ipv6 : undefined;
  const dpdSeconds =
    client.mobile && session.mobileDpdSeconds > 0 ? session.mobileDpdSeconds : session.dpdSeconds;
  const idleTimeoutSeconds = client.mobile ? session.mobileIdleTimeoutSeconds : session.idleTimeoutSeconds;
  const { sessionTimeoutSeconds } = session;
  const remainingSeconds = Math.ceil(sessionTimeoutSeconds - (facts.now - session.startedAt) / 1000);
  const response = connectResponse({
    client,
    fullIpv6: request.fullIpv6,
    includedHeaders: facts.includedHeaders,
    customHeaders: settings['custom-header'],
    username: session.username,
    groupname: session.groupname,
    hostname: session.hostname ?? request.hostname,
    dpdSeconds,
    defaultDomains: session.defaultDomains,
    ipv4,
    ipv6,
    dns: session.dns,
    nbns: session.nbns,
    splitDns: session.splitDns,
    routes: session.routes,
    noRoutes: session.noRoutes,
    tunnelAllDns: session.tunnelAllDns,
    clientBypassProtocol: session.clientBypassProtocol,
    keepaliveSeconds: session.keepaliveSeconds,
    idleTimeoutSeconds,
    isDyndns: settings['listen-host-is-dyndns'],
    rekeySeconds: jitter(rekeySecondsFor(client, settings['rekey-time']), facts.random),
    // Over TLS 1.2 "ssl" means a renegotiation, which the packet path does not do.
    rekeyMethod: settings['rekey-method'] === 'ssl' && tls.version.includes('1.3') ? 'ssl' : 'new-tunnel',
    proxyUrl: settings['proxy-url'],
    sessionTimeoutSeconds,
    remainingSeconds,
    dtls: dtls && { port: settings['udp-port'], id: dtls.id, legacy: dtls.legacy?.choice },
    linkMtuBytes: announcedBaseMtu(link, outerIpv6, client),
    tunnelMtuBytes: inner,
    banner: settings.banner,
    cstpCompression,
    dtlsCompression,
  });
  const options: TunnelOptions = {
    tunnelMtuBytes: inner,
    linkMtuBytes: link,
    outerIpv6,
    tunOffload: session.tunOffload,
    dpdSeconds,
    idleTimeoutSeconds,
    remainingSeconds: sessionTimeoutSeconds > 0 ? Math.max(1, remainingSeconds) : 0,
    rekeySeconds: settings['rekey-time'],
    switchToTcpSeconds: settings['switch-to-tcp-timeout'],
    mtuDiscovery: settings['try-mtu-discovery'],
    dtls: dtls === undefined ? null : tunnelDtls(dtls),
    allowedSources: [
      ...(ipv4 === undefined ? [] : [`${ipv4.address}/32`]),
      ...(ipv6 === undefined ? [] : [`${ipv6.address}/${ipv6.prefix}`]),
      ...session.iroutes.flatMap(prefixText),
    ],
    rxBytesPerSecond: session.rxBytesPerSecond,
    txBytesPerSecond: session.txBytesPerSecond,
    cstpCompression,
    dtlsCompression,
    noCompressBytes: settings['no-compress-limit'],
    sendBufferBytes: settings['output-buffer'] * link,
    priority: socketPriority(session.netPriority),
  };
  return { response, options };
}

/** So that clients which came together do not rekey together. */
function jitter(rekeySeconds: number, random: number): number {
  return rekeySeconds > 30 ? rekeySeconds + Math.floor(random * 59) - 29 : rekeySeconds;
}

function prefixText(route: string): string[] {
  const network = parseNetwork(route);
  return network === undefined ? [] : [`${network.address}/${network.prefix}`];
}

/** "0x.." is a TOS byte, a small number a socket priority. */
function socketPriority(text: string | undefined): TunnelOptions['priority'] {
  if (text === undefined || !/^(?:0x[0-9a-f]{1,2}|[0-6])$/i.test(text)) return {};
  return text.length > 1 ? { tos: Number(text) } : { socketPriority: Number(text) };
}
