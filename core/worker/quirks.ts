// What some clients need that others do not, one named quirk each. Called by connect.ts.
import type { Client, LinkMtu } from '../protocol/index.ts';

/** Clavister OneConnect sends its CONNECT target without the slash. */
export function isTunnelTarget(target: string): boolean {
  return target === '/CSCOSSLC/tunnel' || target === 'CSCOSSLC/tunnel';
}

/**
 * openconnect 9 built with GnuTLS takes 20 bytes of IP header off the base MTU even over IPv6, so that its datagrams
 * would not fit; it is told 20 less.
 */
export function announcedBaseMtu(link: LinkMtu, outerIpv6: boolean, client: Client): LinkMtu {
  return (outerIpv6 && client.kind === 'openconnect' ? link - 20 : link) as LinkMtu;
}

/** Secure Client 5.1 refuses a session without rekey, so it gets a time far beyond any session (a year). */
export function rekeySecondsFor(client: Client, rekeySeconds: number): number {
  return rekeySeconds === 0 && client.kind === 'anyconnect' ? 31_536_000 : rekeySeconds;
}
