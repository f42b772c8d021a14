// MTU arithmetic. Two numbers are easily confused, so they have different types:
//   link MTU    bytes an IP packet may have on the network between client and server;
//   tunnel MTU  bytes an IP packet may have inside the tunnel.
// Called by the worker when it answers CONNECT and by main when it checks what a worker reports.

export type LinkMtu = number & { readonly unit: 'link MTU' };
export type TunnelMtu = number & { readonly unit: 'tunnel MTU' };

/** IPv6 demands 1280 of every link (RFC 8200, 5); below 800 an IPv4 tunnel is of no use. */
export const ipv6MinimumBytes = 1280;
const ipv4MinimumBytes = 800;
/** What a tun device has unless it is told otherwise. */
export const deviceDefaultBytes = 1500;
/** Values of the client above this count as absent; a TLS record holds no more. */
export const mtuLimitBytes = 16_384;
/** Bounds of a tunnel MTU that main accepts: the least IPv4 allows (RFC 791), and the largest record. */
export const tunnelMtuBounds = { min: 68, max: mtuLimitBytes } as const;

/** Outer IP and UDP header. */
export function transportBytes(outerIpv6: boolean): number {
  return outerIpv6 ? 40 + 8 : 20 + 8;
}

const dtlsHeaderBytes = 13;
/** Our type byte in front of each packet in a DTLS record. */
const typeBytes = 1;

/** Nonce, tag, MAC and worst padding a record of this cipher adds to its payload. */
function sealBytes(cipher: string): number {
  const name = cipher.toUpperCase();
  if (name.includes('CHACHA20')) return 16;
  if (name.includes('3DES') || name.includes('DES-CBC3')) return 8 + 20 + 8;
  if (name.includes('GCM') || name.includes('CCM')) return 8 + 16;
  return 16 + 20 + 16;
}

export interface MtuRequest {
  /** The `mtu` option; 0 = the tun device's default. */
  readonly configuredBytes: number;
  /** X-CSTP-Base-MTU. */
  readonly baseMtu: number | undefined;
  /** X-CSTP-MTU; counts only without a base MTU. */
  readonly cstpMtu: number | undefined;
  /** Path MTU of the TCP connection, 0 = unknown. */
  readonly pathMtuBytes: number;
  readonly outerIpv6: boolean;
  readonly hasIpv6Lease: boolean;
}

/** The link MTU both sides go by. */
export function agreeLinkMtu(request: MtuRequest): LinkMtu {
  const { configuredBytes, baseMtu, cstpMtu, pathMtuBytes, outerIpv6, hasIpv6Lease } = request;
  const least = hasIpv6Lease ? ipv6MinimumBytes : ipv4MinimumBytes;
  let link = Math.min(configuredBytes > 0 ? configuredBytes : deviceDefaultBytes, mtuLimitBytes);
  const wish = baseMtu ?? (cstpMtu === undefined ? undefined : cstpMtu + 66 + transportBytes(outerIpv6));
  if (wish !== undefined && wish >= least) link = Math.min(link, wish);
  // A path narrower than an IPv4 host must accept (RFC 1122, 3.3.3) is a mistake of the measurement.
  if (pathMtuBytes >= 576) link = Math.min(link, pathMtuBytes);
  return link as LinkMtu;
}

/** What remains of the link inside; `cipher` is the DTLS suite's, estimated by TLS's, or null without DTLS. */
export function tunnelMtu(link: LinkMtu, outerIpv6: boolean, cipher: string | null): TunnelMtu {
  const record = cipher === null ? 0 : dtlsHeaderBytes + sealBytes(cipher) + typeBytes;
  return (link - transportBytes(outerIpv6) - record) as TunnelMtu;
}

/** An IPv6 lease is of no use in a tunnel that cannot carry IPv6's least packet. */
export function carriesIpv6(mtu: TunnelMtu): boolean {
  return mtu >= ipv6MinimumBytes;
}

/** A tunnel MTU as another process reports it, or undefined if it is none. `limitBytes` 0 = no limit of the site. */
export function checkTunnelMtu(value: number, limitBytes: number): TunnelMtu | undefined {
  const max = limitBytes > 0 ? Math.min(limitBytes, tunnelMtuBounds.max) : tunnelMtuBounds.max;
  return Number.isInteger(value) && value >= tunnelMtuBounds.min && value <= max
    ? (value as TunnelMtu)
    : undefined;
}
