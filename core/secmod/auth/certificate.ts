// The certificate method of one host: which authorities and revocation lists count, and whom a certificate names.
// Called by security-module.ts with chains whose key the client has proved to hold (client-proof.ts).
import { readFileSync, statSync } from 'node:fs';
import type { VirtualHost } from '../../config/index.ts';
import type { ClientIdentity, ClientTrust } from '../../native/index.ts';
import { userNameProblem } from '../../passwd/index.ts';
import type { Log } from '../log.ts';
import type { VerifiedCertificate } from './combine.ts';

export interface CertificateOptions {
  readonly settings: VirtualHost['settings'];
  /** "vhost:NAME: " in front of log texts. */
  readonly logPrefix: string;
  readonly log: Log;
  readonly createTrust: (authorities: string, revocation: string | undefined) => ClientTrust;
}

export interface Judgement {
  /** What it says; to be believed only without `problem`. */
  readonly certificate: VerifiedCertificate;
  readonly problem: string | undefined;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_GROUPS = 512;
const FIRST_EMAIL = 'SAN(rfc822name)';

export class CertificateMethod {
  readonly #options: CertificateOptions;
  readonly #authorities: string;
  #trust: ClientTrust;
  #listStamp: string | undefined;
  #lastTrouble: string | undefined;

  /** Throws, naming the file, when one of them cannot be used. */
  constructor(options: CertificateOptions) {
    this.#options = options;
    const { 'ca-cert': file, crl } = options.settings;
    if (file === undefined)
      throw new Error(`no authorities for client certificates; expected ca-cert = FILE`);
    const setting = `error setting the CA (${file}) file`;
    this.#authorities = named(setting, () => readFileSync(file, 'utf8'));
    // By itself first, so that a message names the file that is at fault.
    this.#trust = named(setting, () => options.createTrust(this.#authorities, undefined));
    if (crl === undefined) return;
    const reading = `error reading the CRL (${crl}) file`;
    this.#listStamp = named(reading, () => stampOf(crl));
    this.#trust = named(reading, () => options.createTrust(this.#authorities, readList(crl)));
    this.#warnOfOldLists(crl);
  }

  judge(chain: readonly Buffer[]): Judgement {
    this.#refresh();
    const identity = this.#trust.identify(chain);
    const { settings } = this.#options;
    const username = valuesOf(identity, settings['cert-user-oid'])[0];
    const certificate = {
      username: username !== undefined && userNameProblem(username) === undefined ? username : undefined,
      groups: valuesOf(identity, settings['cert-group-oid'])
        .filter((group) => userNameProblem(group) === undefined)
        .slice(0, MAX_GROUPS),
    };
    return { certificate, problem: identity.problem };
  }

  /** A list that has changed counts from the next certificate on; one that cannot be used leaves the former in force. */
  #refresh(): void {
    const { settings, createTrust, log, logPrefix } = this.#options;
    const { crl } = settings;
    if (crl === undefined) return;
    try {
      const stamp = stampOf(crl);
      if (stamp !== this.#listStamp) {
        this.#trust = createTrust(this.#authorities, readList(crl));
        this.#listStamp = stamp;
        log.info(`${logPrefix}reloaded the revocation list ${crl}`);
        this.#lastTrouble = undefined;
      }
      this.#warnOfOldLists(crl);
    } catch (error) {
      this.#tell(
        'error',
        `error reading the CRL (${crl}) file: ${messageOf(error)}; the former list stays in force`,
      );
    }
  }

  #warnOfOldLists(crl: string): void {
    for (const { issuer } of this.#trust.revocationLists().filter(({ isOutOfDate }) => isOutOfDate)) {
      this.#tell('warning', `the revocation list of "${issuer}" in ${crl} is out of date; it stays in force`);
    }
  }

  /** Once, not for every certificate. */
  #tell(severity: 'error' | 'warning', trouble: string): void {
    if (trouble === this.#lastTrouble) return;
    this.#lastTrouble = trouble;
    this.#options.log[severity](`${this.#options.logPrefix}${trouble}`);
  }
}

/** All attributes of the name with this OID, in order, or all mail addresses. */
function valuesOf({ subject, emails }: ClientIdentity, source: string | undefined): readonly string[] {
  if (source === undefined) return [];
  return source === FIRST_EMAIL
    ? emails
    : subject.filter(({ oid }) => oid === source).map(({ value }) => value);
}

function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true });
  if (!stat.isFile()) throw new Error('not a regular file');
  if (stat.size > MAX_FILE_BYTES) throw new Error(`larger than ${String(MAX_FILE_BYTES)} bytes`);
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
}

/** PEM, or DER, which is put into PEM. */
function readList(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.includes('-----BEGIN')) return bytes.toString('latin1');
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`;
}

function named<Result>(what: string, attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')
    ? error.code
    : error.message;
}
