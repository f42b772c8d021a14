// From the settings of a grant to what the worker is told, and to the pools addresses come from. Pure; used by
// open-session.ts and the control views.
import type { Settings } from '../config/index.ts';
import type { SessionsTunnelSettings } from '../interfaces/index.ts';
import { formatRoute, parseNetwork } from './addresses.ts';
import type { Session } from './context.ts';
import type { LeaseRequest } from './leases.ts';

export function leaseRequest(
  session: { sessionId: string; username: string },
  settings: Settings,
  wants: { ipv4: boolean; ipv6: boolean },
): LeaseRequest {
  const network4 = settings['ipv4-network'];
  const ipv4 = network4 === undefined ? undefined : parseNetwork(network4, settings['ipv4-netmask']);
  const network6 = settings['ipv6-network'];
  const ipv6 = network6 === undefined ? undefined : parseNetwork(network6, settings['ipv6-prefix']);
  const explicitIpv4 = settings['explicit-ipv4'];
  const explicitIpv6 = settings['explicit-ipv6'];
  return {
    sessionId: session.sessionId,
    username: session.username,
    ...(wants.ipv4 && ipv4?.family === 4 ? { ipv4 } : {}),
    ...(wants.ipv6 && ipv6?.family === 6 ? { ipv6 } : {}),
    ...(wants.ipv4 && explicitIpv4 !== undefined ? { explicitIpv4 } : {}),
    ...(wants.ipv6 && explicitIpv6 !== undefined ? { explicitIpv6 } : {}),
    ipv6ClientPrefix: settings['ipv6-subnet-prefix'],
    predictable: settings['predictable-ips'],
  };
}

/** Complete networks in the form of headers and scripts. `default` in the list means everything: no list. */
export function normalRoutes(routes: readonly string[]): string[] {
  const isDefault = (route: string): boolean =>
    /^default$/i.test(route) || ['0.0.0.0/0', '0.0.0.0/0.0.0.0', '::/0'].includes(route);
  if (routes.some(isDefault)) return [];
  return routes.flatMap((route) => {
    const network = parseNetwork(route);
    return network === undefined ? [] : [formatRoute(network)];
  });
}

export function tunnelSettings(session: Session): SessionsTunnelSettings {
  const { settings, lease } = session;
  const routes = normalRoutes(settings.route);
  const dpd = settings.dpd;
  return {
    sessionId: session.sessionId,
    username: session.username,
    groupname: session.groupname,
    vhost: session.vhost,
    startedAt: session.startedAt,
    ...lease,
    hostname: settings.hostname,
    dns: settings.dns,
    nbns: settings.nbns,
    defaultDomains: (settings['default-domain'] ?? '').split(/\s+/).filter((domain) => domain !== ''),
    splitDns: settings['split-dns'],
    routes,
    noRoutes: normalRoutes(settings['no-route']),
    tunnelAllDns: settings['tunnel-all-dns'] || routes.length === 0,
    clientBypassProtocol: settings['client-bypass-protocol'],
    dpdSeconds: dpd,
    mobileDpdSeconds: settings['mobile-dpd'] === 0 ? dpd : settings['mobile-dpd'],
    keepaliveSeconds: settings.keepalive,
    idleTimeoutSeconds: settings['idle-timeout'],
    mobileIdleTimeoutSeconds: settings['mobile-idle-timeout'],
    sessionTimeoutSeconds: settings['session-timeout'],
    mtuBytes: settings.mtu,
    udp: !settings['no-udp'] && settings['udp-port'] !== 0,
    netPriority: settings['net-priority'],
    rxBytesPerSecond: settings['rx-data-per-sec'],
    txBytesPerSecond: settings['tx-data-per-sec'],
    iroutes: settings.iroute,
    tunOffload: session.device.offload,
    device: session.device.name,
  };
}
