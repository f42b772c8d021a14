// What a worker negotiates for a priority string: the protocol versions it names, on our list of suites.
import type { TlsPolicy } from '../native/index.ts';

const versions = ['1.0', '1.1', '1.2', '1.3'] as const;
type Version = (typeof versions)[number];

/** Suites in the field's usual order, without static RSA: the security module signs and does not decrypt. */
const base = {
  cipherList: [
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-SHA',
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-RSA-AES256-SHA',
    'ECDHE-RSA-AES128-SHA',
  ].join(':'),
  cipherSuites: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
  groups: 'P-256:X25519:P-384:P-521',
  signatureAlgorithms: [
    'ecdsa_secp256r1_sha256',
    'ecdsa_secp384r1_sha384',
    'ed25519',
    'rsa_pss_rsae_sha256',
    'rsa_pss_rsae_sha384',
    'rsa_pss_rsae_sha512',
    'rsa_pkcs1_sha256',
    'rsa_pkcs1_sha384',
    'rsa_pkcs1_sha512',
  ].join(':'),
  serverPreference: true,
  extendedMasterSecret: true,
  encryptThenMac: false,
  securityLevel: 1,
} as const;

/** TLS 1.2 and 1.3 unless the string names versions; it never goes below what it names. */
export function policyOf(priorities: string, options: { forbidTls13: boolean }): TlsPolicy {
  const wanted = new Set<Version>(['1.2', '1.3']);
  for (const token of priorities.toUpperCase().split(':')) {
    const change = /^([+!-])VERS-(TLS-ALL|ALL|TLS(1\.[0-3]))$/.exec(token);
    if (change === null) continue;
    const named = change[3] === undefined ? versions : versions.filter((version) => version === change[3]);
    for (const version of named) {
      if (change[1] === '+') wanted.add(version);
      else wanted.delete(version);
    }
  }
  if (options.forbidTls13) wanted.delete('1.3');
  const left = versions.filter((version) => wanted.has(version));
  return { ...base, minVersion: left[0] ?? '1.2', maxVersion: left.at(-1) ?? '1.2' };
}
