// `occert show NAME`: what stands in a certificate.
import { Args } from '@oclif/core';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { at, listIssued, PkiError } from '../../core/pki/index.ts';
import { commonFlags, OccertCommand } from '../base/occert-command.ts';

export default class Show extends OccertCommand {
  static override summary = 'Show what stands in a certificate.';
  static override examples = ['occert show alice', 'occert show --json /etc/ocserv/server-cert.pem'];
  static override args = {
    which: Args.string({ required: true, ignoreStdin: true, description: 'user, server or file' }),
  };
  static override flags = { ...commonFlags };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Show);
    const place = this.place(flags);
    const entry = (await listIssued(place)).findLast(({ name }) => name === args.which);
    const file = entry === undefined ? args.which : at(place, 'issued', `${entry.serial}.pem`);
    if (entry === undefined && !existsSync(file))
      throw new PkiError(
        `there is no certificate of "${args.which}" in ${flags.dir}, nor a file of that name`,
        'see what there is: occert list',
      );
    const facts = factsOf(readFileSync(file), file);
    this.print(
      flags,
      facts,
      Object.entries(facts).map(([name, value]) => `${name}: ${String(value)}`),
    );
  }
}

function factsOf(bytes: Buffer, file: string): Record<string, string | number> {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes);
  } catch {
    throw new PkiError(`${file} holds no certificate`, 'expected PEM or DER');
  }
  const { subject, issuer, serialNumber, subjectAltName, validFromDate, validToDate, publicKey } =
    certificate;
  const oneLine = (name: string): string => name.replaceAll('\n', ', ');
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    serial: serialNumber.toLowerCase(),
    from: validFromDate.toISOString(),
    until: validToDate.toISOString(),
    key: [publicKey.asymmetricKeyType, bits ?? curve].filter((part) => part !== undefined).join(' '),
    ...(subjectAltName === undefined ? {} : { names: subjectAltName }),
    authority: certificate.ca ? 'yes' : 'no',
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}
