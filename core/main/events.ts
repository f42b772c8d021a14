// Who is connected, as occtl shows it, and the events it watches. Used by control-door.ts and the session paths.
import type { ControlUser } from '../interfaces/index.ts';
import { formatPortRule, parsePortRules, type Settings } from '../config/index.ts';
import { parseNetwork, formatRoute } from './addresses.ts';
import { globalSettings, type Connection, type Main, type Session } from './context.ts';
import { isRestrictedToRoutes } from './firewall.ts';
import { normalRoutes } from './session-settings.ts';

export function publishEvent(
  main: Main,
  kind: 'connect' | 'disconnect',
  session: Session,
  end?: { readonly reason: string; readonly seconds: number },
): void {
  main.events.publish({ kind, user: userOf(main, session.connection), ...end }, Date.now());
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const limitOf = (bytesPerSecond: number): number | undefined =>
  bytesPerSecond === 0 ? undefined : bytesPerSecond;

export function userOf(main: Main, connection: Connection): ControlUser {
  const { session } = connection;
  const settings = session?.settings ?? globalSettings(main);
  const common = {
    id: connection.id,
    username: connection.username,
    vhost: connection.vhost ?? 'unknown',
    remoteAddress: connection.remote.address,
    localAddress: connection.local.address,
    userAgent: connection.userAgent,
    tlsCiphersuite: connection.tlsCiphersuite,
    connectedAt: seconds(connection.acceptedAt),
    dpd: settings.dpd,
    keepalive: settings.keepalive,
    restrictedToRoutes: isRestrictedToRoutes(settings),
  };
  const none = {
    dns: [],
    nbns: [],
    splitDns: [],
    routes: [],
    noRoutes: [],
    iroutes: [],
    restrictedToPorts: [],
  };
  if (session === undefined) {
    const state = connection.state === 'login' ? 'authenticating' : 'preAuth';
    return { ...common, ...none, state, sessionStartedAt: 0 };
  }
  const { lease, counters } = session;
  return {
    ...common,
    state: session.isHandedOver ? 'connected' : 'authenticating',
    groupname: session.groupname,
    device: session.device.name,
    mtu: session.tunnelMtu,
    ipv4: lease.ipv4?.address,
    ipv4Peer: lease.ipv4?.local,
    ipv6: lease.ipv6?.address,
    ipv6Peer: lease.ipv6?.local,
    rxLimit: limitOf(settings['rx-data-per-sec']),
    txLimit: limitOf(settings['tx-data-per-sec']),
    rxBytes: counters.rxBytes,
    txBytes: counters.txBytes,
    rxPackets: counters.rxPackets,
    txPackets: counters.txPackets,
    rxDropped: counters.rxDropped,
    txDropped: counters.txDropped,
    hostname: session.hostname,
    sessionStartedAt: seconds(session.startedAt),
    sessionId: session.sessionId,
    dtlsCiphersuite: session.dtlsCiphersuite,
    cstpCompression: session.cstpCompression,
    dtlsCompression: session.dtlsCompression,
    dns: settings.dns,
    nbns: settings.nbns,
    splitDns: settings['split-dns'],
    routes: normalRoutes(settings.route),
    noRoutes: normalRoutes(settings['no-route']),
    iroutes: settings.iroute.flatMap((iroute) => {
      const network = parseNetwork(iroute);
      return network === undefined ? [] : [formatRoute(network)];
    }),
    restrictedToPorts: portTexts(settings),
  };
}

/** `tcp(443)`; with "!" what is forbidden. */
function portTexts(settings: Settings): string[] {
  const { deny, rules } = parsePortRules(settings['restrict-user-to-ports']) ?? { deny: false, rules: [] };
  return rules.map((rule) => `${deny ? '!' : ''}${formatPortRule(rule)}`);
}
