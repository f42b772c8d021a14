// The nftables rules that keep a session to its routes and ports, as the text `nft -f` takes. Pure; used by
// firewall.ts. One table a device, replaced as a whole in one transaction:
//
//   to the device        replies pass, the rest is none of our business
//   from the device      DNS of the session; ports (forbidden ones here, allowed ones on to the routes); routes
//
// The rule about replies stands for more than it says: it turns connection tracking on, which puts fragments together
// before we look at ports. `reject` answers with ICMP "port unreachable". "accept" ends this chain alone: tables of the
// administrator go on to see the packet.
import { formatPorts, type PortRule, type PortRules } from '../config/index.ts';
import { bitsOf, contains, formatCidr, parseAddress, type Network } from './addresses.ts';

export interface Restriction {
  readonly device: string;
  /** Empty = everything but `noRoutes`. */
  readonly routes: readonly Network[];
  readonly noRoutes: readonly Network[];
  readonly dns: readonly string[];
  /** Without rules: every port. */
  readonly ports: PortRules;
}

const prefix = 'ocserv_';

/** Family and name of the table of a device. */
export function firewallTable(device: string): string {
  return `inet ${prefix}${device.replace(/[^A-Za-z0-9_]/g, '_')}`;
}

/** The tables among the lines of `nft list tables` that belong to no such device. */
export function strayTables(listing: string, devices: readonly string[]): string[] {
  const owned = new Set(devices.map(firewallTable));
  return listing
    .split('\n')
    .flatMap((line) => /^table (inet \w+)$/.exec(line.trim())?.[1] ?? [])
    .filter((table) => table.startsWith(`inet ${prefix}`) && !owned.has(table));
}

/** Whether it is there or not. */
export function removalRules(tables: readonly string[]): string {
  return tables.map((table) => `table ${table}\ndelete table ${table}\n`).join('');
}

export function restrictionRules(restriction: Restriction): string {
  const { device, ports, dns } = restriction;
  const table = firewallTable(device);
  const routes = routeRules(restriction);
  const allows = ports.rules.length > 0 && !ports.deny;
  const limits = ports.rules.map((rule) => `${matchOf(rule)} ${ports.deny ? 'reject' : 'jump routes'}`);
  const forward = [
    'type filter hook forward priority -10; policy accept;',
    `oif "${device}" ct state established,related accept`,
    `iif != "${device}" accept`,
    ...daddr(dns.flatMap(hostOf)).map((match) => `${match} meta l4proto { tcp, udp } th dport 53 accept`),
    ...limits,
    ...(allows ? ['reject'] : routes),
  ];
  const chain = (name: string, rules: readonly string[]): string =>
    `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join('')}  }\n`;
  return `${removalRules([table])}table ${table} {
${allows ? chain('routes', routes) : ''}${chain('ocserv_fwd', forward)}}
`;
}

function routeRules({ routes, noRoutes }: Restriction): string[] {
  const reject = daddr(noRoutes).map((match) => `${match} reject`);
  if (routes.length === 0) return [...reject, 'accept'];
  return [...reject, ...daddr(routes).map((match) => `${match} accept`), 'reject'];
}

function matchOf(rule: PortRule): string {
  const protocol = rule.protocol === 'icmpv6' ? 'ipv6-icmp' : rule.protocol;
  const ports = formatPorts(rule);
  return `meta l4proto ${protocol}${ports === '' ? '' : ` th dport ${ports}`}`;
}

/** One match a family. A set must not hold a network twice, so those inside another one are left out. */
function daddr(networks: readonly Network[]): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const widest = networks
      .filter((network) => network.family === family)
      .filter(
        (network, index, all) =>
          !all.some(
            (other, at) =>
              contains(other, { family, value: network.base }) &&
              (other.prefix < network.prefix || (other.prefix === network.prefix && at < index)),
          ),
      );
    if (widest.length === 0) return [];
    return [`${family === 4 ? 'ip' : 'ip6'} daddr { ${widest.map(formatCidr).join(', ')} }`];
  });
}

function hostOf(text: string): Network[] {
  const address = parseAddress(text);
  if (address === undefined) return [];
  return [{ family: address.family, base: address.value, prefix: bitsOf(address.family) }];
}
