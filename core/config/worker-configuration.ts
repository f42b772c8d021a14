// What Worker.Configure carries besides the generation: written by main, checked and re-typed by each worker
// on arrival. No secret is in it and no path: a worker in its sandbox opens no file, so certificates and the
// like travel as text.
import { packetPathTricks, type PacketPathTrick } from './packet-path.ts';
import type { LoggingConfiguration } from './secmod-configuration.ts';

export interface SelectableGroup {
  readonly name: string;
  readonly label?: string;
}

/** The options of one host that a worker goes by, under their own names. */
export interface WorkerSettings {
  /** Names of the `auth` methods, all of which must be satisfied, e.g. ["certificate", "plain"]. */
  readonly auth: readonly string[];
  /** Alternatives to `auth`, one name each. */
  readonly 'enable-auth': readonly string[];
  readonly 'tls-priorities': string;
  readonly 'match-tls-dtls-ciphers': boolean;
  readonly 'dtls-psk': boolean;
  readonly 'dtls-legacy': boolean;
  readonly 'cisco-client-compat': boolean;
  readonly 'cisco-svc-client-compat': boolean;
  /** The port clients shall send datagrams to; 0 = no DTLS. */
  readonly 'udp-port': number;
  readonly 'auth-timeout': number;
  readonly 'cookie-timeout': number;
  readonly 'rekey-time': number;
  readonly 'rekey-method': 'ssl' | 'new-tunnel';
  readonly 'switch-to-tcp-timeout': number;
  readonly 'try-mtu-discovery': boolean;
  /** Packets; 0 = the system's default. */
  readonly 'output-buffer': number;
  readonly 'select-group': readonly SelectableGroup[];
  readonly 'default-select-group'?: string;
  readonly 'auto-select-group': boolean;
  readonly 'select-group-by-url': boolean;
  readonly 'proxy-url'?: string;
  readonly 'custom-header': readonly string[];
  readonly 'included-http-headers': readonly string[];
  readonly compression: boolean;
  readonly 'compression-algo-priority': readonly string[];
  readonly 'no-compress-limit': number;
  readonly banner?: string;
  readonly 'pre-login-banner'?: string;
  readonly 'listen-host-is-dyndns': boolean;
  /** Paths of the KDC proxy alone: realms and KDCs are main's part. */
  readonly kkdcp: readonly string[];
}

export interface WorkerCertificate {
  /** PEM, leaf first. */
  readonly chain: string;
  /** `serverKeyId` of the leaf; the security module signs for this name. */
  readonly keyId: string;
}

/** A host that looks like a plain web server to whoever does not know the secret. */
export interface WorkerCamouflage {
  /** SHA-256 of camouflage_secret, hexadecimal: the worker compares, and need not know it. */
  readonly secretSha256: string;
  /** Absent: nothing is found, instead of nobody let in. */
  readonly realm?: string;
}

export interface WorkerHost {
  /** Absent for the default host. */
  readonly name?: string;
  readonly settings: WorkerSettings;
  readonly certificates: readonly WorkerCertificate[];
  /** PEM of `ca-cert`; absent where nobody is asked for a certificate. Revocation is the security module's part. */
  readonly clientAuthorities?: string;
  /** base64 of the DER in `ocsp-response`. */
  readonly ocspResponse?: string;
  /** PEM of `dh-params`. */
  readonly dhParameters?: string;
  readonly camouflage?: WorkerCamouflage;
}

export interface WorkerSandbox {
  readonly uid: number;
  readonly gid: number;
  readonly chroot?: string;
  readonly seccomp: boolean;
  /** What it may allocate beyond what it has then; absent = as much as it likes. */
  readonly memoryBytes?: number;
}

export interface WorkerConfiguration {
  /** The default host first. */
  readonly hosts: readonly [WorkerHost, ...WorkerHost[]];
  /** Applied with the first configuration only: there is no way back out. */
  readonly sandbox: WorkerSandbox;
  /** Taken from the first configuration, too: the packet thread is made with it. */
  readonly packetPathDisable: readonly PacketPathTrick[];
  readonly logging: LoggingConfiguration;
}

type Value = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText);
const isGroup: Check = (value) =>
  isObject(value) && isText(value['name']) && (value['label'] === undefined || isText(value['label']));

interface Member {
  readonly expected: string;
  readonly check: Check;
  readonly optional?: boolean;
}

const text: Member = { expected: 'text', check: isText };
const flag: Member = { expected: 'a boolean', check: isFlag };
const count: Member = { expected: 'a whole number, not negative', check: isCount };
const textList: Member = { expected: 'a list of texts', check: isTextList };
const optional = (member: Member): Member => ({ ...member, optional: true });

const settingsMembers: { readonly [K in keyof Required<WorkerSettings>]: Member } = {
  auth: textList,
  'enable-auth': textList,
  'tls-priorities': text,
  'match-tls-dtls-ciphers': flag,
  'dtls-psk': flag,
  'dtls-legacy': flag,
  'cisco-client-compat': flag,
  'cisco-svc-client-compat': flag,
  'udp-port': count,
  'auth-timeout': count,
  'cookie-timeout': count,
  'rekey-time': count,
  'rekey-method': {
    expected: '"ssl" or "new-tunnel"',
    check: (value) => value === 'ssl' || value === 'new-tunnel',
  },
  'switch-to-tcp-timeout': count,
  'try-mtu-discovery': flag,
  'output-buffer': count,
  'select-group': {
    expected: 'a list of {name, label}',
    check: (value) => Array.isArray(value) && value.every(isGroup),
  },
  'default-select-group': optional(text),
  'auto-select-group': flag,
  'select-group-by-url': flag,
  'proxy-url': optional(text),
  'custom-header': textList,
  'included-http-headers': textList,
  compression: flag,
  'compression-algo-priority': textList,
  'no-compress-limit': count,
  banner: optional(text),
  'pre-login-banner': optional(text),
  'listen-host-is-dyndns': flag,
  kkdcp: textList,
};

type PlainHost = Omit<WorkerHost, 'settings' | 'certificates' | 'camouflage'>;

const hostMembers: { readonly [K in keyof Required<PlainHost>]: Member } = {
  name: optional(text),
  clientAuthorities: optional(text),
  ocspResponse: optional(text),
  dhParameters: optional(text),
};

const sandboxMembers: { readonly [K in keyof Required<WorkerSandbox>]: Member } = {
  uid: count,
  gid: count,
  chroot: optional(text),
  seccomp: flag,
  memoryBytes: optional(count),
};

const loggingMembers: { readonly [K in keyof Required<LoggingConfiguration>]: Member } = {
  level: { expected: '0…9', check: (value) => isCount(value) && (value as number) <= 9 },
  stderr: flag,
  syslog: flag,
  syslogFacility: text,
};

/** Throws a RangeError that names the member when `value` is not what main sends. */
export function parseWorkerConfiguration(value: Value): WorkerConfiguration {
  const hosts = listAt(value, 'hosts').map((host, index) => parseHost(host, `hosts[${index}]`));
  const [first, ...others] = hosts;
  if (first === undefined) throw new RangeError('hosts: expected the default host');
  if (first.name !== undefined) throw new RangeError('hosts[0].name: the default host has no name');
  if (others.some(({ name }) => name === undefined))
    throw new RangeError('hosts: only the first may lack a name');
  return {
    hosts: [first, ...others],
    packetPathDisable: parseTricks(value['packetPathDisable']),
    sandbox: parseMembers<WorkerSandbox>(value['sandbox'], sandboxMembers, 'sandbox'),
    logging: parseMembers<LoggingConfiguration>(value['logging'], loggingMembers, 'logging'),
  };
}

function parseTricks(value: unknown): readonly PacketPathTrick[] {
  const known: readonly unknown[] = packetPathTricks;
  if (!Array.isArray(value) || !value.every((name) => known.includes(name))) {
    throw new RangeError(`packetPathDisable: expected a list of ${packetPathTricks.join(', ')}`);
  }
  return value as PacketPathTrick[];
}

function parseHost(value: unknown, at: string): WorkerHost {
  if (!isObject(value)) throw new RangeError(`${at}: expected an object`);
  const certificates = listAt(value, 'certificates', at).map((certificate, index) =>
    parseMembers<WorkerCertificate>(
      certificate,
      { chain: text, keyId: text },
      `${at}.certificates[${index}]`,
    ),
  );
  const camouflage = value['camouflage'] ?? undefined;
  return {
    ...parseMembers<PlainHost>(value, hostMembers, at),
    ...(camouflage === undefined
      ? {}
      : {
          camouflage: parseMembers<WorkerCamouflage>(
            camouflage,
            { secretSha256: text, realm: optional(text) },
            `${at}.camouflage`,
          ),
        }),
    settings: parseMembers<WorkerSettings>(value['settings'], settingsMembers, `${at}.settings`),
    certificates,
  };
}

/** The named members and no others; null counts as absent. */
function parseMembers<T>(value: unknown, members: Readonly<Record<string, Member>>, at: string): T {
  if (!isObject(value)) throw new RangeError(`${at}: expected an object`);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    const found = value[name] ?? undefined;
    if (found === undefined && member.optional === true) continue;
    if (!member.check(found)) throw new RangeError(`${at}.${name}: expected ${member.expected}`);
    result[name] = found;
  }
  return result as T;
}

function listAt(value: Value, name: string, at?: string): readonly unknown[] {
  const list = value[name];
  if (!Array.isArray(list))
    throw new RangeError(`${at === undefined ? '' : `${at}.`}${name}: expected a list`);
  return list;
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
