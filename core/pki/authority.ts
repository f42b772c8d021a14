// The workflows behind `occert ca`, `server`, `client` and `p12`. What they share is in state.ts.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  clientCertificate,
  crlDays,
  revocationList,
  selfSignedAuthority,
  serverCertificate,
  validity,
} from './certificate.ts';
import { generateKeyPair, type KeyType } from './keys.ts';
import type { HostName } from './names.ts';
import { derOf, encryptKey, writePkcs12, type Pkcs12Profile } from './pkcs12.ts';
import { writeNewFile } from './files.ts';
import {
  at,
  checkFree,
  issued,
  loadIssuer,
  locked,
  PkiError,
  readIndex,
  record,
  writeIndex,
  type Folder,
  type Issued,
} from './state.ts';

/** Key, self-signed certificate and an empty first revocation list. */
export async function createAuthority(
  place: Folder,
  options: {
    commonName: string;
    organization?: string | undefined;
    keyType: KeyType;
    days: number;
    pathLength: number;
    /** Encrypts the key. */
    password?: string | undefined;
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
    await writeNewFile(
      keyFile,
      options.password === undefined ? pair.pem : encryptKey(derOf(pair.pem), options.password),
      0o600,
      'backup',
      place.now,
    );
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
