// DTLS as AnyConnect has it: the client invents a session (its master secret comes with CONNECT, its id goes back) and resumes
// it by datagrams. Which suite, is decided here. Called by the worker; pure.
import { cipherSuites, tls13Suites } from './suites.ts';

interface LegacySuite {
  /** As clients write it. */
  readonly name: string;
  readonly openssl: string;
  readonly cipher: string;
  readonly priority: number;
}

// Only the cipher counts, as no keys are exchanged: "ECDHE" is but a name. Those of the pre-standard protocol (DTLS 0.9, with
// CBC: AES128-SHA and the like) are not built.
const dtls12Suites: readonly LegacySuite[] = [
  { name: 'AES256-GCM-SHA384', openssl: 'AES256-GCM-SHA384', cipher: 'AES-256-GCM', priority: 90 },
  {
    name: 'ECDHE-RSA-AES256-GCM-SHA384',
    openssl: 'ECDHE-RSA-AES256-GCM-SHA384',
    cipher: 'AES-256-GCM',
    priority: 80,
  },
  {
    name: 'ECDHE-RSA-AES128-GCM-SHA256',
    openssl: 'ECDHE-RSA-AES128-GCM-SHA256',
    cipher: 'AES-128-GCM',
    priority: 70,
  },
  { name: 'AES128-GCM-SHA256', openssl: 'AES128-GCM-SHA256', cipher: 'AES-128-GCM', priority: 50 },
];
const openconnectSuites: readonly LegacySuite[] = [
  { name: 'OC-DTLS1_2-AES256-GCM', openssl: 'AES256-GCM-SHA384', cipher: 'AES-256-GCM', priority: 90 },
  { name: 'OC-DTLS1_2-AES128-GCM', openssl: 'AES128-GCM-SHA256', cipher: 'AES-128-GCM', priority: 80 },
];

export interface LegacyChoice {
  /** Header of the answer: that of the list it was chosen from. */
  readonly header: 'X-DTLS12-CipherSuite' | 'X-DTLS-CipherSuite';
  readonly name: string;
  readonly openssl: string;
}

/** Both lists as the client sent them; `tlsCipher` is OpenSSL's name of the TLS session's suite. Undefined: none fits. */
export function chooseLegacySuite(
  lists: { readonly dtls12: string | undefined; readonly dtls: string | undefined },
  tlsCipher: string,
): LegacyChoice | undefined {
  const preferred = cipherOf(tlsCipher);
  const from12 = choose(dtls12Suites, lists.dtls12, preferred);
  if (from12 !== undefined) return { header: 'X-DTLS12-CipherSuite', ...from12 };
  const from = choose(openconnectSuites, lists.dtls, preferred);
  return from === undefined ? undefined : { header: 'X-DTLS-CipherSuite', ...from };
}

/** The first of the client's with the cipher of the TLS session, else the best of those both have. */
function choose(
  known: readonly LegacySuite[],
  list: string | undefined,
  preferred: string | undefined,
): { readonly name: string; readonly openssl: string } | undefined {
  const offered = (list ?? '').split(':').flatMap((word) => {
    const suite = known.find(({ name }) => name === word.trim());
    return suite === undefined ? [] : [suite];
  });
  const same = offered.find(({ cipher }) => cipher === preferred);
  const best = [...offered].sort((one, other) => other.priority - one.priority)[0];
  const chosen = same ?? best;
  return chosen && { name: chosen.name, openssl: chosen.openssl };
}

function cipherOf(tlsCipher: string): string | undefined {
  const modern = Array.from(tls13Suites).find(([, openssl]) => openssl === tlsCipher)?.[0];
  return modern ?? cipherSuites.find(({ openssl }) => openssl === tlsCipher)?.cipher;
}

/** The first 96 hexadecimal digits of X-DTLS-Master-Secret; undefined if they are no secret of 48 bytes. */
export function parseMasterSecret(value: string | undefined): string | undefined {
  const digits = value?.slice(0, 96) ?? '';
  return /^[0-9A-Fa-f]{96}$/.test(digits) ? digits.toLowerCase() : undefined;
}
