// The environment of the connect, disconnect and host-update scripts: the only thing they are told. Pure; used by
// scripts.ts. Values that came from a client lose their control characters; scripts must still quote them.
import { formatPorts, type PortRules } from '../config/index.ts';
import type { Lease } from './leases.ts';

export interface ScriptSubject {
  readonly id: number;
  readonly vhost: string;
  readonly username: string;
  readonly groupname: string | undefined;
  readonly hostname: string | undefined;
  readonly device: string;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly lease: Lease;
  readonly userAgent: string | undefined;
  readonly deviceType: string | undefined;
  readonly devicePlatform: string | undefined;
  /** IPv4 with dotted masks, IPv6 with prefix. */
  readonly routes: readonly string[];
  readonly noRoutes: readonly string[];
  readonly dns: readonly string[];
  readonly isRestrictedToRoutes: boolean;
  readonly ports: PortRules;
}

export interface ScriptStatistics {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly seconds: number;
}

export type ScriptReason = 'connect' | 'disconnect' | 'host-update';

export function scriptEnvironment(
  reason: ScriptReason,
  subject: ScriptSubject,
  statistics?: ScriptStatistics,
): Record<string, string> {
  const { lease } = subject;
  const environment: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C',
    REASON: reason,
    ID: String(subject.id),
    VHOST: subject.vhost,
    USERNAME: clean(subject.username),
    GROUPNAME: clean(subject.groupname),
    HOSTNAME: clean(subject.hostname),
    REMOTE_HOSTNAME: clean(subject.hostname),
    DEVICE: subject.device,
    IP_REAL: subject.remoteAddress,
    IP_REAL_LOCAL: subject.localAddress,
    USER_AGENT: clean(subject.userAgent),
    DEVICE_TYPE: clean(subject.deviceType),
    DEVICE_PLATFORM: clean(subject.devicePlatform),
  };
  if (lease.ipv4 !== undefined) {
    environment['IP_LOCAL'] = lease.ipv4.local;
    environment['IP_REMOTE'] = lease.ipv4.address;
  }
  if (lease.ipv6 !== undefined) {
    environment['IPV6_LOCAL'] = lease.ipv6.local;
    environment['IPV6_REMOTE'] = lease.ipv6.address;
    environment['IPV6_PREFIX'] = String(lease.ipv6.prefix);
  }
  addLists(environment, 'OCSERV_ROUTES', subject.routes);
  addLists(environment, 'OCSERV_NO_ROUTES', subject.noRoutes);
  addLists(environment, 'OCSERV_DNS', subject.dns);
  if (subject.isRestrictedToRoutes) environment['OCSERV_RESTRICT_TO_ROUTES'] = '1';
  if (subject.ports.rules.length > 0) {
    environment[subject.ports.deny ? 'OCSERV_DENY_PORTS' : 'OCSERV_ALLOW_PORTS'] = subject.ports.rules
      .map((rule) => `${rule.protocol} ${formatPorts(rule) || 'all'} `)
      .join('');
  }
  if (statistics !== undefined) {
    environment['STATS_BYTES_IN'] = String(statistics.rxBytes);
    environment['STATS_BYTES_OUT'] = String(statistics.txBytes);
    environment['STATS_DURATION'] = String(statistics.seconds);
  }
  return environment;
}

/** All, IPv4 and IPv6 under a name each; each element is followed by a blank, empty lists are unset. */
function addLists(environment: Record<string, string>, name: string, list: readonly string[]): void {
  const put = (suffix: string, elements: readonly string[]): void => {
    if (elements.length > 0) environment[name + suffix] = elements.map((element) => `${element} `).join('');
  };
  put('', list);
  put(
    '4',
    list.filter((element) => !element.includes(':')),
  );
  put(
    '6',
    list.filter((element) => element.includes(':')),
  );
}

function clean(text: string | undefined): string {
  return (text ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
