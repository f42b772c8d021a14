// Is the configuration of a host complete, and do its options go together? In the order of the C program, whose
// sentences are kept; unlike it, every mistake is reported. Called by load.ts, default host first.
import { parsePriorities } from '../protocol/priorities.ts';
import { quoteValue } from './diagnostics.ts';
import { takesSettingsFromRadius } from './methods.ts';
import { optionNames, optionTable, type OptionName } from './options.ts';
import { parsePortRules } from './ports.ts';
import type { VirtualHost } from './types.ts';
import type { Place, Report } from './parser.ts';

export interface Checked {
  readonly host: VirtualHost;
  readonly places: ReadonlyMap<OptionName, Place>;
  readonly report: Report;
}

const TOP: Place = { line: 1, column: 1 };

export function checkHost({ host, places, report }: Checked): void {
  const { settings, name: vhost } = host;
  const isDefault = vhost === undefined;
  const tried = (option: OptionName): boolean => places.has(option);
  const error = (text: string, option?: OptionName): void => {
    report('error', text, { place: (option && places.get(option)) ?? TOP, vhost });
  };
  const note = (text: string): void => report('note', text, { vhost });

  if (isDefault && settings.auth.length === 0 && !tried('auth')) {
    error("the 'auth' configuration option was not specified!; expected auth = plain[passwd=FILE]");
  }
  if (isDefault || tried('auth') || tried('enable-auth') || tried('acct')) checkMethods(host, error, note);
  if (isDefault && settings['socket-file'] === undefined && !tried('socket-file')) {
    error("the 'socket-file' configuration option must be specified!; expected socket-file = FILE");
  }
  if (isDefault && settings['tcp-port'] === 0 && (!tried('tcp-port') || host.explicit.includes('tcp-port'))) {
    error('the tcp-port option is mandatory!; expected tcp-port = 1…65535', 'tcp-port');
  }
  const noCertificate = settings['server-cert'].length === 0;
  if (isDefault && (noCertificate || settings['server-key'].length === 0)) {
    error(
      "the 'server-cert' and 'server-key' configuration options must be specified!; expected a PEM file for each",
    );
  } else if (settings['server-cert'].length !== settings['server-key'].length) {
    error(
      "the specified number of keys doesn't match the certificates; expected one server-key for each server-cert",
      tried('server-key') ? 'server-key' : 'server-cert',
    );
  }
  checkNetworks(host, places, error);
  if (settings.banner !== undefined && Buffer.byteLength(settings.banner) > 256 && isOwn(host, 'banner')) {
    error('banner size is too long; expected at most 256 bytes', 'banner');
  }
  const priorities = parsePriorities(settings['tls-priorities']);
  if ('error' in priorities && (isDefault || tried('tls-priorities'))) {
    error(
      `tls-priorities: ${priorities.error} at ${quoteValue(priorities.rest)}; expected a priority string such as NORMAL:%SERVER_PRECEDENCE`,
      'tls-priorities',
    );
  }
  checkCertificateUser(host, error);
  if (settings['cisco-svc-client-compat'] && ![0, 443].includes(settings['udp-port'])) {
    error(
      ' cisco-svc-client-compat option requires udp-port = 443; expected 443 or 0',
      'cisco-svc-client-compat',
    );
  }
  for (const option of ['cisco-svc-client-compat', 'cisco-client-compat'] as const) {
    if (settings[option] && !settings['dtls-legacy']) {
      note(`the ${option} option implies dtls-legacy = true; enabling`);
    }
  }
  if (isDefault && settings.device === undefined && !tried('device')) {
    error("the 'device' configuration option must be specified!; expected e.g. device = vpns");
  }
  const isLegacy = settings['dtls-legacy'] || settings['cisco-client-compat'];
  if (settings['match-tls-dtls-ciphers'] && isLegacy) {
    error(
      "'match-tls-dtls-ciphers' cannot be applied when 'dtls-legacy' or 'cisco-client-compat' is on; expected dtls-legacy = false",
      'match-tls-dtls-ciphers',
    );
  }
  if (settings.camouflage && (settings.camouflage_secret ?? '') === '') {
    error(
      'camouflage without camouflage_secret would refuse every client; expected camouflage_secret',
      'camouflage',
    );
  }
  if (parsePortRules(settings['restrict-user-to-ports']) === undefined) {
    error(
      'restrict-user-to-ports: some lines allow and some forbid; expected all with "!" or none',
      'restrict-user-to-ports',
    );
  }
  if (settings['expose-iroutes'] && settings['config-per-user'] === undefined && tried('expose-iroutes')) {
    report('warning', 'expose-iroutes finds no files without config-per-user; expected config-per-user', {
      place: places.get('expose-iroutes') ?? TOP,
      vhost,
    });
  }
  checkSupplemental(host, error, note);
  checkHonoured({ host, places, report });
}

function isOwn(host: VirtualHost, option: OptionName): boolean {
  return host.explicit.includes(option);
}

type Say = (text: string, option?: OptionName) => void;

function checkMethods(host: VirtualHost, error: Say, note: Say): void {
  const { auth, 'enable-auth': alternatives, acct } = host.settings;
  const title = `vhost:${host.name ?? 'default'}: `;
  const say = host.name === undefined ? title : '';
  const others = auth.filter(({ name }) => name !== 'certificate');
  if (others.length > 1) {
    error(
      `${say}you cannot mix multiple authentication methods of ${others[1]?.name} type; expected one method besides certificate`,
      'auth',
    );
  }
  if (alternatives.length > 2) {
    error(
      `${say}you cannot enable more than 4 authentication methods; expected at most 2 lines of enable-auth`,
      'enable-auth',
    );
  }
  const passwords = [...auth.slice(0), ...alternatives].filter(({ name }) =>
    ['plain', 'pam', 'radius'].includes(name),
  );
  if (passwords.length > 1 && others.length <= 1) {
    error(
      `${say}you cannot mix multiple password authentication methods; expected one of plain, pam and radius`,
      'enable-auth',
    );
  }
  const primary = [...new Set(auth.map(({ name }) => name))].join('+');
  if (primary !== '') note(`${say}setting '${primary}' as primary authentication method`);
  for (const { name } of alternatives) note(`${say}enabling '${name}' as authentication method`);
  if (acct !== undefined) note(`setting '${acct.name}' as accounting method`);
}

function checkNetworks(host: VirtualHost, places: ReadonlyMap<OptionName, Place>, error: Say): void {
  const { settings } = host;
  const four = settings['ipv4-network'];
  const six = settings['ipv6-network'];
  const tried = places.has('ipv4-network') || places.has('ipv6-network');
  if (four === undefined && six === undefined && !tried && host.name === undefined) {
    error('no ipv4-network or ipv6-network options set.; expected e.g. ipv4-network = 192.168.77.0/24');
  }
  const own = host.name === undefined || tried;
  const slashed = (option: OptionName): boolean => places.has(option) && !places.has('ipv4-netmask');
  if (own && four !== undefined && settings['ipv4-netmask'] === undefined && slashed('ipv4-network')) {
    error('no mask found for IPv4 network.; expected address/prefix or ipv4-netmask', 'ipv4-network');
  }
  if (!own || six === undefined) return;
  const prefix = settings['ipv6-prefix'];
  const subnet = settings['ipv6-subnet-prefix'];
  if (prefix === 0) {
    error('no prefix found for IPv6 network.; expected address/prefix or ipv6-prefix', 'ipv6-network');
  } else if (prefix >= subnet) {
    error(
      `the subnet prefix (${subnet}) cannot be smaller or equal to network's (${prefix}); expected ipv6-subnet-prefix above ${prefix}`,
      'ipv6-network',
    );
  }
}

function checkCertificateUser(host: VirtualHost, error: Say): void {
  const { auth, 'enable-auth': alternatives, 'cert-user-oid': oid } = host.settings;
  const asked = [...auth, ...alternatives].some(({ name }) => name === 'certificate');
  if (!asked) return;
  if (oid === undefined) {
    error("a certificate is requested by the option 'cert-user-oid' is not set; expected an OID", 'auth');
  }
  if (host.settings['ca-cert'] === undefined) {
    error(
      "certificate authentication without 'ca-cert' would refuse everybody; expected ca-cert = FILE",
      'auth',
    );
  }
}

function checkSupplemental(host: VirtualHost, error: Say, note: Say): void {
  const fromRadius = takesSettingsFromRadius(host.settings);
  const folders = ['config-per-user', 'config-per-group'] as const;
  const folder = folders.find((option) => host.settings[option] !== undefined);
  if (fromRadius && folder !== undefined) {
    error(
      "specified config-per-user or config-per-group but supplemental config is 'radius'; expected one of them",
      folder,
    );
  }
  if (host.name === undefined)
    note(`setting '${fromRadius ? 'radius' : 'file'}' as supplemental config option`);
}

/** No option is read and silently ignored: one that this release does not act on is named. */
export function checkHonoured({ host, places, report }: Checked): void {
  for (const name of optionNames) {
    const row = optionTable[name];
    if (row.honoured || !host.explicit.includes(name)) continue;
    const value = host.settings[name];
    const initial = row.kind.initial;
    const matters = row.matters?.(value) ?? (Array.isArray(value) ? value.length > 0 : value !== initial);
    if (!matters) continue;
    const at = { place: places.get(name) ?? TOP, vhost: host.name, option: name };
    if (row.refusal === undefined) {
      report('warning', `option ${quoteValue(name)} is not yet honoured and has no effect`, at);
    } else {
      report(
        'error',
        `option ${quoteValue(name)} is not yet honoured and cannot be ignored: ${row.refusal}; expected a file without it`,
        at,
      );
    }
  }
}
