// The configuration file of radcli and freeradius-client ("keyword value" lines) and the file with the shared
// secrets beside it, as sites have them. Read once, when the security module starts. No message holds a secret.
import { readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import path from 'node:path';
import { Secret } from '../../system/index.ts';

export interface RadiusServer {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  readonly secret: Secret;
}

export interface RadiusConfiguration {
  readonly authServers: readonly RadiusServer[];
  readonly acctServers: readonly RadiusServer[];
  /** How long one try waits for its answer. */
  readonly timeoutMs: number;
  /** Further tries at one server after the first. */
  readonly retries: number;
  /** How long a silent server is asked last. */
  readonly deadTimeMs: number;
  readonly bindAddress?: string;
  /** Appended to user names without "@" in an Access-Request. */
  readonly defaultRealm?: string;
  readonly nasIdentifier?: string;
  readonly nasAddress?: string;
  /** Absent where the file leaves it open. */
  readonly requireMessageAuthenticator?: boolean;
}

export interface ReadConfiguration {
  /** Absent when there is a problem. */
  readonly configuration?: RadiusConfiguration;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Which servers are needed: those of an auth line or of an acct line. */
export type ServerKind = 'auth' | 'acct';

const MAX_SERVERS = 8;
const DEFAULT_TIMEOUT_SECONDS = 10;
const DEFAULT_RETRIES = 3;
// Longer than any login may last: a larger number is a slip.
const MAX_SECONDS = 3_600;
const MAX_RETRIES = 100;
const AUTH_PORT = 1812;
const ACCT_PORT = 1813;

/** Known and without effect: our attributes are built in, and the rest belongs to other programs of the library. */
const IGNORED: ReadonlySet<string> = new Set([
  'dictionary',
  'auth_order',
  'login_tries',
  'login_timeout',
  'nologin',
  'issue',
  'seqfile',
  'mapfile',
  'login_radius',
  'login_local',
  'clientdebug',
  'use-public-addr',
]);

export function readRadiusConfiguration(file: string, kind: ServerKind): ReadConfiguration {
  try {
    return parseRadiusConfiguration(file, readFileSync(file, 'utf8'), kind, (name) =>
      readFileSync(name, 'utf8'),
    );
  } catch (error) {
    return { problems: [`cannot open '${file}' (${codeOf(error)}); expected a readable file`], warnings: [] };
  }
}

interface Entry {
  readonly value: string;
  readonly line: number;
}

/** `readFile` reads the file of secrets; it throws when it cannot. */
export function parseRadiusConfiguration(
  file: string,
  text: string,
  kind: ServerKind,
  readFile: (name: string) => string,
): ReadConfiguration {
  const problems: string[] = [];
  const warnings: string[] = [];
  const at = ({ line }: Entry): string => `${file}:${line}: `;
  const entries = readEntries(text);
  const last = (keyword: string): Entry | undefined => entries.get(keyword)?.at(-1);
  const known = new Set(IGNORED);
  const optional = (keyword: string): Entry | undefined => {
    known.add(keyword);
    const entry = last(keyword);
    return entry?.value === '' ? undefined : entry;
  };
  const number = (keyword: string, otherwise: number, most: number): number => {
    const entry = optional(keyword);
    if (entry === undefined) return otherwise;
    const value = Number(entry.value);
    if (/^\d{1,9}$/.test(entry.value) && value <= most) return value;
    problems.push(`${at(entry)}${keyword}: expected 0…${most}, found "${shown(entry.value)}"`);
    return otherwise;
  };
  const address = (keyword: string): string | undefined => {
    const entry = optional(keyword);
    if (entry === undefined || isIP(entry.value) !== 0) return entry?.value;
    if (keyword === 'bindaddr' && entry.value === '*') return undefined;
    problems.push(`${at(entry)}${keyword}: expected an address, found "${shown(entry.value)}"`);
    return undefined;
  };

  const transport = optional('serv-type') ?? optional('serv-auth-type');
  known.add('serv-auth-type');
  if (transport !== undefined && transport.value.toLowerCase() !== 'udp') {
    problems.push(`${at(transport)}serv-type: expected udp, found "${shown(transport.value)}"`);
  }
  const namespace = optional('namespace');
  if (namespace !== undefined) {
    problems.push(`${at(namespace)}namespace: expected none; the network of the server is used`);
  }
  for (const keyword of ['tls-ca-file', 'tls-cert-file', 'tls-key-file', 'tls-verify-hostname'])
    known.add(keyword);

  const secretsFile = optional('servers');
  const secretOf = secretsFinder(secretsFile, path.dirname(file), at, problems, readFile);
  const servers = (keyword: 'authserver' | 'acctserver', port: number, isNeeded: boolean): RadiusServer[] => {
    known.add(keyword);
    const found: RadiusServer[] = [];
    const named = (entries.get(keyword) ?? []).flatMap((entry) =>
      entry.value.split(',').map((part) => ({ value: part.trim(), line: entry.line })),
    );
    for (const entry of named) {
      const server = parseServer(entry.value, port);
      if (server === undefined) {
        // An inline secret may stand in it, so the text is not shown.
        problems.push(`${at(entry)}${keyword}: expected HOST[:PORT[:SECRET]]`);
        continue;
      }
      const secret = server.secret ?? (isNeeded ? secretOf(server.host) : undefined);
      if (secret !== undefined && secret !== '') {
        found.push({ host: server.host, port: server.port, secret: new Secret(secret) });
      } else if (isNeeded) {
        problems.push(
          `${at(entry)}${keyword}: no secret for "${shown(server.host)}"; expected one in the file named by "servers"`,
        );
      }
    }
    if (isNeeded && named.length === 0) problems.push(`${file}: no ${keyword}; expected ${keyword} HOST`);
    if (found.length > MAX_SERVERS)
      warnings.push(`${file}: only the first ${MAX_SERVERS} of ${keyword} are used`);
    return isNeeded ? found.slice(0, MAX_SERVERS) : [];
  };
  const authServers = servers('authserver', AUTH_PORT, kind === 'auth');
  const acctServers = servers('acctserver', ACCT_PORT, kind === 'acct');

  const required = optional('require-message-authenticator');
  if (required !== undefined && !/^(yes|no|true|false)$/i.test(required.value)) {
    problems.push(`${at(required)}require-message-authenticator: expected yes or no`);
  }
  const timeoutMs = Math.max(1, number('radius_timeout', DEFAULT_TIMEOUT_SECONDS, MAX_SECONDS)) * 1000;
  const retries = number('radius_retries', DEFAULT_RETRIES, MAX_RETRIES);
  const deadTimeMs = number('radius_deadtime', 0, MAX_SECONDS * 24) * 1000;
  const bindAddress = address('bindaddr');
  const nasAddress = address('nas-ip');
  const defaultRealm = optional('default_realm')?.value;
  const nasIdentifier = optional('nas-identifier')?.value;
  for (const [keyword, [entry]] of entries) {
    if (!known.has(keyword) && entry !== undefined) {
      warnings.push(`${at(entry)}unknown keyword "${shown(keyword)}" is ignored`);
    }
  }
  if (problems.length > 0) return { problems, warnings };
  return {
    problems,
    warnings,
    configuration: {
      authServers,
      acctServers,
      timeoutMs,
      retries,
      deadTimeMs,
      ...(required === undefined
        ? {}
        : { requireMessageAuthenticator: /^(yes|true)$/i.test(required.value) }),
      ...(bindAddress === undefined ? {} : { bindAddress }),
      ...(defaultRealm === undefined ? {} : { defaultRealm }),
      ...(nasIdentifier === undefined ? {} : { nasIdentifier }),
      ...(nasAddress === undefined ? {} : { nasAddress }),
    },
  };
}

/** Lines that begin with "#" are comments; a keyword without value counts as not set. */
function readEntries(text: string): Map<string, Entry[]> {
  const entries = new Map<string, Entry[]>();
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const [, keyword = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    const name = keyword.toLowerCase();
    entries.set(name, [...(entries.get(name) ?? []), { value, line: index + 1 }]);
  });
  return entries;
}

// host, host:port, host:port:secret, [v6], [v6]:port, [v6]:port:secret, a bare IPv6 address
function parseServer(
  text: string,
  defaultPort: number,
): { host: string; port: number; secret: string | undefined } | undefined {
  if (isIPv6(text)) return { host: text, port: defaultPort, secret: undefined };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5})?(?::(.*))?)?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || (match?.[1] !== undefined && !isIPv6(host))) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port < 1 || port > 65_535 ? undefined : { host, port, secret: match?.[4] };
}

/** "server secret" or "client/server secret" lines; the first that names the host counts. */
function secretsFinder(
  named: Entry | undefined,
  folder: string,
  at: (entry: Entry) => string,
  problems: string[],
  readFile: (name: string) => string,
): (host: string) => string | undefined {
  let pairs: { readonly names: readonly string[]; readonly secret: string }[] | undefined;
  return (host) => {
    if (named === undefined) return undefined;
    if (pairs === undefined) {
      pairs = [];
      const file = path.resolve(folder, named.value);
      try {
        for (const raw of readFile(file).split(/\r?\n/)) {
          const line = raw.trim();
          const [, names, secret] = /^(\S+)\s+(\S+)/.exec(line) ?? [];
          if (line.startsWith('#') || names === undefined || secret === undefined) continue;
          pairs.push({ names: names.split('/').map(comparable), secret });
        }
      } catch (error) {
        problems.push(
          `${at(named)}servers: cannot open '${file}' (${codeOf(error)}); expected a readable file`,
        );
      }
    }
    return pairs.find(({ names }) => names.includes(comparable(host)))?.secret;
  };
}

/** One spelling for each address and name, and one for this machine itself. */
function comparable(name: string): string {
  const plain = name.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const address = isIPv6(plain) ? new URL(`http://[${plain}]/`).hostname.slice(1, -1) : plain;
  return ['localhost', '::1'].includes(address) ? '127.0.0.1' : address;
}

/** What a person wrote, on one line and bounded. */
function shown(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
