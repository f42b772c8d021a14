// One JSON document of the provider, in bounded time and size. No redirects: where the documents are is the site's
// word and the provider's, not that of whoever answers. Called by provider.ts.
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { isIPv4 } from 'node:net';

export interface FetchOptions {
  /** PEM certificates to trust in place of the system's. */
  readonly authoritiesFile: string | undefined;
  readonly signal: AbortSignal;
}

const MAX_DOCUMENT_BYTES = 512 * 1024;

/** Where distributions keep what their administrators trust. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

/** Why nothing is fetched from there. In plain HTTP whoever is in between could say which keys are the provider's. */
export function urlProblem(url: URL, allowsLoopback: boolean): string | undefined {
  if (url.username !== '' || url.password !== '') return 'expected a URL without a user name';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && allowsLoopback && isLoopback(url.hostname)) return undefined;
  return 'expected a URL that begins with https:// (http:// only to this machine itself)';
}

/** Rejects with an Error whose text is for the log: it holds nothing of the answer but its status. */
export async function fetchJson(url: URL, { authoritiesFile, signal }: FetchOptions): Promise<unknown> {
  // Late: a server without oidc does without them.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const ca = url.protocol === 'https:' ? await readAuthorities(authoritiesFile) : undefined;
  const options: RequestOptions = {
    agent: false,
    signal,
    minVersion: 'TLSv1.2',
    headers: { accept: 'application/json', 'user-agent': 'ocserv' },
    ...(ca === undefined ? {} : { ca }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const call = request(url, options, (answer) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const giveUp = (text: string): void => {
      reject(new Error(text));
      call.destroy();
    };
    if (answer.statusCode !== 200) return giveUp(`answers with status ${String(answer.statusCode)}`);
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
      return giveUp('answers compressed');
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_DOCUMENT_BYTES) giveUp(`answers with more than ${MAX_DOCUMENT_BYTES} bytes`);
    });
    answer.on('end', () =>
      answer.complete ? resolve(Buffer.concat(chunks)) : giveUp('breaks off its answer'),
    );
    answer.on('error', reject);
  });
  call.on('error', reject);
  call.end();
  const bytes = await promise.catch((error: unknown) => {
    throw signal.aborted ? new Error('does not answer in time') : inWords(error);
  });
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Error('answers with something that is not JSON');
  }
}

function inWords(error: unknown): Error {
  if (error instanceof Error && 'code' in error)
    return new Error(`cannot be reached (${String(error.code)})`);
  return error instanceof Error ? error : new Error('cannot be reached');
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

/** Read anew each time, as authorities come and go. Undefined: there is no such file, Node's own list counts. */
async function readAuthorities(file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) {
    return readFile(file, 'utf8').catch(() => {
      throw new Error(`cannot be asked: ca_file '${file}' cannot be read`);
    });
  }
  for (const bundle of SYSTEM_AUTHORITIES) {
    const text = await readFile(bundle, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}
