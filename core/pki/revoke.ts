// Revoking, listing, renewing and watching what was issued: behind `occert revoke`, `crl`, `list`, `renew` and `check`.
// The index says what is revoked; the list is made from it alone, whole, each time.
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  crlDays,
  renewedCertificate,
  revocationList,
  validity,
  type Issuer,
  type RevocationReason,
} from './certificate.ts';
import { writeNewFile } from './files.ts';
import { generateKeyPair, importKeyPair } from './keys.ts';
import {
  at,
  issued,
  loadIssuer,
  locked,
  PkiError,
  readIndex,
  record,
  writeIndex,
  type Folder,
  type Index,
  type IndexEntry,
  type Issued,
} from './state.ts';
import * as x509 from './x509.ts';

const dayMs = 86_400_000;

export async function listIssued(place: Folder): Promise<readonly IndexEntry[]> {
  return (await readIndex(place)).entries;
}

export type EntryState = 'valid' | 'due' | 'expired' | 'revoked' | 'replaced';

/** `dueDays`: from how many days before its end on a certificate is due for renewal. */
export function stateOf(entry: IndexEntry, now: Date, dueDays: number): EntryState {
  if (entry.revokedAt !== undefined) return 'revoked';
  if (entry.replacedBy !== undefined) return 'replaced';
  const left = Date.parse(entry.notAfter) - now.getTime();
  if (left <= 0) return 'expired';
  return left <= dueDays * dayMs ? 'due' : 'valid';
}

export interface NewList {
  readonly file: string;
  readonly number: number;
  readonly nextUpdate: string;
  readonly revoked: number;
}

/** Writes the list of all that is revoked and not expired yet, empty or not. `number` never goes back. */
async function writeList(
  place: Folder,
  issuer: Issuer,
  index: Index,
  options: { days?: number | undefined; number?: number | undefined },
): Promise<NewList> {
  const number = options.number ?? index.crlNumber + 1;
  if (number <= index.crlNumber) {
    throw new PkiError(
      `the number must be above ${String(index.crlNumber)}, that of the last list`,
      'leave --number out',
    );
  }
  const days = options.days ?? crlDays;
  const revoked = index.entries.filter(
    ({ revokedAt, notAfter }) => revokedAt !== undefined && Date.parse(notAfter) > place.now.getTime(),
  );
  const list = await revocationList(issuer, {
    number,
    now: place.now,
    days,
    revoked: revoked.map(({ serial, revokedAt = '', reason }) => ({
      serial,
      at: new Date(revokedAt),
      reason,
    })),
  });
  const file = at(place, 'ca/crl.pem');
  // The number first: after a crash between the two it is skipped, never used twice.
  await writeIndex(place, { ...index, crlNumber: number });
  await writeNewFile(file, list, 0o644, 'replace', place.now);
  const nextUpdate = new Date(place.now.getTime() + days * dayMs).toISOString();
  return { file, number, nextUpdate, revoked: revoked.length };
}

export function renewList(
  place: Folder,
  options: { days?: number | undefined; number?: number | undefined },
): Promise<NewList> {
  return locked(place, async () =>
    writeList(place, await loadIssuer(place), await readIndex(place), options),
  );
}

/** The certificates meant: of a user or server (all that count), by serial number, or by file. */
async function entriesOf(
  place: Folder,
  target: string,
  index: Index,
  kind?: IndexEntry['kind'],
): Promise<IndexEntry[]> {
  const leaves = index.entries.filter((entry) => entry.kind !== 'ca' && (kind ?? entry.kind) === entry.kind);
  const named = leaves.filter((entry) => entry.name === target && entry.revokedAt === undefined);
  if (named.length > 0) return named;
  const serial = target.replaceAll(':', '').toLowerCase();
  const bySerial = leaves.filter((entry) => entry.serial.toLowerCase() === serial);
  if (bySerial.length > 0) return bySerial;
  if (existsSync(target)) {
    const certificate = new x509.X509Certificate(await readFile(target, 'utf8'));
    const same = leaves.filter((entry) => entry.serial === certificate.serialNumber);
    if (same.length > 0) return same;
    throw new PkiError(`${target} was not issued by the authority in ${place.folder}`);
  }
  if (leaves.some((entry) => entry.name === target))
    throw new PkiError(`every certificate of "${target}" is revoked already`);
  throw new PkiError(
    `there is no certificate of "${target}" in ${place.folder}`,
    'see what there is: occert list',
  );
}

export interface Revoked {
  readonly serials: readonly string[];
  readonly list: NewList;
}

/** Marks certificates as revoked and writes a new list. */
export function revoke(
  place: Folder,
  options: { target: string; reason: RevocationReason; days?: number | undefined },
): Promise<Revoked> {
  return locked(place, async () => {
    const issuer = await loadIssuer(place);
    const index = await readIndex(place);
    const chosen = await entriesOf(place, options.target, index);
    const already = chosen.find(({ revokedAt }) => revokedAt !== undefined);
    if (already !== undefined) {
      throw new PkiError(
        `${already.serial} is revoked already, since ${already.revokedAt?.slice(0, 10) ?? ''}`,
      );
    }
    const marked = markRevoked(index, chosen, options.reason, place.now);
    await writeIndex(place, marked);
    const list = await writeList(place, issuer, marked, options);
    return { serials: chosen.map(({ serial }) => serial), list };
  });
}

function markRevoked(
  index: Index,
  chosen: readonly IndexEntry[],
  reason: RevocationReason,
  now: Date,
): Index {
  const entries = index.entries.map((entry) =>
    chosen.includes(entry) ? { ...entry, revokedAt: now.toISOString(), reason } : entry,
  );
  return { ...index, entries };
}

/** A new certificate with the names and purposes of the last one, with a fresh key unless `keepsKey`. */
export function renew(
  place: Folder,
  options: {
    name: string;
    kind?: 'server' | 'client' | undefined;
    days?: number | undefined;
    keepsKey: boolean;
    revokesOld: boolean;
  },
): Promise<Issued> {
  return locked(place, async () => {
    const issuer = await loadIssuer(place);
    const found = await entriesOf(place, options.name, await readIndex(place), options.kind);
    const kinds = new Set(found.map(({ kind }) => kind));
    if (kinds.size > 1)
      throw new PkiError(`"${options.name}" is a server and a user`, 'say which with --kind');
    const entry = found.at(-1);
    if (entry === undefined) throw new PkiError(`there is no certificate of "${options.name}"`);
    const folder = path.dirname(entry.file);
    const old = new x509.X509Certificate(await readFile(at(place, 'issued', `${entry.serial}.pem`), 'utf8'));
    const keyFile = path.join(folder, 'key.pem');
    const pair = options.keepsKey
      ? await importKeyPair(await readFile(keyFile, 'utf8'))
      : await generateKeyPair(entry.keyType);
    const days =
      options.days ?? Math.round((Date.parse(entry.notAfter) - Date.parse(entry.notBefore)) / dayMs);
    const dates = validity(place.now, days, issuer.certificate);
    const certificate = await renewedCertificate(issuer, pair, old, dates);
    const pem = `${certificate.toString('pem')}\n`;
    const files = [entry.file];
    if (!options.keepsKey) {
      await writeNewFile(keyFile, pair.pem, 0o600, 'backup', place.now);
      files.unshift(keyFile);
    }
    await writeNewFile(entry.file, pem, 0o644, 'backup', place.now);
    if (entry.kind === 'server') {
      const chain = path.join(folder, 'fullchain.pem');
      await writeNewFile(chain, `${pem}${issuer.certificate.toString('pem')}\n`, 0o644, 'backup', place.now);
      files.push(chain);
    }
    await record(place, certificate, {
      kind: entry.kind,
      name: entry.name,
      keyType: pair.type,
      file: entry.file,
    });
    const index = await readIndex(place);
    const replaced: Index = {
      ...index,
      entries: index.entries.map((other) =>
        other.serial === entry.serial ? { ...other, replacedBy: certificate.serialNumber } : other,
      ),
    };
    const outdated = replaced.entries.filter(({ serial }) => serial === entry.serial);
    const marked = options.revokesOld ? markRevoked(replaced, outdated, 'superseded', place.now) : replaced;
    await writeIndex(place, marked);
    if (options.revokesOld) files.push((await writeList(place, issuer, marked, {})).file);
    return issued(certificate, files);
  });
}

/** What needs attention within `days`, one sentence each; nothing when all is well. For cron. */
export async function findDue(place: Folder, days: number): Promise<string[]> {
  const index = await readIndex(place);
  if (index.entries.length === 0) throw new PkiError(`there is no authority in ${place.folder}`);
  const findings = index.entries.flatMap((entry) => {
    const state = stateOf(entry, place.now, days);
    if (state !== 'due' && state !== 'expired') return [];
    const what = entry.kind === 'ca' ? `the authority "${entry.name}"` : `${entry.kind} "${entry.name}"`;
    const day = entry.notAfter.slice(0, 10);
    const verb = state === 'due' ? 'expires' : 'expired';
    const todo = entry.kind === 'ca' ? 'make a new authority' : `occert renew ${entry.name}`;
    return [`${what} ${verb} on ${day} (${todo})`];
  });
  const file = at(place, 'ca/crl.pem');
  if (!existsSync(file)) return [...findings, `${file} is missing (occert crl)`];
  const list = new x509.X509Crl(await readFile(file, 'utf8'));
  const next = list.nextUpdate;
  if (next !== undefined && next.getTime() <= place.now.getTime() + days * dayMs)
    findings.push(`the revocation list wants a successor by ${next.toISOString().slice(0, 10)} (occert crl)`);
  for (const entry of index.entries) {
    const state = stateOf(entry, place.now, days);
    if (state !== 'valid' && state !== 'due') continue;
    const problem = await fileProblem(entry);
    if (problem !== undefined) findings.push(problem);
  }
  return findings;
}

/** Does the file in use hold the certificate that the index speaks of, with a key that fits? */
async function fileProblem(entry: IndexEntry): Promise<string | undefined> {
  if (!existsSync(entry.file)) return `${entry.file} is missing`;
  const certificate = new X509Certificate(await readFile(entry.file));
  if (certificate.serialNumber.toLowerCase() !== entry.serial.toLowerCase())
    return `${entry.file} is not the certificate ${entry.serial} of the index`;
  return undefined;
}
