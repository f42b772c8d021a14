// Which client is this? By its User-Agent and platform header, as the field's servers have always told them
// apart. Used by the worker for its quirks, by main and secmod for nothing but display.

export type ClientKind =
  'openconnectV3' | 'openconnect' | 'anyconnect' | 'clavister' | 'anylink' | 'ipPhone' | 'unknown';

export interface Client {
  readonly kind: ClientKind;
  /** Gets mobile-dpd and mobile-idle-timeout. */
  readonly mobile: boolean;
  readonly ios: boolean;
}

/** Longest text kept of User-Agent, device type, platform and host name, in bytes. */
export const identityLimitBytes = 63;

/** Prefixes in lower case; the first that fits wins, so the longer ones come before what they begin with. */
const kindsByPrefix: readonly (readonly [prefix: string, kind: ClientKind])[] = [
  ['cisco anyconnect vpn agent for apple', 'anyconnect'],
  ['openconnect vpn agent', 'openconnect'],
  ['cisco anyconnect', 'anyconnect'],
  ['anyconnect-compatible openconnect', 'openconnect'],
  ['anyconnect', 'anyconnect'],
  ['clavister oneconnect vpn', 'clavister'],
  ['anylink secure client', 'anylink'],
  ['cisco svc ipphone client', 'ipPhone'],
];

const openAgentPrefix = 'open anyconnect vpn agent v';
const applePrefix = 'cisco anyconnect vpn agent for apple';

export function identifyClient(userAgent: string | undefined, platform: string | undefined): Client {
  const agent = (userAgent ?? '').toLowerCase();
  const device = (platform ?? '').toLowerCase();
  const ios = agent.startsWith(applePrefix) || device.startsWith('apple-ios');
  return {
    kind: clientKind(agent),
    mobile: device.startsWith('apple-ios') || device.startsWith('android'),
    ios,
  };
}

function clientKind(agent: string): ClientKind {
  if (agent.startsWith(openAgentPrefix)) {
    // openconnect up to version 3 knows the bare <auth> document alone.
    const major = Number.parseInt(agent.slice(openAgentPrefix.length), 10);
    return major <= 3 ? 'openconnectV3' : 'openconnect';
  }
  return kindsByPrefix.find(([prefix]) => agent.startsWith(prefix))?.[1] ?? 'unknown';
}

/** The User-Agent as it is kept: cut at the limit, without control characters. */
export function keepUserAgent(value: string): string {
  return withoutControls(Buffer.from(value, 'latin1').subarray(0, identityLimitBytes).toString('latin1'));
}

/** A device type or platform as it is kept; too long = dropped. */
export function keepDeviceText(value: string): string | undefined {
  return Buffer.byteLength(value, 'latin1') > identityLimitBytes ? undefined : withoutControls(value);
}

function withoutControls(value: string): string {
  return Array.from(value, (character) => (isControl(character) ? '?' : character)).join('');
}

function isControl(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
