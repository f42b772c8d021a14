// The oidc method: the client shows a token that an OpenID provider has signed, once. Made by backends.ts; what a token
// must be stands in oidc/.
import type { AuthMethod } from '../../config/index.ts';
import type { Clock } from '../clock.ts';
import { quoted, type Log } from '../log.ts';
import {
  fetchJson,
  judgeClaims,
  Provider,
  readOidcConfiguration,
  readToken,
  verifyToken,
  type OidcConfiguration,
  type Refusal,
} from '../oidc/index.ts';
import type { Backend, BackendReply } from './backend.ts';

export interface OidcOptions {
  readonly configuration: OidcConfiguration;
  readonly provider: Pick<Provider, 'find'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Throws an Error with the problems as its text. The keys are being fetched when it returns. */
export function openOidc(
  method: AuthMethod,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Backend {
  const { configuration, problems, warnings } = readOidcConfiguration(method.options['config'] ?? '');
  if (configuration === undefined) throw new Error(problems.join('\n'));
  for (const warning of warnings) log.warning(warning);
  const { authoritiesFile } = configuration;
  const provider = new Provider({
    ...configuration,
    fetch: (url, signal) => fetchJson(url, { authoritiesFile, signal }),
    clock,
    log,
  });
  void provider.refresh();
  return oidcBackend({ configuration, provider, clock, log });
}

export function oidcBackend(options: OidcOptions): Backend {
  return {
    name: 'oidc',
    isByToken: true,
    tries: 1,
    begin: () => ({ answer: (token) => judge(options, token), close: () => {} }),
    listGroups: () => Promise.resolve([]),
  };
}

async function judge(
  { configuration, provider, clock, log }: OidcOptions,
  token: string,
): Promise<BackendReply> {
  const refuse = ({ reason, found }: Refusal): BackendReply => {
    log.notice(`ocserv-oidc: ${reason}${found === undefined ? '' : ` (found ${shown(found)})`}`);
    return { kind: 'rejected', reason, isFinal: true };
  };
  const read = readToken(token);
  if ('reason' in read) return refuse(read);
  const found = await provider.find(read.header);
  if (found === 'unavailable') {
    return {
      kind: 'unavailable',
      reason: 'the key of the token is not at hand, and the provider cannot be asked',
    };
  }
  if (found === 'unknown') return refuse({ reason: 'token names an unknown key', found: read.header.kid });
  const verified = await verifyToken(token, read.header, found.keys);
  if ('reason' in verified) return refuse(verified);
  const identity = judgeClaims(verified.claims, configuration, found.issuer, clock.now());
  return 'reason' in identity ? refuse(identity) : { kind: 'accepted', ...identity };
}

function shown(found: unknown): string {
  return quoted(typeof found === 'string' ? found : (JSON.stringify(found) ?? 'nothing'));
}
