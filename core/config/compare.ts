// What a reload may change. Called by main with the running and the newly loaded configuration.
import { isDeepStrictEqual } from 'node:util';
import { optionNames, optionTable, type OptionName, type Settings } from './options.ts';
import type { Configuration, VirtualHost } from './types.ts';

export interface Comparison {
  /** The loaded one, with the running values where only a restart could change them. */
  readonly configuration: Configuration;
  /** The file asks for another value, which takes a restart. */
  readonly needsRestart: readonly OptionName[];
  /** In force with this configuration. */
  readonly changed: readonly OptionName[];
}

export function compareConfigurations(running: Configuration, loaded: Configuration): Comparison {
  const needsRestart = new Set<OptionName>();
  const changed = new Set<OptionName>();
  const hosts = loaded.hosts.map((host) => {
    const former = running.hosts.find((other) => sameName(other, host));
    // A new virtual host comes with its own values; what is the whole server's stays as it runs.
    const base = former ?? running.hosts[0];
    if (base === undefined) return host;
    const kept: Record<string, unknown> = { ...host.settings };
    for (const name of optionNames) {
      if (isDeepStrictEqual(base.settings[name], host.settings[name])) continue;
      const { reload, scope, wholeServer } = optionTable[name];
      const isGlobal = !scope.includes('vhost') || wholeServer === true;
      if (former === undefined && !isGlobal) continue;
      if (reload) {
        changed.add(name);
      } else {
        needsRestart.add(name);
        kept[name] = base.settings[name];
      }
    }
    return { ...host, settings: kept as Settings };
  });
  return {
    configuration: { file: loaded.file, hosts },
    needsRestart: [...needsRestart],
    changed: [...changed],
  };
}

function sameName(a: VirtualHost, b: VirtualHost): boolean {
  return a.name?.toLowerCase() === b.name?.toLowerCase();
}
