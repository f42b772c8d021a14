// The answer to CONNECT: the session's whole network configuration as headers, in the order clients have
// always seen. Called by the worker; pure.
import type { Client } from './client.ts';
import type { CompressionName } from './compression.ts';
import { pskNegotiate } from './connect-request.ts';
import type { LegacyChoice } from './dtls-legacy.ts';
import type { LinkMtu, TunnelMtu } from './mtu.ts';
import { isIpv6Route } from './routes.ts';

export interface ConnectAnswer {
  readonly client: Client;
  readonly fullIpv6: boolean;
  readonly includedHeaders: readonly string[];
  readonly customHeaders: readonly string[];
  readonly username: string;
  readonly groupname: string | undefined;
  readonly hostname: string | undefined;
  readonly dpdSeconds: number;
  readonly defaultDomains: readonly string[];
  readonly ipv4: { readonly address: string; readonly netmask: string } | undefined;
  readonly ipv6: { readonly address: string; readonly prefix: number } | undefined;
  readonly dns: readonly string[];
  readonly nbns: readonly string[];
  readonly splitDns: readonly string[];
  /** Empty = everything through the tunnel. */
  readonly routes: readonly string[];
  readonly noRoutes: readonly string[];
  readonly tunnelAllDns: boolean;
  readonly clientBypassProtocol: boolean;
  readonly keepaliveSeconds: number;
  readonly idleTimeoutSeconds: number;
  readonly isDyndns: boolean;
  /** 0 = no rekey; random part already applied. */
  readonly rekeySeconds: number;
  readonly rekeyMethod: 'ssl' | 'new-tunnel';
  readonly proxyUrl: string | undefined;
  /** 0 = none. */
  readonly sessionTimeoutSeconds: number;
  readonly remainingSeconds: number;
  readonly dtls:
    | {
        readonly port: number;
        /** 64 hexadecimal digits. */
        readonly id: string;
        /** Absent: keyed from the TLS session (PSK). */
        readonly legacy?: LegacyChoice | undefined;
      }
    | undefined;
  readonly linkMtuBytes: LinkMtu;
  readonly tunnelMtuBytes: TunnelMtu;
  readonly banner: string | undefined;
  readonly cstpCompression?: CompressionName | undefined;
  readonly dtlsCompression?: CompressionName | undefined;
}

/** A value that would break out of its header line. Configuration and names are checked before; this is the wall. */
export class HeaderValueError extends Error {
  override name = 'HeaderValueError';
}

/** How much later than the TLS channel the DTLS association is rekeyed. */
const dtlsRekeyDelaySeconds = 10;

export function connectResponse(answer: ConnectAnswer): string {
  const { client } = answer;
  const lines: string[] = answer.includedHeaders.map(checkLine);
  const add = (name: string, value: string | number | boolean): void => {
    lines.push(checkLine(`${name}: ${value}`));
  };

  // openconnect 3 knows no IPv6 routes and name servers, whatever it claims.
  const ipv6Settings = answer.ipv6 !== undefined && answer.fullIpv6 && client.kind !== 'openconnectV3';
  add('X-CSTP-Version', 1);
  add('X-CSTP-Server-Name', 'OpenConnect VPN Server');
  if (answer.hostname !== undefined) add('X-CSTP-Hostname', answer.hostname);
  if (answer.dpdSeconds > 0) add('X-CSTP-DPD', answer.dpdSeconds);
  if (answer.defaultDomains.length > 0) add('X-CSTP-Default-Domain', answer.defaultDomains.join(' '));
  addAddresses(answer, add);
  for (const server of answer.dns) {
    if (!isIpv6Route(server)) add('X-CSTP-DNS', server);
    else if (ipv6Settings) add(client.kind === 'anyconnect' ? 'X-CSTP-DNS-IP6' : 'X-CSTP-DNS', server);
  }
  for (const server of answer.nbns) add('X-CSTP-NBNS', server);
  for (const domain of answer.splitDns) add('X-CSTP-Split-DNS', domain);
  // Without it iOS sends no IPv6 into the tunnel at all.
  if (client.ios && ipv6Settings) add('X-CSTP-Split-Include-IP6', '2000::/3');
  addRoutes('X-CSTP-Split-Include', answer.routes, ipv6Settings, add);
  add('X-CSTP-Tunnel-All-DNS', answer.tunnelAllDns || answer.routes.length === 0);
  add('X-CSTP-Client-Bypass-Protocol', answer.clientBypassProtocol);
  addRoutes('X-CSTP-Split-Exclude', answer.noRoutes, ipv6Settings, add);
  add('X-CSTP-Keepalive', answer.keepaliveSeconds);
  add('X-CSTP-Idle-Timeout', answer.idleTimeoutSeconds > 0 ? answer.idleTimeoutSeconds : 'none');
  add('X-CSTP-Smartcard-Removal-Disconnect', true);
  if (answer.isDyndns) add('X-CSTP-DynDNS', true);
  if (answer.rekeySeconds > 0) add('X-CSTP-Rekey-Time', answer.rekeySeconds);
  add('X-CSTP-Rekey-Method', answer.rekeySeconds > 0 ? answer.rekeyMethod : 'none');
  if (answer.proxyUrl !== undefined) add('X-CSTP-MSIE-Proxy-Pac-URL', fillNames(answer.proxyUrl, answer));
  if (answer.sessionTimeoutSeconds > 0) {
    add('X-CSTP-Session-Timeout', answer.sessionTimeoutSeconds);
    add('X-CSTP-Session-Timeout-Remaining', Math.max(0, answer.remainingSeconds));
  } else {
    add('X-CSTP-Session-Timeout', 'none');
  }
  add('X-CSTP-Disconnected-Timeout', 'none');
  add('X-CSTP-Keep', true);
  add('X-CSTP-TCP-Keepalive', true);
  add('X-CSTP-License', 'accept');
  for (const header of answer.customHeaders) lines.push(checkLine(fillNames(header, answer)));
  addDtls(answer, add);
  add('X-CSTP-Base-MTU', answer.linkMtuBytes);
  add('X-CSTP-MTU', answer.tunnelMtuBytes);
  if (answer.banner !== undefined) add('X-CSTP-Banner', encodeBanner(answer.banner));
  if (answer.dtlsCompression !== undefined) add('X-DTLS-Content-Encoding', answer.dtlsCompression);
  if (answer.cstpCompression !== undefined) add('X-CSTP-Content-Encoding', answer.cstpCompression);

  return ['HTTP/1.1 200 CONNECTED', ...lines, '', ''].join('\r\n');
}

type Add = (name: string, value: string | number | boolean) => void;

function addAddresses(answer: ConnectAnswer, add: Add): void {
  const { ipv4, ipv6 } = answer;
  if (ipv4 !== undefined) {
    add('X-CSTP-Address', ipv4.address);
    add('X-CSTP-Netmask', ipv4.netmask);
  }
  if (ipv6 === undefined) return;
  if (answer.fullIpv6) {
    add('X-CSTP-Address-IP6', `${ipv6.address}/${ipv6.prefix}`);
  } else {
    add('X-CSTP-Address', ipv6.address);
    add('X-CSTP-Netmask', `${ipv6.address}/${ipv6.prefix}`);
  }
}

function addRoutes(name: string, routes: readonly string[], ipv6: boolean, add: Add): void {
  for (const route of routes) {
    if (!isIpv6Route(route)) add(name, route);
    else if (ipv6) add(`${name}-IP6`, route);
  }
}

function addDtls(answer: ConnectAnswer, add: Add): void {
  const { dtls } = answer;
  if (dtls === undefined) return;
  if (answer.dpdSeconds > 0) add('X-DTLS-DPD', answer.dpdSeconds);
  add('X-DTLS-Port', dtls.port);
  // No X-DTLS-Rekey-Method: after a rekey of the TLS channel clients start a fresh association by themselves.
  if (answer.rekeySeconds > 0) add('X-DTLS-Rekey-Time', answer.rekeySeconds + dtlsRekeyDelaySeconds);
  add('X-DTLS-Keepalive', answer.keepaliveSeconds);
  if (dtls.legacy === undefined) {
    add('X-DTLS-App-ID', dtls.id);
    add('X-DTLS-CipherSuite', pskNegotiate);
    return;
  }
  add('X-DTLS-Session-ID', dtls.id);
  add(dtls.legacy.header, dtls.legacy.name);
  add('X-DTLS-MTU', answer.tunnelMtuBytes);
}

/** %{U} and %{G} of proxy-url and custom-header. */
function fillNames(text: string, names: { username: string; groupname: string | undefined }): string {
  return text.replace(/%\{([UG])\}/g, (_, letter: string) =>
    letter === 'U' ? names.username : (names.groupname ?? ''),
  );
}

/** openconnect percent-decodes the banner for its script. */
function encodeBanner(banner: string): string {
  return banner.replaceAll('%', '%25').replaceAll('\r', '').replaceAll('\n', '%0A');
}

function checkLine(line: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) {
    throw new HeaderValueError(
      `control character in the value of header "${line.slice(0, line.indexOf(':'))}"`,
    );
  }
  return line;
}
