// What accounting says of a session, as data that is kept on disk until a server has taken it, and as the attributes of
// an Accounting-Request (RFC 2866). Pure; used by accounting.ts and queue.ts.
import { attribute, nasAddress, type Attribute, type RadiusSite } from '../radius/index.ts';
import type { CloseReason } from '../sessions.ts';

export interface AccountingRecord {
  readonly status: 'start' | 'interim' | 'stop';
  /** Acct-Session-Id: the session's public name, but for a session that came back after a Stop. */
  readonly acctSessionId: string;
  readonly vhost: string;
  readonly username: string;
  readonly userAgent?: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Class of the Access-Accept, base64. */
  readonly classes: readonly string[];
  /** When it happened, milliseconds since 1970. */
  readonly eventAt: number;
  readonly seconds: number;
  /** Inner bytes from and to the client, of all tunnels of the session. */
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly cause?: number;
}

/** Why it ended, where no tunnel's end says it: the process was killed, or the server was stopped in order. */
export type EndReason = CloseReason | 'crash' | 'shutdown';

/** RFC 2866, 5.10, as the C program maps its reasons. */
const terminateCauses: Readonly<Record<EndReason, number>> = {
  userDisconnect: 1, // User Request
  dpdTimeout: 2, // Lost Carrier
  unspecified: 3, // Lost Service
  temporary: 3,
  takeover: 3,
  healthProbe: 3,
  idleTimeout: 4, // Idle Timeout
  sessionTimeout: 5, // Session Timeout
  serverDisconnect: 6, // Admin Reset
  shutdown: 7, // Admin Reboot
  crash: 11, // NAS Reboot
  error: 17, // User Error
};

const STATUS_TYPES = { start: 1, stop: 2, interim: 3 } as const;
const FRAMED = 2;
const PPP = 1;
/** Acct-Authentic: RADIUS, whatever method let the user in, as the C program says. */
const BY_RADIUS = 1;
const GIGAWORD = 2 ** 32;
const MAX_UINT32 = GIGAWORD - 1;

export function terminateCause(reason: EndReason): number {
  return terminateCauses[reason];
}

/** Throws a RangeError when an attribute cannot be made of the record. */
export function accountingAttributes(
  record: AccountingRecord,
  site: Pick<RadiusSite, 'nasIdentifier' | 'nasAddress'>,
  now: number,
): Attribute[] {
  const { status, userAgent, ipv4, ipv6, cause, seconds, rxBytes, txBytes } = record;
  const { nasIdentifier } = site;
  return [
    attribute('Acct-Status-Type', STATUS_TYPES[status]),
    ...(cause === undefined ? [] : [attribute('Acct-Terminate-Cause', cause)]),
    ...(status === 'start' && userAgent !== undefined ? [attribute('Connect-Info', userAgent)] : []),
    ...(nasIdentifier === undefined ? [] : [attribute('NAS-Identifier', nasIdentifier)]),
    nasAddress(site.nasAddress ?? record.localAddress),
    attribute('User-Name', record.username),
    attribute('Service-Type', FRAMED),
    attribute('Framed-Protocol', PPP),
    ...(ipv4 === undefined ? [] : [attribute('Framed-IP-Address', ipv4)]),
    ...(ipv6 === undefined ? [] : [attribute('Framed-IPv6-Address', ipv6)]),
    attribute('Calling-Station-Id', record.remoteAddress),
    attribute('Acct-Session-Id', record.acctSessionId),
    attribute('Acct-Authentic', BY_RADIUS),
    ...record.classes.map((value) => attribute('Class', Buffer.from(value, 'base64'))),
    ...(status === 'start' ? [] : statistics(seconds, rxBytes, txBytes)),
    attribute('Event-Timestamp', bounded(record.eventAt / 1000)),
    attribute('Acct-Delay-Time', bounded((now - record.eventAt) / 1000)),
  ];
}

/** Input is what came from the client. */
function statistics(seconds: number, rxBytes: number, txBytes: number): Attribute[] {
  return [
    ...(seconds > 0 ? [attribute('Acct-Session-Time', bounded(seconds))] : []),
    attribute('Acct-Input-Octets', rxBytes % GIGAWORD),
    attribute('Acct-Output-Octets', txBytes % GIGAWORD),
    attribute('Acct-Input-Gigawords', bounded(rxBytes / GIGAWORD)),
    attribute('Acct-Output-Gigawords', bounded(txBytes / GIGAWORD)),
  ];
}

function bounded(value: number): number {
  return Math.min(MAX_UINT32, Math.max(0, Math.floor(value)));
}

/** A record that was read back from disk. */
export function isAccountingRecord(value: unknown): value is AccountingRecord {
  if (typeof value !== 'object' || value === null) return false;
  const isText = (name: string): boolean => typeof Reflect.get(value, name) === 'string';
  const isCount = (name: string): boolean => {
    const found: unknown = Reflect.get(value, name);
    return Number.isSafeInteger(found) && Number(found) >= 0;
  };
  const isOptional = (name: string, check: (name: string) => boolean): boolean =>
    Reflect.get(value, name) === undefined || check(name);
  const status: unknown = Reflect.get(value, 'status');
  const classes: unknown = Reflect.get(value, 'classes');
  return (
    typeof status === 'string' &&
    Object.hasOwn(STATUS_TYPES, status) &&
    ['acctSessionId', 'vhost', 'username', 'localAddress', 'remoteAddress'].every(isText) &&
    ['eventAt', 'seconds', 'rxBytes', 'txBytes'].every(isCount) &&
    ['userAgent', 'ipv4', 'ipv6'].every((name) => isOptional(name, isText)) &&
    isOptional('cause', isCount) &&
    Array.isArray(classes) &&
    classes.every((entry) => typeof entry === 'string')
  );
}
