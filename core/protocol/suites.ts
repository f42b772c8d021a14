// Cipher suites, groups and signature schemes: what GnuTLS priority strings call them and what OpenSSL does.
// Read by priorities.ts. Order inside a table means nothing; preference is the order of a policy's lists.

/** A suite of TLS 1.2 and below, split into what a priority string can add and remove. */
export interface CipherSuite {
  readonly openssl: string;
  readonly exchange: 'ECDHE-ECDSA' | 'ECDHE-RSA' | 'DHE-RSA' | 'PSK';
  readonly cipher: string;
  readonly mac: 'AEAD' | 'SHA1' | 'SHA256' | 'SHA384';
}

/** OpenSSL's names are built of these; a suite that does not exist is left out by `missing`. */
const sealed: readonly (readonly [
  cipher: string,
  mac: CipherSuite['mac'],
  openssl: string,
  psk: string | undefined,
])[] = [
  ['AES-256-GCM', 'AEAD', 'AES256-GCM-SHA384', 'AES256-GCM-SHA384'],
  ['CHACHA20-POLY1305', 'AEAD', 'CHACHA20-POLY1305', 'CHACHA20-POLY1305'],
  ['AES-256-CCM', 'AEAD', 'AES256-CCM', 'AES256-CCM'],
  ['AES-256-CCM-8', 'AEAD', 'AES256-CCM8', 'AES256-CCM8'],
  ['AES-256-CBC', 'SHA1', 'AES256-SHA', 'AES256-CBC-SHA'],
  ['AES-256-CBC', 'SHA256', 'AES256-SHA256', undefined],
  ['AES-256-CBC', 'SHA384', 'AES256-SHA384', 'AES256-CBC-SHA384'],
  ['AES-128-GCM', 'AEAD', 'AES128-GCM-SHA256', 'AES128-GCM-SHA256'],
  ['AES-128-CCM', 'AEAD', 'AES128-CCM', 'AES128-CCM'],
  ['AES-128-CCM-8', 'AEAD', 'AES128-CCM8', 'AES128-CCM8'],
  ['AES-128-CBC', 'SHA1', 'AES128-SHA', 'AES128-CBC-SHA'],
  ['AES-128-CBC', 'SHA256', 'AES128-SHA256', 'AES128-CBC-SHA256'],
];

/** ECDHE with CBC and SHA-256 exists for AES-128 alone, with SHA-384 for AES-256; CCM not with RSA certificates. */
const missing = new Set([
  'ECDHE-ECDSA-AES256-SHA256',
  'ECDHE-RSA-AES256-SHA256',
  'DHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES256-CCM',
  'ECDHE-RSA-AES256-CCM8',
  'ECDHE-RSA-AES128-CCM',
  'ECDHE-RSA-AES128-CCM8',
]);

export const cipherSuites: readonly CipherSuite[] = sealed.flatMap(([cipher, mac, openssl, psk]) => [
  ...(['ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA'] as const)
    .map((exchange) => ({ openssl: `${exchange}-${openssl}`, exchange, cipher, mac }))
    .filter((suite) => !missing.has(suite.openssl)),
  ...(psk === undefined ? [] : [{ openssl: `PSK-${psk}`, exchange: 'PSK' as const, cipher, mac }]),
]);

/** TLS 1.3 has only AEAD suites, one a cipher. */
export const tls13Suites: ReadonlyMap<string, string> = new Map([
  ['AES-256-GCM', 'TLS_AES_256_GCM_SHA384'],
  ['CHACHA20-POLY1305', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['AES-128-GCM', 'TLS_AES_128_GCM_SHA256'],
  ['AES-128-CCM', 'TLS_AES_128_CCM_SHA256'],
  ['AES-128-CCM-8', 'TLS_AES_128_CCM_8_SHA256'],
]);

export const groups: ReadonlyMap<string, string> = new Map([
  ['SECP256R1', 'P-256'],
  ['SECP384R1', 'P-384'],
  ['SECP521R1', 'P-521'],
  ['X25519', 'X25519'],
  ['X448', 'X448'],
  ['FFDHE2048', 'ffdhe2048'],
  ['FFDHE3072', 'ffdhe3072'],
  ['FFDHE4096', 'ffdhe4096'],
  ['FFDHE6144', 'ffdhe6144'],
  ['FFDHE8192', 'ffdhe8192'],
]);

export const signatures: ReadonlyMap<string, string> = new Map([
  ['RSA-SHA1', 'RSA+SHA1'],
  ['RSA-SHA256', 'RSA+SHA256'],
  ['RSA-SHA384', 'RSA+SHA384'],
  ['RSA-SHA512', 'RSA+SHA512'],
  ['RSA-PSS-RSAE-SHA256', 'rsa_pss_rsae_sha256'],
  ['RSA-PSS-RSAE-SHA384', 'rsa_pss_rsae_sha384'],
  ['RSA-PSS-RSAE-SHA512', 'rsa_pss_rsae_sha512'],
  ['RSA-PSS-SHA256', 'rsa_pss_pss_sha256'],
  ['RSA-PSS-SHA384', 'rsa_pss_pss_sha384'],
  ['RSA-PSS-SHA512', 'rsa_pss_pss_sha512'],
  ['ECDSA-SHA1', 'ECDSA+SHA1'],
  ['ECDSA-SHA256', 'ECDSA+SHA256'],
  ['ECDSA-SHA384', 'ECDSA+SHA384'],
  ['ECDSA-SHA512', 'ECDSA+SHA512'],
  ['ECDSA-SECP256R1-SHA256', 'ECDSA+SHA256'],
  ['ECDSA-SECP384R1-SHA384', 'ECDSA+SHA384'],
  ['ECDSA-SECP521R1-SHA512', 'ECDSA+SHA512'],
  ['EDDSA-ED25519', 'ed25519'],
  ['EDDSA-ED448', 'ed448'],
]);
