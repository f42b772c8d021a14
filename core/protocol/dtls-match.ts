// match-tls-dtls-ciphers: DTLS with the very cipher of the TLS session. Called by the worker at CONNECT; pure.
import { cipherSuites, tls13Suites } from './suites.ts';

/** Those of the PSK suites (OpenSSL's names joined by ":") whose cipher and MAC are the TLS suite's; may be empty. */
export function matchingDtlsSuites(dtlsCipherList: string, tlsCipher: string): string {
  const modern = Array.from(tls13Suites).find(([, openssl]) => openssl === tlsCipher)?.[0];
  const wanted =
    modern === undefined
      ? cipherSuites.find(({ openssl }) => openssl === tlsCipher)
      : { cipher: modern, mac: 'AEAD' };
  return dtlsCipherList
    .split(':')
    .filter((name) => {
      const suite = cipherSuites.find(({ openssl }) => openssl === name);
      return suite !== undefined && suite.cipher === wanted?.cipher && suite.mac === wanted.mac;
    })
    .join(':');
}
