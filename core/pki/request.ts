// A key and a request for somebody else's authority, and its answer: behind `occert csr`.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { certificateRequest } from './certificate.ts';
import { writeNewFile } from './files.ts';
import { generateKeyPair, type KeyType } from './keys.ts';
import type { HostName } from './names.ts';
import { at, checkFree, locked, PkiError, type Folder } from './state.ts';

/** The folder of a server's files. */
export function serverFolder(name: string): string {
  return name.replaceAll(/[*:]/g, '_');
}

export function makeRequest(
  place: Folder,
  options: { names: readonly HostName[]; organization?: string | undefined; keyType: KeyType },
): Promise<string[]> {
  return locked(place, async () => {
    const folder = serverFolder(options.names[0]?.name ?? '');
    const files = ['key.pem', 'request.csr'].map((file) => at(place, 'server', folder, file));
    const [keyFile = '', requestFile = ''] = files;
    checkFree(place, files);
    const pair = await generateKeyPair(options.keyType);
    await writeNewFile(keyFile, pair.pem, 0o600, 'backup', place.now);
    await writeNewFile(requestFile, await certificateRequest(pair, options), 0o644, 'backup', place.now);
    return files;
  });
}

/** Checks that a certificate fits the key of the request and writes it with its chain, leaf first. */
export function installAnswer(place: Folder, name: string, answers: readonly string[]): Promise<string[]> {
  return locked(place, async () => {
    const pems = (await Promise.all(answers.map((file) => readFile(file, 'utf8')))).join('\n');
    const blocks = pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const certificates = blocks.map((pem) => new X509Certificate(pem));
    const key = createPrivateKey(await readFile(at(place, 'server', serverFolder(name), 'key.pem')));
    const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
    if (leaf === undefined) {
      throw new PkiError(
        `no certificate in ${answers.join(', ')} is for the key of "${name}"`,
        'give the certificate that the authority made from request.csr',
      );
    }
    const chain = [leaf];
    for (let last = leaf; ;) {
      const next = certificates.find((other) => !chain.includes(other) && last.checkIssued(other));
      if (next === undefined) break;
      chain.push(next);
      last = next;
    }
    const files = ['cert.pem', 'fullchain.pem'].map((file) => at(place, 'server', serverFolder(name), file));
    const [certificateFile = '', chainFile = ''] = files;
    checkFree(place, files);
    await writeNewFile(certificateFile, leaf.toString(), 0o644, 'backup', place.now);
    await writeNewFile(chainFile, chain.map(String).join(''), 0o644, 'backup', place.now);
    return files;
  });
}
