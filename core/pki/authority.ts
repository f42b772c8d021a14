// The workflows behind occert: an authority in a folder, certificates it issues, the index of all of them.
//
//   ca/ca-key.pem (0600)  ca/ca.pem  ca/crl.pem  ca/index.json (0600)
//   server/NAME/key.pem (0600)  cert.pem  fullchain.pem
//   clients/USER/key.pem (0600)  cert.pem  USER.p12 (0600)
//   issued/SERIAL.pem
//
// Order of a change: key and certificate files, then the index, so that a crash leaves no certificate the index
// does not know of and nothing half-written. Called by commands/occert.
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '../system/index.ts';
import {
  clientCertificate,
  revocationList,
  selfSignedAuthority,
  serverCertificate,
  validity,
  type Issuer,
} from './certificate.ts';
import { generateKeyPair, importKeyPair, type KeyType } from './keys.ts';
import type { HostName } from './names.ts';
import { derOf, writePkcs12, type Pkcs12Profile } from './pkcs12.ts';
import { writeNewFile } from './files.ts';
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
}

interface Index {
  readonly crlNumber: number;
  readonly entries: readonly IndexEntry[];
}

/** First revocation lists live a year; `occert ca` writes one so that `crl =` can be configured at once. */
const crlDays = 365;

export interface Folder {
  readonly folder: string;
  /** Overwrite what is there; the old file is kept beside it as NAME.bak-TIME. */
  readonly force: boolean;
  readonly now: Date;
}

const at = (place: Folder, ...parts: string[]): string => path.join(place.folder, ...parts);

/** Runs `work` while no other occert changes this folder. */
async function locked<T>(place: Folder, work: () => Promise<T>): Promise<T> {
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
    await handle.writeFile(String(process.pid));
    return await work();
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

async function readIndex(place: Folder): Promise<Index> {
  const file = at(place, 'ca/index.json');
  if (!existsSync(file)) return { crlNumber: 0, entries: [] };
  return JSON.parse(await readFile(file, 'utf8')) as Index;
}

async function writeIndex(place: Folder, index: Index): Promise<void> {
  await writeNewFile(
    at(place, 'ca/index.json'),
    `${JSON.stringify(index, null, 2)}\n`,
    0o600,
    'replace',
    place.now,
  );
}

async function loadIssuer(place: Folder): Promise<Issuer> {
  const [keyFile, certificateFile] = [at(place, 'ca/ca-key.pem'), at(place, 'ca/ca.pem')];
  if (!existsSync(keyFile) || !existsSync(certificateFile)) {
    throw new PkiError(
      `there is no authority in ${place.folder}`,
      'make one first: occert ca --cn "Our VPN CA"',
    );
  }
  const { keys } = await importKeyPair(await readFile(keyFile, 'utf8'));
  return {
    certificate: new x509.X509Certificate(await readFile(certificateFile, 'utf8')),
    key: keys.privateKey,
  };
}

async function fingerprint(certificate: x509.X509Certificate): Promise<string> {
  return Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex');
}

/** Refuses before any file is written when one of them exists already. */
function checkFree(place: Folder, files: readonly string[]): void {
  const taken = files.find((file) => existsSync(file));
  if (taken !== undefined && !place.force) {
    throw new PkiError(`${taken} exists already`, 'use --force to replace it; the old one is kept beside it');
  }
}

async function record(
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

async function issued(certificate: x509.X509Certificate, files: readonly string[]): Promise<Issued> {
  return {
    serial: certificate.serialNumber,
    notAfter: certificate.notAfter.toISOString(),
    fingerprint: await fingerprint(certificate),
    files,
  };
}

/** Key, self-signed certificate and an empty first revocation list. */
export async function createAuthority(
  place: Folder,
  options: {
    commonName: string;
    organization?: string | undefined;
    keyType: KeyType;
    days: number;
    pathLength: number;
  },
): Promise<Issued> {
  return locked(place, async () => {
    const files = ['ca/ca-key.pem', 'ca/ca.pem', 'ca/crl.pem'].map((name) => at(place, name));
    const [keyFile = '', certificateFile = '', crlFile = ''] = files;
    checkFree(place, files);
    const pair = await generateKeyPair(options.keyType);
    const certificate = await selfSignedAuthority(pair, {
      ...options,
      dates: validity(place.now, options.days),
    });
    await writeNewFile(keyFile, pair.pem, 0o600, 'backup', place.now);
    await writeNewFile(certificateFile, `${certificate.toString('pem')}\n`, 0o644, 'backup', place.now);
    await record(place, certificate, {
      kind: 'ca',
      name: options.commonName,
      keyType: pair.type,
      file: certificateFile,
    });
    const index = await readIndex(place);
    const number = index.crlNumber + 1;
    const crl = await revocationList(
      { certificate, key: pair.keys.privateKey },
      { number, now: place.now, days: crlDays, revoked: [] },
    );
    await writeNewFile(crlFile, crl, 0o644, 'backup', place.now);
    await writeIndex(place, { ...index, crlNumber: number });
    return issued(certificate, files);
  });
}

export async function issueServer(
  place: Folder,
  options: { names: readonly HostName[]; organization?: string | undefined; keyType: KeyType; days: number },
): Promise<Issued> {
  return locked(place, async () => {
    const issuer = await loadIssuer(place);
    const name = options.names[0]?.name ?? '';
    const folder = name.replaceAll(/[*:]/g, '_');
    const files = ['key.pem', 'cert.pem', 'fullchain.pem'].map((file) => at(place, 'server', folder, file));
    const [keyFile = '', certificateFile = '', chainFile = ''] = files;
    checkFree(place, files);
    const pair = await generateKeyPair(options.keyType);
    const certificate = await serverCertificate(issuer, pair, {
      ...options,
      dates: validity(place.now, options.days, issuer.certificate),
    });
    const pem = `${certificate.toString('pem')}\n`;
    await writeNewFile(keyFile, pair.pem, 0o600, 'backup', place.now);
    await writeNewFile(certificateFile, pem, 0o644, 'backup', place.now);
    await writeNewFile(
      chainFile,
      `${pem}${issuer.certificate.toString('pem')}\n`,
      0o644,
      'backup',
      place.now,
    );
    await record(place, certificate, { kind: 'server', name, keyType: pair.type, file: certificateFile });
    return issued(certificate, files);
  });
}

export async function issueClient(
  place: Folder,
  options: {
    user: string;
    commonName: string;
    organization?: string | undefined;
    groups: readonly string[];
    email?: string | undefined;
    keyType: KeyType;
    days: number;
  },
): Promise<Issued> {
  return locked(place, async () => {
    const issuer = await loadIssuer(place);
    const files = ['key.pem', 'cert.pem'].map((file) => at(place, 'clients', options.user, file));
    const [keyFile = '', certificateFile = ''] = files;
    checkFree(place, files);
    const pair = await generateKeyPair(options.keyType);
    const certificate = await clientCertificate(issuer, pair, {
      ...options,
      dates: validity(place.now, options.days, issuer.certificate),
    });
    await writeNewFile(keyFile, pair.pem, 0o600, 'backup', place.now);
    await writeNewFile(certificateFile, `${certificate.toString('pem')}\n`, 0o644, 'backup', place.now);
    await record(place, certificate, {
      kind: 'client',
      name: options.user,
      keyType: pair.type,
      file: certificateFile,
    });
    return issued(certificate, files);
  });
}

/** Packs a client's key and certificate, with the authority's, for a device to import. */
export async function exportPkcs12(
  place: Folder,
  options: {
    user: string;
    password: string;
    profile: Pkcs12Profile;
    file?: string | undefined;
    withAuthority: boolean;
  },
): Promise<string> {
  return locked(place, async () => {
    const folder = at(place, 'clients', options.user);
    const keyFile = path.join(folder, 'key.pem');
    if (!existsSync(keyFile)) {
      throw new PkiError(
        `no client "${options.user}" in ${place.folder}`,
        `issue one first: occert client ${options.user}`,
      );
    }
    const file = options.file ?? path.join(folder, `${options.user}.p12`);
    checkFree(place, [file]);
    const certificates = [await readFile(path.join(folder, 'cert.pem'), 'utf8')];
    if (options.withAuthority) certificates.push(await readFile(at(place, 'ca/ca.pem'), 'utf8'));
    const bytes = writePkcs12({
      key: derOf(await readFile(keyFile, 'utf8')),
      certificates: certificates.map((pem) => derOf(pem)),
      friendlyName: options.user,
      password: options.password,
      profile: options.profile,
    });
    await writeNewFile(file, bytes, 0o600, 'backup', place.now);
    return file;
  });
}

export async function listIssued(place: Folder): Promise<readonly IndexEntry[]> {
  return (await readIndex(place)).entries;
}
