// The host name a client gives itself (X-CSTP-Hostname), as far as it may be passed on to scripts and occtl.
import { isIPv4 } from 'node:net';
import { identityLimitBytes } from './client.ts';

/** RFC 1123, 2.1: letters, digits and hyphens, no hyphen at either end. */
const labelPattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** The first label of what the client sent, or undefined if that is no host name. */
export function parseHostname(value: string): string | undefined {
  if (value.length === 0 || value.length > identityLimitBytes) return undefined;
  if (isIPv4(value)) return undefined;
  const dot = value.indexOf('.');
  const label = dot > 0 ? value.slice(0, dot) : value;
  return labelPattern.test(label) ? label : undefined;
}
