// What SecurityModule.Configure carries besides generation and ticket key: written by main
// (`secmodConfiguration`), re-typed on arrival by the security module (`parseSecmodConfiguration`).
// Files (keys, certificates, password files, per-user files) travel as paths: only the security module,
// which keeps the secrets, opens them.
import { createHash, X509Certificate } from 'node:crypto';
import { parseConfigurationObject } from './configuration-object.ts';
import type { Configuration } from './types.ts';

/** Where the log of the server goes; the same for all its processes. */
export interface LoggingConfiguration {
  /** `log-level`, 0…9. */
  readonly level: number;
  readonly stderr: boolean;
  readonly syslog: boolean;
  readonly syslogFacility: string;
}

export interface SecmodConfiguration {
  /** All hosts with their settings: methods, key and certificate files, per-user folders, limits, state-dir. */
  readonly configuration: Configuration;
  readonly logging: LoggingConfiguration;
}

/**
 * The name under which the security module signs for a certificate: SHA-256 of the leaf's public key, hex.
 * Made from the certificate alone, so that during a reload a worker with the old certificate still gets
 * signatures of the old key. Takes PEM (leaf first) or DER; throws when it is no certificate.
 */
export function serverKeyId(certificate: string | Buffer): string {
  const publicKey = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('hex');
}

/** Throws a RangeError that names the member when `value` is not what main sends. */
export function parseSecmodConfiguration(value: Readonly<Record<string, unknown>>): SecmodConfiguration {
  const logging = value['logging'];
  if (!isRecord(logging)) throw new RangeError('logging: expected an object');
  const { level, stderr, syslog, syslogFacility } = logging;
  if (typeof level !== 'number' || !Number.isInteger(level) || level < 0 || level > 9) {
    throw new RangeError('logging.level: expected 0…9');
  }
  if (typeof stderr !== 'boolean') throw new RangeError('logging.stderr: expected a boolean');
  if (typeof syslog !== 'boolean') throw new RangeError('logging.syslog: expected a boolean');
  if (typeof syslogFacility !== 'string') throw new RangeError('logging.syslogFacility: expected text');
  return {
    configuration: parseConfigurationObject(value['configuration']),
    logging: { level, stderr, syslog, syslogFacility },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
