// What a "radius[…]" line of the configuration comes to: the file it names is read, the suboptions are applied, the
// servers can be asked. Used by auth/backends.ts and accounting/.
import type { AuthMethod } from '../../config/index.ts';
import type { Log } from '../log.ts';
import { readRadiusConfiguration, type ReadConfiguration, type ServerKind } from './configuration.ts';
import { RadiusExchange } from './exchange.ts';
import type { GroupSeparator } from './reply.ts';

export interface RadiusSite {
  readonly exchange: Pick<RadiusExchange, 'ask'>;
  readonly nasIdentifier: string | undefined;
  /** Stands in for the address the client connected to. */
  readonly nasAddress: string | undefined;
  readonly defaultRealm: string | undefined;
  readonly groupSeparator: GroupSeparator;
}

const MAX_IDENTIFIER_BYTES = 63;

/** What stands in the way of the line; empty when nothing does. */
export function radiusProblems(method: AuthMethod, kind: ServerKind): readonly string[] {
  return readSite(method, kind).problems;
}

/** Throws an Error with the problems as its text. */
export function openRadiusSite(method: AuthMethod, kind: ServerKind, log: Log): RadiusSite {
  const { configuration, problems, warnings } = readSite(method, kind);
  if (configuration === undefined) throw new Error(problems.join('\n'));
  for (const warning of warnings) log.warning(`radius: ${warning}`);
  const { authServers, acctServers, nasIdentifier, nasAddress, defaultRealm, ...rest } = configuration;
  return {
    exchange: new RadiusExchange({
      ...rest,
      servers: kind === 'auth' ? authServers : acctServers,
      log,
      now: () => performance.now(),
    }),
    // The file overrides the application, as it always has.
    nasIdentifier: nasIdentifier ?? method.options['nas-identifier'],
    nasAddress,
    defaultRealm,
    groupSeparator: method.options['group-separator'] === 'comma' ? 'comma' : 'semicolon',
  };
}

function readSite(method: AuthMethod, kind: ServerKind): ReadConfiguration {
  const identifier = method.options['nas-identifier'] ?? '';
  const read = readRadiusConfiguration(method.options['config'] ?? '', kind);
  const problems = read.problems.map((problem) => `radius: ${problem}`);
  if (Buffer.byteLength(identifier) > MAX_IDENTIFIER_BYTES) {
    problems.push(`radius: nas-identifier: expected at most ${MAX_IDENTIFIER_BYTES} bytes`);
  }
  return problems.length > 0 ? { problems, warnings: read.warnings } : read;
}
