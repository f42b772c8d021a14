// What every workflow of occert shares: the folder of an authority, its lock, the index of all that was issued.
//
//   ca/ca-key.pem (0600)  ca/ca.pem  ca/crl.pem  ca/index.json (0600)
//   server/NAME/key.pem (0600)  cert.pem  fullchain.pem  request.csr
//   clients/USER/key.pem (0600)  cert.pem  USER.p12 (0600)
//   issued/SERIAL.pem
//
// Order of a change: key and certificate files, then the index, then the revocation list, so that a crash leaves no
// certificate the index does not know of and nothing half-written.
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../system/index.ts';
import type { Issuer, RevocationReason } from './certificate.ts';
import { writeNewFile } from './files.ts';
import { importKeyPair, type KeyType } from './keys.ts';
import * as x509 from './x509.ts';

/** A workflow that could not be done, with what to do about it. */
export class PkiError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'PkiError';
    this.hint = hint;
  }
}

export interface IndexEntry {
  readonly serial: string;
  readonly kind: 'ca' | 'server' | 'client';
  readonly name: string;
  readonly keyType: KeyType;
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuedAt: string;
  readonly file: string;
  readonly revokedAt?: string;
  readonly reason?: RevocationReason;
  /** Serial of the certificate that took its place. */
  readonly replacedBy?: string;
}

export interface Index {
  readonly crlNumber: number;
  readonly entries: readonly IndexEntry[];
}

export interface Folder {
  readonly folder: string;
  /** Overwrite what is there; the old file is kept beside it as NAME.bak-TIME. */
  readonly force: boolean;
  readonly now: Date;
  /** Asked when the authority's key turns out to be encrypted. */
  readonly passphrase?: () => Promise<string>;
}

export const at = (place: Folder, ...parts: string[]): string => path.join(place.folder, ...parts);

/** Runs `work` while no other occert changes this folder. */
export async function locked<T>(place: Folder, work: () => Promise<T>): Promise<T> {
  makeFolder(at(place, 'ca'), 0o700);
  const lock = at(place, 'ca/lock');
  const handle = await open(lock, 'wx', 0o600).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && !existsSync(`/proc/${String(owner)}`)) {
      // Its owner is gone: take it over by name, so that two of us cannot both succeed.
      await rename(lock, `${lock}.stale-${String(process.pid)}`);
      await rm(`${lock}.stale-${String(process.pid)}`);
      return open(lock, 'wx', 0o600);
    }
    throw new PkiError(`${place.folder} is locked by process ${String(owner)}`, 'wait until it is done');
  });
  try {
    await handle.writeFile(String(process.pid)).catch((error: unknown) => {
      // A full disk does not say which file it was.
      throw Object.assign(error as Error, { path: lock });
    });
    return await work();
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

export async function readIndex(place: Folder): Promise<Index> {
  const file = at(place, 'ca/index.json');
  if (!existsSync(file)) return { crlNumber: 0, entries: [] };
  return JSON.parse(await readFile(file, 'utf8')) as Index;
}

export async function writeIndex(place: Folder, index: Index): Promise<void> {
  await writeNewFile(
    at(place, 'ca/index.json'),
    `${JSON.stringify(index, null, 2)}\n`,
    0o600,
    'replace',
    place.now,
  );
}

export async function loadIssuer(place: Folder): Promise<Issuer> {
  const [keyFile, certificateFile] = [at(place, 'ca/ca-key.pem'), at(place, 'ca/ca.pem')];
  if (!existsSync(keyFile) || !existsSync(certificateFile)) {
    throw new PkiError(
      `there is no authority in ${place.folder}`,
      'make one first: occert ca --cn "Our VPN CA"',
    );
  }
  const certificate = new x509.X509Certificate(await readFile(certificateFile, 'utf8'));
  if (certificate.notAfter <= place.now) {
    throw new PkiError(
      `the authority in ${place.folder} expired on ${certificate.notAfter.toISOString().slice(0, 10)}`,
      'nothing it signs is accepted; make a new one: occert ca --force --cn NAME',
    );
  }
  const pem = await readFile(keyFile, 'utf8');
  const passphrase = pem.includes('ENCRYPTED') ? await place.passphrase?.() : undefined;
  if (pem.includes('ENCRYPTED') && passphrase === undefined) {
    throw new PkiError("the authority's key is encrypted", 'give its password with --ca-password-file');
  }
  const isPss = (certificate.signatureAlgorithm as { name?: string }).name === 'RSA-PSS';
  const pair = await importKeyPair(pem, { passphrase, isPss }).catch((cause: unknown) => {
    const why = passphrase === undefined ? (cause as Error).message : 'the password is wrong';
    throw new PkiError(`cannot read the authority's key ${keyFile}: ${why}`);
  });
  return { certificate, key: pair.keys.privateKey };
}

export async function fingerprint(certificate: x509.X509Certificate): Promise<string> {
  return Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex');
}

/** Refuses before any file is written when one of them exists already. */
export function checkFree(place: Folder, files: readonly string[]): void {
  const taken = files.find((file) => existsSync(file));
  if (taken !== undefined && !place.force) {
    throw new PkiError(`${taken} exists already`, 'use --force to replace it; the old one is kept beside it');
  }
}

export async function record(
  place: Folder,
  certificate: x509.X509Certificate,
  entry: Pick<IndexEntry, 'kind' | 'name' | 'keyType' | 'file'>,
): Promise<void> {
  const serial = certificate.serialNumber;
  await writeNewFile(
    at(place, 'issued', `${serial}.pem`),
    `${certificate.toString('pem')}\n`,
    0o644,
    'replace',
    place.now,
  );
  const index = await readIndex(place);
  await writeIndex(place, {
    ...index,
    entries: [
      ...index.entries,
      {
        serial,
        ...entry,
        fingerprint: await fingerprint(certificate),
        notBefore: certificate.notBefore.toISOString(),
        notAfter: certificate.notAfter.toISOString(),
        issuedAt: place.now.toISOString(),
      },
    ],
  });
}

export interface Issued {
  readonly serial: string;
  readonly notAfter: string;
  readonly fingerprint: string;
  readonly files: readonly string[];
}

export async function issued(certificate: x509.X509Certificate, files: readonly string[]): Promise<Issued> {
  return {
    serial: certificate.serialNumber,
    notAfter: certificate.notAfter.toISOString(),
    fingerprint: await fingerprint(certificate),
    files,
  };
}
