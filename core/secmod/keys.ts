// The private keys of the server. They are read here and never leave; workers ask for signatures. Loaded at
// Configure; at a reload a pair that cannot be loaded leaves the former one in force.
import { createPrivateKey, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { serverKeyId } from '../config/index.ts';
import type { Log } from './log.ts';
import { recogniseSigningInput, signatureParameters } from './signing.ts';

export interface KeyFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Password of an encrypted key: itself (key-pin), or the first line of a file (pin-file). */
  readonly pin?: string | undefined;
  readonly pinFile?: string | undefined;
}

export type SignResult = { readonly signature: Buffer } | { readonly problem: string };

const MAX_KEY_FILE_BYTES = 256 * 1024;

export class KeyRing {
  readonly #log: Log;
  #byPair = new Map<string, { keyId: string; key: KeyObject }>();
  /** Also those in force before the last reload: a worker that has not heard of it yet still needs them. */
  #byId = new Map<string, KeyObject>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Returns what is wrong, each naming its file. Pairs without a problem are in force afterwards. */
  load(pairs: readonly KeyFiles[]): string[] {
    const problems: string[] = [];
    const byPair = new Map<string, { keyId: string; key: KeyObject }>();
    for (const pair of pairs) {
      const name = JSON.stringify([pair.certificateFile, pair.keyFile]);
      const loaded = this.#loadPair(pair);
      if ('problem' in loaded) problems.push(loaded.problem);
      const inForce = 'problem' in loaded ? this.#byPair.get(name) : loaded;
      if (inForce !== undefined) byPair.set(name, inForce);
    }
    const byId = new Map<string, KeyObject>();
    for (const { keyId, key } of [...this.#byPair.values(), ...byPair.values()]) byId.set(keyId, key);
    this.#byPair = byPair;
    this.#byId = byId;
    return problems;
  }

  async sign(keyId: string, scheme: number, input: Buffer): Promise<SignResult> {
    const key = this.#byId.get(keyId);
    if (key === undefined) return { problem: 'unknown key' };
    const structure = recogniseSigningInput(input);
    if (structure === undefined) return { problem: 'the input is no handshake signature' };
    const parameters = signatureParameters(key, scheme, structure);
    if ('problem' in parameters) return parameters;
    const { hash, options } = parameters;
    try {
      const signature = await new Promise<Buffer>((resolve, reject) => {
        sign(hash, input, { key, ...options }, (error, result) =>
          error === null ? resolve(result) : reject(error),
        );
      });
      return { signature };
    } catch {
      return { problem: 'the key cannot sign with this scheme' };
    }
  }

  #loadPair({
    certificateFile,
    keyFile,
    pin,
    pinFile,
  }: KeyFiles): { keyId: string; key: KeyObject } | { problem: string } {
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(readFileSync(certificateFile));
    } catch (error) {
      return { problem: `${certificateFile}: cannot load the certificate (${reasonOf(error)})` };
    }
    let passphrase: string | undefined;
    try {
      passphrase = pin ?? (pinFile === undefined ? undefined : readPin(pinFile));
    } catch (error) {
      return { problem: `could not open PIN file '${pinFile ?? ''}' (${reasonOf(error)})` };
    }
    try {
      const { mode, size } = statSync(keyFile);
      if (size > MAX_KEY_FILE_BYTES) return { problem: `${keyFile}: too large for a private key` };
      if ((mode & 0o002) !== 0) this.#log.warning(`${keyFile}: the private key is writable by everybody`);
      else if ((mode & 0o004) !== 0)
        this.#log.warning(`${keyFile}: the private key is readable by everybody`);
      const content = readFileSync(keyFile);
      const key = createPrivateKey(passphrase === undefined ? content : { key: content, passphrase });
      if (!certificate.checkPrivateKey(key)) {
        return { problem: `${keyFile}: does not belong to the certificate in ${certificateFile}` };
      }
      return { keyId: serverKeyId(certificate.raw), key };
    } catch (error) {
      const reason = isAboutPassphrase(error)
        ? passphrase === undefined
          ? 'it is encrypted; expected key-pin or pin-file'
          : 'the PIN does not fit'
        : reasonOf(error);
      return { problem: `${keyFile}: cannot load the private key (${reason})` };
    }
  }
}

const MAX_PIN_FILE_BYTES = 4096;

/** The first line, without its end. */
function readPin(file: string): string {
  if (statSync(file).size > MAX_PIN_FILE_BYTES) throw new Error('too large for a PIN');
  return readFileSync(file, 'utf8').split(/\r?\n|\r/)[0] ?? '';
}

/** Missing, or not the one the key was encrypted with. */
function isAboutPassphrase(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const codes: readonly unknown[] = [
    'ERR_MISSING_PASSPHRASE',
    // Of an encrypted key for which there is no passphrase to ask for.
    'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED',
    'ERR_OSSL_BAD_DECRYPT',
    'ERR_OSSL_EVP_BAD_DECRYPT',
  ];
  return (
    codes.includes(error.code) || /bad decrypt|cipherfinal error|maybe wrong password/i.test(error.message)
  );
}

/** The system's code or the library's reason; never the content of a file. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error ? String(error.code) : error.message;
}

/** A token bucket: `perSecond` on average, bursts of twice that. */
export class RateBound {
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#tokens = perSecond * 2;
    this.#filledAt = now();
  }

  take(): boolean {
    const now = this.#now();
    const earned = (Math.max(0, now - this.#filledAt) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#perSecond * 2, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
