// Names that go into certificates and file names: users, hosts, addresses. Called by the occert commands' workflows.
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

export type NameCheck<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** A user's name: 1 to 63 bytes (what the server keeps), usable as a file name. */
export function checkUserName(text: string): NameCheck<string> {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) return { ok: false, problem: 'the user name is empty' };
  if (bytes > 63)
    return { ok: false, problem: `the user name is ${String(bytes)} bytes long, 63 is the most` };

  if (/[\u0000-\u001f\u007f-\u009f/\\]/.test(text) || text.startsWith('.') || text.startsWith('-')) {
    return {
      ok: false,
      problem: `the user name ${JSON.stringify(text)} must not hold control characters or slashes, nor begin with "." or "-"`,
    };
  }
  return { ok: true, value: text };
}

export interface HostName {
  readonly kind: 'dns' | 'ip';
  readonly name: string;
}

/** A server's name: a DNS name (A-label form comes back; a wildcard only left-most) or an IP address. */
export function checkHostName(text: string): NameCheck<HostName> {
  if (isIP(text) !== 0) return { ok: true, value: { kind: 'ip', name: text } };
  const wildcard = text.startsWith('*.');
  // The converter reads a URL's host: what would end the host there is refused first.
  const ascii = /[\s/\\?#@:%]/.test(text) ? '' : domainToASCII(wildcard ? text.slice(2) : text);
  const labels = ascii.split('.');
  const sound =
    ascii.length > 0 &&
    ascii.length <= 253 &&
    labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
  if (!sound) {
    return { ok: false, problem: `${JSON.stringify(text)} is neither a DNS name nor an IP address` };
  }
  return { ok: true, value: { kind: 'dns', name: wildcard ? `*.${ascii}` : ascii } };
}
