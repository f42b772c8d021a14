// Certificates, keys and what TLS and DTLS may do. Rows of the option table.
import { option } from '../option.ts';
import { flag, text, textOr, texts } from '../values.ts';

export const certificatesOptions = {
  'server-cert': option(texts('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    required: true,
    summary: 'PEM file with the server certificate followed by its chain (up to 8 certificates).',
    note: 'Pairs with server-key by position.',
    example: '/etc/ocserv/server-cert.pem',
  }),
  'server-key': option(texts('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    required: true,
    summary: 'Private key file, or PKCS#11/TPM URL, belonging to the server-cert at the same position.',
    note: 'Read by the security module alone.',
    example: '/etc/ocserv/server-key.pem',
  }),
  'dh-params': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'PEM Diffie-Hellman parameters for DHE key exchange.',
  }),
  'ca-cert': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'PEM bundle of authorities that client certificates must chain to.',
    note: 'Each is trusted as it stands there, whether it is a root or not. Read again on reload.',
  }),
  crl: option(text('file'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Revocation list (PEM, or DER as fallback) checked for client certificates.',
    note: 'Read again as soon as it changes. One that is out of date stays in force, with a warning in the log.',
  }),
  'ocsp-response': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'DER file stapled as OCSP response, whichever certificate of the vhost is served.',
  }),
  'pin-file': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'File whose first line is the PIN/password of the private key.',
    note: 'For keys in PEM that are encrypted. Read by the security module alone.',
  }),
  'srk-pin-file': option(text('file'), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'File with the TPM storage-root-key PIN.',
    honoured: false,
  }),
  'key-pin': option(text(), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'PIN/password of the private key given inline.',
    note: 'Wins over pin-file. Never shown in a message.',
    secret: true,
  }),
  'srk-pin': option(text(), {
    scope: ['global', 'vhost'],
    reload: false,
    summary: 'TPM SRK PIN given inline.',
    note: 'Wins over srk-pin-file. Never shown in a message.',
    secret: true,
    honoured: false,
  }),
  'tls-priorities': option(textOr('NORMAL:%SERVER_PRECEDENCE:%COMPAT'), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Allowed TLS versions, ciphers and signatures.',
    note: 'GnuTLS notation. Unset with cisco-client-compat, TLS 1.3 is taken out.',
  }),
  'match-tls-dtls-ciphers': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Force DTLS-PSK to use the same cipher/MAC as the TLS channel.',
  }),
  'dtls-psk': option(flag(true), {
    scope: ['global'],
    reload: true,
    summary: 'Offer the PSK-NEGOTIATE DTLS mode.',
  }),
  'dtls-legacy': option(flag(true), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Offer the AnyConnect style DTLS session-resumption mode.',
    note: 'DTLS 1.2 with AES-GCM. Clients that know nothing but the protocol before the standard (DTLS 0.9: AnyConnect before 4.8, openconnect before 7.08) go by TLS. cisco-client-compat and cisco-svc-client-compat turn it on.',
  }),
  'cisco-client-compat': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary:
      'AnyConnect compatibility: client certificate asked but not required on every TLS connection, auth may span connections.',
  }),
  'cisco-svc-client-compat': option(flag(false), {
    scope: ['global', 'vhost'],
    reload: true,
    summary: 'Cisco IP-phone compatibility (/svc login path).',
    note: 'Takes TLS 1.3 out and turns dtls-legacy on. udp-port must be 443 or 0.',
  }),
} as const;
