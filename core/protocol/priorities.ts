// GnuTLS priority strings (option tls-priorities) in OpenSSL's words. Called by whoever checks the configuration
// and by the worker when it makes its TLS contexts.
//   1. the first token is a keyword that fills the lists, or NONE or @SYSTEM
//   2. each further token adds (+), removes (- or !) or sets a flag (%)
//   3. the lists become cipher lists, groups and versions
import { cipherSuites, groups, signatures, tls13Suites } from './suites.ts';

type Version = '1.0' | '1.1' | '1.2' | '1.3';

/** Same shape as the native room's TlsPolicy. */
export interface PriorityPolicy {
  readonly minVersion: Version;
  readonly maxVersion: Version;
  readonly cipherList: string;
  readonly cipherSuites: string;
  readonly groups: string;
  readonly signatureAlgorithms: string;
  readonly serverPreference: boolean;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  readonly securityLevel: number;
}

export interface Priorities {
  readonly policy: PriorityPolicy;
  /** PSK suites for DTLS, OpenSSL's names joined by ":"; empty = DTLS cannot be offered. */
  readonly dtlsCipherList: string;
  /** What the string asks for and does not get, for the log. */
  readonly notes: readonly string[];
}

export type PrioritiesResult =
  | { readonly priorities: Priorities }
  /** `rest` begins at the token that was not understood. */
  | { readonly error: string; readonly rest: string };

const allVersions = ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0'];
const normalCiphers = [
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-256-CCM',
  'AES-256-CBC',
  'AES-128-GCM',
  'AES-128-CCM',
  'AES-128-CBC',
];
const fastCiphers = [
  'AES-128-GCM',
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-128-CCM',
  'AES-256-CCM',
  'AES-128-CBC',
  'AES-256-CBC',
];
const allCiphers = [...normalCiphers, 'AES-128-CCM-8', 'AES-256-CCM-8'];
const normalExchanges = ['ECDHE-ECDSA', 'ECDHE-RSA', 'RSA', 'DHE-RSA'];
const normalMacs = ['SHA1', 'AEAD'];
const normalGroups = [
  'SECP256R1',
  'SECP384R1',
  'SECP521R1',
  'X25519',
  'X448',
  'FFDHE2048',
  'FFDHE3072',
  'FFDHE4096',
  'FFDHE6144',
  'FFDHE8192',
];

interface Lists {
  versions: string[];
  ciphers: string[];
  exchanges: string[];
  macs: string[];
  groups: string[];
  /** Undefined = OpenSSL's own list. */
  signatures: string[] | undefined;
  level: number;
}

const normal: Lists = {
  versions: allVersions,
  ciphers: normalCiphers,
  exchanges: normalExchanges,
  macs: normalMacs,
  groups: normalGroups,
  signatures: undefined,
  level: 2,
};
const strong: Lists = {
  ...normal,
  ciphers: ['AES-256-GCM', 'CHACHA20-POLY1305', 'AES-256-CCM', 'AES-256-CBC'],
  macs: ['AEAD'],
  groups: ['SECP384R1', 'SECP521R1', 'FFDHE8192'],
};
const suiteB: Lists = {
  ...normal,
  versions: ['TLS1.2'],
  ciphers: ['AES-256-GCM', 'AES-128-GCM'],
  exchanges: ['ECDHE-ECDSA'],
  macs: ['AEAD'],
  groups: ['SECP256R1', 'SECP384R1'],
};
const keywords: ReadonlyMap<string, Lists> = new Map([
  [
    'NONE',
    { versions: [], ciphers: [], exchanges: [], macs: [], groups: [], signatures: undefined, level: 2 },
  ],
  ['NORMAL', normal],
  ['DEFAULT', normal],
  ['PERFORMANCE', { ...normal, ciphers: fastCiphers }],
  ['SECURE', normal],
  ['SECURE128', normal],
  ['SECURE192', strong],
  ['SECURE256', strong],
  ['SUITEB128', suiteB],
  ['SUITEB192', { ...suiteB, ciphers: ['AES-256-GCM'], groups: ['SECP384R1'] }],
  ['PFS', { ...normal, exchanges: ['ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA'] }],
  ['LEGACY', { ...normal, level: 0 }],
]);

/** Understood by GnuTLS and by us, known to no OpenSSL we run with: no effect either way. */
const obsolete = new Set([
  ...['ARCFOUR-128', 'ARCFOUR-40', '3DES-CBC', 'DES-CBC', 'NULL', 'GOST28147-TNT', 'RC2-40'],
  ...['CAMELLIA-128-CBC', 'CAMELLIA-256-CBC', 'CAMELLIA-192-CBC', 'CAMELLIA-128-GCM', 'CAMELLIA-256-GCM'],
  ...['AES-192-CBC', 'MD5', 'UMAC-96', 'UMAC-128', 'SALSA20-256', 'ESTREAM-SALSA20-256', 'RSA-EXPORT'],
  ...[
    'DHE-DSS',
    'SRP',
    'SRP-RSA',
    'SRP-DSS',
    'ANON-DH',
    'ANON-ECDH',
    'RSA-PSK',
    'DHE-PSK',
    'ECDHE-PSK',
    'PSK',
  ],
  ...[
    'CTYPE-X509',
    'CTYPE-X.509',
    'CTYPE-ALL',
    'CTYPE-OPENPGP',
    'CTYPE-RAWPK',
    'CTYPE-SRV-ALL',
    'CTYPE-CLI-ALL',
  ],
  ...[
    'COMP-NULL',
    'COMP-ALL',
    'COMP-DEFLATE',
    'VERS-SSL3.0',
    'VERS-DTLS-ALL',
    'VERS-DTLS0.9',
    'VERS-DTLS1.0',
  ],
  ...['VERS-DTLS1.2', 'GROUP-SECP192R1', 'GROUP-SECP224R1', 'CURVE-SECP192R1', 'CURVE-SECP224R1'],
  ...[
    'SIGN-RSA-MD5',
    'SIGN-RSA-SHA224',
    'SIGN-DSA-SHA1',
    'SIGN-DSA-SHA224',
    'SIGN-DSA-SHA256',
    'SIGN-ECDSA-SHA224',
  ],
]);

const ignoredFlags = new Set([
  ...['SAFE_RENEGOTIATION', 'PARTIAL_RENEGOTIATION', 'NO_TICKETS', 'NO_TICKETS_TLS12', 'FALLBACK_SCSV'],
  ...['LATEST_RECORD_VERSION', 'SSL3_RECORD_VERSION', 'DUMBFW', 'NEW_PADDING', 'STATELESS_COMPRESSION'],
  ...['DISABLE_WILDCARDS', 'ALLOW_SMALL_RECORDS', 'VERIFY_DISABLE_CRL_CHECKS', 'VERIFY_ALLOW_SIGN_RSA_MD5'],
  ...['VERIFY_ALLOW_BROKEN', 'VERIFY_ALLOW_X509_V1_CA_CRT', 'KEEP_UNKNOWN_EXTENSIONS', 'FORCE_SESSION_HASH'],
]);
const refusedFlags: ReadonlyMap<string, string> = new Map([
  ['UNSAFE_RENEGOTIATION', 'unsafe renegotiation is never allowed'],
  ['DISABLE_SAFE_RENEGOTIATION', 'safe renegotiation (RFC 5746) is always on'],
  ['FORCE_ETM', 'encrypt-then-MAC is offered but not required'],
  ['DISABLE_TLS13_COMPAT_MODE', 'the compatibility mode of TLS 1.3 stays on'],
]);
const profileLevels: ReadonlyMap<string, number> = new Map([
  ['PROFILE_VERY_WEAK', 0],
  ['PROFILE_LOW', 1],
  ['PROFILE_LEGACY', 1],
  ['PROFILE_MEDIUM', 2],
  ['PROFILE_HIGH', 3],
  ['PROFILE_ULTRA', 4],
  ['PROFILE_FUTURE', 5],
  ['PROFILE_SUITEB128', 3],
  ['PROFILE_SUITEB192', 4],
]);

/** Which list a name belongs to and which entries of it; undefined = not a name at all. */
function entriesOf(
  name: string,
): { list: Exclude<keyof Lists, 'level'>; names: readonly string[] } | undefined {
  if (name === 'VERS-ALL' || name === 'VERS-TLS-ALL') return { list: 'versions', names: allVersions };
  if (name === 'CIPHER-ALL') return { list: 'ciphers', names: allCiphers };
  if (name === 'KX-ALL') return { list: 'exchanges', names: normalExchanges };
  if (name === 'MAC-ALL') return { list: 'macs', names: ['SHA1', 'SHA256', 'SHA384', 'AEAD'] };
  if (name === 'GROUP-ALL' || name === 'CURVE-ALL') return { list: 'groups', names: normalGroups };
  if (name === 'SIGN-ALL') return { list: 'signatures', names: [...signatures.keys()] };
  if (allCiphers.includes(name)) return { list: 'ciphers', names: [name] };
  if (normalExchanges.includes(name)) return { list: 'exchanges', names: [name] };
  if (['SHA1', 'SHA256', 'SHA384', 'AEAD'].includes(name)) return { list: 'macs', names: [name] };
  const dash = name.indexOf('-');
  const [kind, rest] = [name.slice(0, dash), name.slice(dash + 1)];
  if (kind === 'VERS' && allVersions.includes(rest)) return { list: 'versions', names: [rest] };
  if ((kind === 'GROUP' || kind === 'CURVE') && groups.has(rest)) return { list: 'groups', names: [rest] };
  if (kind === 'SIGN' && signatures.has(rest)) return { list: 'signatures', names: [rest] };
  if (obsolete.has(name)) return { list: 'ciphers', names: [] };
  return undefined;
}

interface Flags {
  serverPreference: boolean;
  extendedMasterSecret: boolean;
  encryptThenMac: boolean;
}

/** False: no such flag. */
function applyFlag(flag: string, flags: Flags, lists: Lists, notes: string[]): boolean {
  const level = profileLevels.get(flag);
  const refused = refusedFlags.get(flag);
  if (flag === 'SERVER_PRECEDENCE') flags.serverPreference = true;
  // Clients that want %COMPAT know the extended master secret or ignore it, so it stays on.
  else if (flag === 'COMPAT' || flag === 'NO_ETM') flags.encryptThenMac = false;
  else if (flag === 'NO_SESSION_HASH') flags.extendedMasterSecret = false;
  else if (flag === 'VERIFY_ALLOW_SIGN_WITH_SHA1') lists.level = 0;
  else if (level !== undefined) lists.level = level;
  else if (refused !== undefined) notes.push(`%${flag}: ${refused}`);
  else return ignoredFlags.has(flag);
  return true;
}

function applyToken(token: string, lists: Lists): boolean {
  const entries = entriesOf(token.slice(1));
  if (entries === undefined) return false;
  if (entries.list === 'signatures' && lists.signatures === undefined)
    lists.signatures = [...signatures.keys()];
  const old = lists[entries.list] ?? [];
  if (token.startsWith('+'))
    lists[entries.list] = [...old, ...entries.names.filter((name) => !old.includes(name))];
  else lists[entries.list] = old.filter((name) => !entries.names.includes(name));
  return true;
}

/** Stage 3. Text = nothing usable is left. */
function policyOf(lists: Lists, flags: Flags, notes: string[], isExplicit: boolean): Priorities | string {
  const versions = lists.versions.filter((version) => version === 'TLS1.2' || version === 'TLS1.3');
  // TLS 1.0 and 1.1 sign MD5 and SHA-1 together, which the holder of the keys refuses.
  if (isExplicit && versions.length < lists.versions.length)
    notes.push('TLS 1.0 and TLS 1.1 are not offered');
  if (versions.length === 0) return 'no protocol version is left';

  let exchanges = lists.exchanges;
  if (exchanges.includes('RSA') && !exchanges.some((exchange) => exchange.endsWith('-RSA'))) {
    notes.push('key exchange RSA is not offered, ECDHE-RSA and DHE-RSA take its place');
    exchanges = [...exchanges, 'ECDHE-RSA', 'DHE-RSA'];
  }
  const suitesWith = (exchange: (name: string) => boolean): string[] =>
    lists.ciphers.flatMap((cipher) =>
      cipherSuites
        .filter(
          (suite) => suite.cipher === cipher && lists.macs.includes(suite.mac) && exchange(suite.exchange),
        )
        .map((suite) => suite.openssl),
    );
  const tls12 = versions.includes('TLS1.2') ? suitesWith((exchange) => exchanges.includes(exchange)) : [];
  const tls13 = versions.includes('TLS1.3')
    ? lists.ciphers.flatMap((cipher) => tls13Suites.get(cipher) ?? [])
    : [];
  if (tls12.length === 0 && tls13.length === 0) return 'no cipher suite is left';
  const wanted = lists.groups.length === 0 ? normalGroups.slice(0, 4) : lists.groups;
  return {
    policy: {
      minVersion: tls12.length > 0 ? '1.2' : '1.3',
      maxVersion: tls13.length > 0 ? '1.3' : '1.2',
      cipherList: tls12.join(':'),
      cipherSuites: tls13.join(':'),
      groups: wanted.map((name) => groups.get(name)).join(':'),
      signatureAlgorithms: [...new Set(lists.signatures?.map((name) => signatures.get(name)))].join(':'),
      ...flags,
      securityLevel: lists.level,
    },
    dtlsCipherList: suitesWith((exchange) => exchange === 'PSK').join(':'),
    notes,
  };
}

export function parsePriorities(text: string): PrioritiesResult {
  const notes: string[] = [];
  const flags: Flags = { serverPreference: false, extendedMasterSecret: true, encryptThenMac: true };
  const tokens = text.trim().split(':');
  const rest = (index: number): string => tokens.slice(index).join(':');

  const first = (tokens[0] ?? '').toUpperCase();
  const start = first.startsWith('@') ? normal : keywords.get(first);
  if (start === undefined) return { error: 'expected a keyword such as NORMAL first', rest: rest(0) };
  if (first.startsWith('@')) notes.push(`${first}: there is no system-wide policy here, NORMAL is used`);
  const lists: Lists = { ...start };

  for (const [index, token] of tokens.entries()) {
    if (index === 0) continue;
    const name = token.toUpperCase();
    const isKnown = name.startsWith('%')
      ? applyFlag(name.slice(1), flags, lists, notes)
      : /^[-+!]/.test(name) && applyToken(name, lists);
    if (!isKnown) return { error: `"${token}" is not known`, rest: rest(index) };
  }
  const isExplicit = /\+VERS-(?:TLS)?(?:-?ALL|1\.[01])/i.test(text);
  const made = policyOf(lists, flags, notes, isExplicit);
  return typeof made === 'string' ? { error: made, rest: '' } : { priorities: made };
}
