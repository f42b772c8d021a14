// The KDCs of the configuration, by virtual host and path, with their names looked up. Made at start and reload, so that
// no request of a client ever waits for a resolver.
import { lookup } from 'node:dns/promises';
import { parseKdcRow, type Configuration, type KdcRow } from '../../config/index.ts';

export interface Kdc extends Omit<KdcRow, 'path'> {
  /** Of the host, in the order of the resolver. */
  readonly addresses: readonly string[];
}

/** Virtual host ("default" without a name), path, then the rows of the path in order. */
export type KdcTable = ReadonlyMap<string, ReadonlyMap<string, readonly Kdc[]>>;

/** Rejects with one line for each host that has no address. */
export async function resolveKdcs(configuration: Configuration): Promise<KdcTable> {
  const rows = configuration.hosts.map(({ name, settings }) => ({
    vhost: name ?? 'default',
    rows: settings.kkdcp.map(parseKdcRow),
  }));
  const hosts = [...new Set(rows.flatMap((one) => one.rows.map(({ host }) => host)))];
  const problems: string[] = [];
  const addresses = new Map<string, readonly string[]>();
  await Promise.all(
    hosts.map(async (host) => {
      try {
        const found = await lookup(host, { all: true, order: 'verbatim' });
        addresses.set(host, [...new Set(found.map(({ address }) => address))]);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        problems.push(`kkdcp: error: getaddrinfo(${host}) failed: ${code}; expected a host with an address`);
      }
    }),
  );
  if (problems.length > 0) throw new Error(problems.sort().join('\n'));
  return new Map(
    rows.map(({ vhost, rows: ofHost }) => {
      const byPath = new Map<string, Kdc[]>();
      for (const { path, ...row } of ofHost) {
        const kdc = { ...row, addresses: addresses.get(row.host) ?? [] };
        byPath.set(path, [...(byPath.get(path) ?? []), kdc]);
      }
      return [vhost, byPath];
    }),
  );
}

/** KDCs of the realm that a client names, in the order to ask them; none given: of the first. Case counts only at first. */
export function findKdcs(
  table: KdcTable,
  vhost: string,
  path: string,
  realm: string | undefined,
): readonly Kdc[] {
  const rows = table.get(vhost)?.get(path) ?? [];
  const wanted = realm ?? rows[0]?.realm;
  const exact = rows.filter((row) => row.realm === wanted);
  // Windows may send the name of its domain in lower case.
  return exact.length > 0 ? exact : rows.filter((row) => row.realm.toLowerCase() === wanted?.toLowerCase());
}
