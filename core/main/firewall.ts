// Keeps sessions to their routes and ports (restrict-user-to-routes, restrict-user-to-ports), each by an nftables table
// of its own: there before a packet of the session can be, gone after its device. A session whose table cannot be made
// is refused. Called by open-session.ts, close-session.ts and, for what a killed server left behind, server.ts.
import { parsePortRules, type Configuration, type Settings } from '../config/index.ts';
import { deleteDevice, listDevices } from '../native/index.ts';
import type { KeyedStore } from '../store/index.ts';
import type { Logger } from '../system/index.ts';
import { parseNetwork } from './addresses.ts';
import { firewallTable, removalRules, restrictionRules, strayTables } from './firewall-rules.ts';
import { runNft, type NftOutcome } from './nft.ts';
import { normalRoutes } from './session-settings.ts';

interface Fenced {
  readonly device: { readonly name: string; readonly index: number };
  readonly settings: Settings;
}

/** In the store while tables of ours may be there, so that a start knows whether to look. */
const kind = 'firewall';
const mark = 'tables';

/** Ports are of use only together with routes. */
export function isRestrictedToRoutes(settings: Settings): boolean {
  return settings['restrict-user-to-routes'] || settings['restrict-user-to-ports'].length > 0;
}

export class Firewall {
  readonly #store: KeyedStore;
  readonly #run: (input: string) => Promise<NftOutcome>;
  /** Whose table it is: a device's name may be another session's before the end of this one is through. */
  readonly #owners = new Map<string, Fenced>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: KeyedStore, run: (input: string) => Promise<NftOutcome> = runNft) {
    this.#store = store;
    this.#run = run;
  }

  /** Undefined: done, or nothing to do. Else what kept it from being done. */
  async raise(session: Fenced): Promise<string | undefined> {
    const { settings, device } = session;
    if (!isRestrictedToRoutes(settings)) return undefined;
    const ports = parsePortRules(settings['restrict-user-to-ports']);
    if (ports === undefined) return 'some ports are allowed and some are forbidden';
    const networks = (routes: readonly string[]) =>
      normalRoutes(routes).flatMap((route) => parseNetwork(route) ?? []);
    const rules = restrictionRules({
      device: device.name,
      routes: networks(settings.route),
      noRoutes: networks(settings['no-route']),
      dns: settings.dns,
      ports,
    });
    const table = firewallTable(device.name);
    if (this.#owners.size === 0) this.#store.put(kind, mark, true);
    this.#owners.set(table, session);
    const outcome = await this.#inTurn(table, () => this.#run(rules));
    return 'problem' in outcome ? outcome.problem : undefined;
  }

  /** Nothing to do for a session without a table. The device goes first: never a packet without rules. */
  async lower(session: Fenced, log: Logger): Promise<void> {
    const table = firewallTable(session.device.name);
    if (this.#owners.get(table) !== session) return;
    try {
      deleteDevice(session.device.index);
    } catch {
      // It went with the tunnel.
    }
    await this.#inTurn(table, async () => {
      if (this.#owners.get(table) !== session) return;
      const outcome = await this.#run(removalRules([table]));
      if ('problem' in outcome) log.error(`cannot remove the table ${table}: ${outcome.problem}`);
      if (this.#owners.get(table) === session) this.#owners.delete(table);
      if (this.#owners.size === 0) this.#store.delete(kind, mark);
    });
  }

  /** At the start, when no session is open. Throws when sessions are to be restricted and cannot be. */
  async removeLeftovers(configuration: Configuration, log: Logger): Promise<void> {
    const isNeeded = configuration.hosts.some(({ settings }) => isRestrictedToRoutes(settings));
    if (!isNeeded && this.#store.load(kind).length === 0) return;
    const listed = await this.#run('list tables inet\n');
    const strays =
      'output' in listed
        ? strayTables(
            listed.output,
            listDevices().map(({ name }) => name),
          )
        : [];
    for (const table of strays) log.notice(`removing the table ${table} left behind by a former process`);
    const outcome = strays.length === 0 ? listed : await this.#run(removalRules(strays));
    if ('problem' in outcome) {
      const text = `cannot set the firewall rules of restrict-user-to-routes and restrict-user-to-ports: ${outcome.problem}`;
      if (isNeeded) throw new Error(text);
      log.warning(text);
      return;
    }
    this.#store.delete(kind, mark);
  }

  /** One table's changes one after the other. */
  #inTurn<T>(table: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(table) ?? Promise.resolve()).then(work);
    this.#turns.set(table, turn);
    const forget = (): void => {
      if (this.#turns.get(table) === turn) this.#turns.delete(table);
    };
    turn.then(forget, forget);
    return turn;
  }
}
