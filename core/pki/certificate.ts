// Certificates of the three kinds the server needs, with the extensions clients insist on (RFC 5280; Apple asks for
// extKeyUsage and a subjectAltName, Cisco for keyAgreement on EC servers). Called by authority.ts.
import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from './x509.ts';
import { signingAlgorithm, type KeyPair } from './keys.ts';
import type { HostName } from './names.ts';

/** Clocks of clients run behind: certificates are valid from a little before now. */
const clockSkewMs = 5 * 60_000;
/** "No expiry" of RFC 5280, 4.1.2.5. */
export const never = new Date('9999-12-31T23:59:59Z');

/** First revocation lists live a year. */
export const crlDays = 365;

/** RFC 5280, 5.3.1, those that make sense for what we issue. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;
export type RevocationReason = keyof typeof revocationReasons;

const uidOid = '0.9.2342.19200300.100.1.1';

export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** 20 random octets, the top bit clear, never zero. */
export function newSerial(): string {
  const serial = randomBytes(20);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0);
  return serial.toString('hex');
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From `now` for `days`, cut to the issuer's own end. */
export function validity(now: Date, days: number, issuer?: x509.X509Certificate): Validity {
  const end = new Date(now.getTime() + days * 86_400_000);
  const limit = issuer?.notAfter ?? never;
  return { notBefore: new Date(now.getTime() - clockSkewMs), notAfter: end < limit ? end : limit };
}

function subject(parts: readonly (readonly [string, string | undefined])[]): x509.JsonName {
  return parts.flatMap(([name, value]) => (value === undefined ? [] : [{ [name]: [value] }]));
}

export async function selfSignedAuthority(
  pair: KeyPair,
  options: { commonName: string; organization?: string | undefined; pathLength: number; dates: Validity },
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: subject([
      ['O', options.organization],
      ['CN', options.commonName],
    ]),
    ...options.dates,
    keys: pair.keys,
    signingAlgorithm: signingAlgorithm(pair.keys.privateKey) as webcrypto.EcdsaParams,
    extensions: [
      new x509.BasicConstraintsExtension(true, options.pathLength, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(pair.keys.publicKey),
    ],
  });
}

async function issue(
  issuer: Issuer,
  pair: KeyPair,
  name: x509.JsonName | x509.Name,
  dates: Validity,
  extensions: readonly x509.Extension[],
): Promise<x509.X509Certificate> {
  const authorityKeyId = issuer.certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: name instanceof x509.Name ? name : new x509.Name(name),
    issuer: issuer.certificate.subjectName,
    ...dates,
    publicKey: pair.keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: signingAlgorithm(issuer.key) as webcrypto.EcdsaParams,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(pair.keys.publicKey),
      // Copied from the issuer, never computed: importers compare the two byte for byte.
      ...(authorityKeyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(authorityKeyId)]),
    ],
  });
}

export async function serverCertificate(
  issuer: Issuer,
  pair: KeyPair,
  options: { names: readonly HostName[]; organization?: string | undefined; dates: Validity },
): Promise<x509.X509Certificate> {
  const commonName = (options.names.find((name) => name.kind === 'dns') ?? options.names[0])?.name;
  return issue(
    issuer,
    pair,
    subject([
      ['O', options.organization],
      ['CN', commonName],
    ]),
    options.dates,
    [
      new x509.KeyUsagesExtension(serverUsages()[pair.type], true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.names.map(({ kind, name }) => ({ type: kind, value: name })),
      ),
    ],
  );
}

export async function clientCertificate(
  issuer: Issuer,
  pair: KeyPair,
  options: {
    user: string;
    commonName: string;
    organization?: string | undefined;
    groups: readonly string[];
    email?: string | undefined;
    dates: Validity;
  },
): Promise<x509.X509Certificate> {
  return issue(
    issuer,
    pair,
    subject([
      // The server reads the user name from here (cert-user-oid = 0.9.2342.19200300.100.1.1).
      [uidOid, options.user],
      ['O', options.organization],
      ...options.groups.map((group) => ['OU', group] as const),
      ['CN', options.commonName],
    ]),
    options.dates,
    [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ...(options.email === undefined
        ? []
        : [new x509.SubjectAlternativeNameExtension([{ type: 'email', value: options.email }])]),
    ],
  );
}

/** An up-to-date list of what was revoked; empty lists are valid and wanted. */
export async function revocationList(
  issuer: Issuer,
  options: {
    number: number;
    now: Date;
    days: number;
    revoked: readonly { serial: string; at: Date; reason?: RevocationReason | undefined }[];
  },
): Promise<string> {
  const authorityKeyId = issuer.certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName,
    thisUpdate: options.now,
    nextUpdate: new Date(options.now.getTime() + options.days * 86_400_000),
    entries: options.revoked.map(({ serial, at, reason }) => ({
      serialNumber: serial,
      revocationDate: at,
      // "Unspecified" is said by leaving the reason out (RFC 5280, 5.3.1).
      ...(reason === undefined || reason === 'unspecified' ? {} : { reason: revocationReasons[reason] }),
    })),
    signingKey: issuer.key,
    signingAlgorithm: signingAlgorithm(issuer.key) as webcrypto.EcdsaParams,
    extensions: [
      ...(authorityKeyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(authorityKeyId)]),
      // cRLNumber, RFC 5280, 5.2.3: an INTEGER.
      new x509.Extension('2.5.29.20', false, derInteger(options.number)),
    ],
  });
  // The library labels it "CRL", which openssl and certtool refuse.
  const body = Buffer.from(list.rawData)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN X509 CRL-----\n${body}-----END X509 CRL-----\n`;
}

function derInteger(value: number): Uint8Array<ArrayBuffer> {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  const content = Buffer.from(hex, 'hex');
  return Uint8Array.from([0x02, content.length, ...content]);
}

/** The same names and purposes for a new time, for the old key or a new one. */
export async function renewedCertificate(
  issuer: Issuer,
  pair: KeyPair,
  old: x509.X509Certificate,
  dates: Validity,
): Promise<x509.X509Certificate> {
  const kept = [
    x509.KeyUsagesExtension,
    x509.ExtendedKeyUsageExtension,
    x509.SubjectAlternativeNameExtension,
  ] as const;
  const extensions = kept.flatMap((type) => old.getExtension<x509.Extension>(type as never) ?? []);
  return issue(issuer, pair, old.subjectName, dates, extensions);
}

/** A request for somebody else's authority; the dates are for that one to decide. */
export async function certificateRequest(
  pair: KeyPair,
  options: { names: readonly HostName[]; organization?: string | undefined },
): Promise<string> {
  const commonName = (options.names.find((name) => name.kind === 'dns') ?? options.names[0])?.name;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject([
      ['O', options.organization],
      ['CN', commonName],
    ]),
    keys: pair.keys,
    signingAlgorithm: signingAlgorithm(pair.keys.privateKey) as webcrypto.EcdsaParams,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(serverUsages()[pair.type], true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.names.map(({ kind, name }) => ({ type: kind, value: name })),
      ),
    ],
  });
  return `${request.toString('pem')}\n`;
}

function serverUsages(): Readonly<Record<KeyPair['type'], number>> {
  const flags = x509.KeyUsageFlags;
  return {
    rsa: flags.digitalSignature | flags.keyEncipherment,
    'rsa-pss': flags.digitalSignature | flags.keyEncipherment,
    // Cisco clients refuse an EC certificate without keyAgreement.
    ecdsa: flags.digitalSignature | flags.keyAgreement,
    ed25519: flags.digitalSignature,
  };
}
