// What a client asks for in the headers of its CONNECT request. Called by the worker; pure.
import { parseMasterSecret } from './dtls-legacy.ts';
import { parseHostname } from './hostname.ts';
import { mtuLimitBytes } from './mtu.ts';

export interface ConnectRequest {
  readonly hostname: string | undefined;
  readonly baseMtu: number | undefined;
  readonly cstpMtu: number | undefined;
  readonly wantsIpv4: boolean;
  readonly wantsIpv6: boolean;
  /** Understands X-CSTP-Address-IP6 and IPv6 routes and name servers. */
  readonly fullIpv6: boolean;
  /** Keys its DTLS association from the TLS session. */
  readonly dtlsPsk: boolean;
  /** X-CSTP-Accept-Encoding and X-DTLS-Accept-Encoding. */
  readonly acceptsEncoding: { readonly cstp: string | undefined; readonly dtls: string | undefined };
  /** X-DTLS12-CipherSuite and X-DTLS-CipherSuite. */
  readonly dtlsSuites: { readonly dtls12: string | undefined; readonly dtls: string | undefined };
  /** 96 hexadecimal digits for a DTLS session to resume. A secret: not for the log. */
  readonly dtlsMasterSecret: string | undefined;
}

/** Value of a request header by its name in lower case; empty values count as absent. */
export type HeaderLookup = (name: string) => string | undefined;

export function parseConnectRequest(header: HeaderLookup): ConnectRequest {
  const families = header('x-cstp-address-type');
  const hostname = header('x-cstp-hostname');
  return {
    hostname: hostname === undefined ? undefined : parseHostname(hostname),
    baseMtu: parseMtu(header('x-cstp-base-mtu')),
    cstpMtu: parseMtu(header('x-cstp-mtu')),
    wantsIpv4: families === undefined || families.includes('IPv4'),
    wantsIpv6: families === undefined || families.includes('IPv6'),
    fullIpv6: header('x-cstp-full-ipv6-capability')?.includes('true') ?? false,
    acceptsEncoding: {
      cstp: header('x-cstp-accept-encoding'),
      dtls: header('x-dtls-accept-encoding'),
    },
    dtlsSuites: { dtls12: header('x-dtls12-ciphersuite'), dtls: header('x-dtls-ciphersuite') },
    dtlsMasterSecret: parseMasterSecret(header('x-dtls-master-secret')),
    dtlsPsk: offersPsk(header('x-dtls-ciphersuite')) || offersPsk(header('x-dtls12-ciphersuite')),
  };
}

/** Positive decimal digits alone, no more than a record holds; anything else counts as absent. */
export function parseMtu(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,9}$/.test(value)) return undefined;
  const mtu = Number(value);
  return mtu > 0 && mtu <= mtuLimitBytes ? mtu : undefined;
}

export const pskNegotiate = 'PSK-NEGOTIATE';

function offersPsk(suites: string | undefined): boolean {
  return suites?.split(':').some((suite) => suite.trim() === pskNegotiate) ?? false;
}
