// expose-iroutes: the networks behind all clients, as their files in config-per-user say, for the routes of the others.
// Read when a configuration is loaded, not for each session: there may be thousands of files. Called by
// security-module.ts.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic, parseOverlay, type Settings } from '../config/index.ts';
import type { Log } from './log.ts';
import { isSafeFileName, readInside } from './overlays.ts';

/** Each once, in the order of the files' names. A file that cannot be understood is named and left out. */
export function readExposedIroutes(settings: Settings, log: Log): readonly string[] {
  const folder = settings['config-per-user'];
  if (!settings['expose-iroutes'] || folder === undefined) return [];
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    log.warning(`${folder}: cannot open the folder with user configurations; no iroutes are exposed`);
    return [];
  }
  const iroutes = new Set<string>();
  for (const name of names.filter(isSafeFileName)) {
    const file = path.join(folder, name);
    const own = readInside(folder, name);
    // Folders, links and what is gone by now are nobody's settings.
    if (!('text' in own)) continue;
    const { overlay, diagnostics } = parseOverlay(file, own.text);
    const mistake = diagnostics.find(({ severity }) => severity === 'error');
    if (mistake !== undefined) log.warning(`iroutes are not exposed: ${formatDiagnostic(mistake)}`);
    for (const iroute of overlay?.values.iroute ?? []) iroutes.add(iroute);
  }
  return [...iroutes];
}

/** With everything in the tunnel there is nothing to add. */
export function exposeIroutes(settings: Settings, exposed: readonly string[]): Settings {
  if (settings.route.length === 0) return settings;
  const added = exposed.filter(
    (iroute) => !settings.iroute.includes(iroute) && !settings.route.includes(iroute),
  );
  return added.length === 0 ? settings : { ...settings, route: [...settings.route, ...added] };
}
