// Per-user and per-group files: reading one (parseOverlay), and the settings of a session made of its host's and
// theirs (applyOverlays). Called by the security module when a session is opened.
import { maskOfPrefix } from '../protocol/routes.ts';
import { clearHostBits } from './inherit.ts';
import { overlayNames, reporter } from './load.ts';
import { isOptionName, optionTable, type OptionName, type Settings } from './options.ts';
import { collectSections, readValues } from './parser.ts';
import type { Diagnostic, Overlay } from './types.ts';

export interface ParsedOverlay {
  /** Absent if there is an error: what follows a mistake may be a restriction. */
  readonly overlay?: Overlay;
  readonly diagnostics: readonly Diagnostic[];
}

export function parseOverlay(file: string, text: string): ParsedOverlay {
  const diagnostics: Diagnostic[] = [];
  const report = reporter(file, diagnostics);
  const [section] = collectSections(text, report, 'overlay');
  const { values, places } = readValues(section ?? { lines: [] }, report, {
    kind: 'overlay',
    names: overlayNames,
  });
  for (const [name, place] of places) {
    const row = optionTable[name];
    const value = values[name];
    const off = value === undefined || value === false || (Array.isArray(value) && value.length === 0);
    if (row.honoured || off) continue;
    if (row.refusal === undefined) {
      report('warning', `option "${name}" is not yet honoured and has no effect`, { place, option: name });
    } else {
      report('error', `option "${name}" is not yet honoured and cannot be ignored: ${row.refusal}`, {
        place,
        option: name,
      });
    }
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  return { overlay: { file, values }, diagnostics };
}

type Draft = { -readonly [K in OptionName]: Settings[K] };

/**
 * Scalars: user over group over host. Lists: group entries, then user entries; if there is any, they replace the
 * host's. Also without files this is the last step: tunnel-all-dns follows from the routes of the session.
 */
export function applyOverlays(host: Settings, group?: Overlay, user?: Overlay): Settings {
  const draft: Record<string, unknown> = { ...host };
  for (const overlay of [group, user]) {
    for (const [name, value] of Object.entries(overlay?.values ?? {})) {
      if (value !== undefined && isOptionName(name) && !isList(name)) draft[name] = value;
    }
  }
  for (const name of overlayNames) {
    if (!isOptionName(name) || !isList(name)) continue;
    const entries = [...listOf(group, name), ...listOf(user, name)];
    if (entries.length > 0) draft[name] = entries;
  }
  return finish(draft as Draft, host, group, user);
}

function finish(draft: Draft, host: Settings, group?: Overlay, user?: Overlay): Settings {
  const sets = (name: OptionName): boolean =>
    group?.values[name] !== undefined || user?.values[name] !== undefined;
  if (draft.route.includes('default')) draft.route = [];
  else if (host['append-routes'] && sets('route')) draft.route = unique([...draft.route, ...host.route]);
  if (host['append-routes'] && sets('no-route')) {
    draft['no-route'] = unique([...draft['no-route'], ...host['no-route']]);
  }
  if (draft.route.length === 0) draft['tunnel-all-dns'] = true;
  // The MTU of the host bounds that of its sessions.
  if (host.mtu > 0 && draft.mtu > host.mtu) draft.mtu = host.mtu;
  const followsIdle = host['mobile-idle-timeout'] === host['idle-timeout'];
  if (!sets('mobile-idle-timeout') && followsIdle) draft['mobile-idle-timeout'] = draft['idle-timeout'];
  if (draft['mobile-dpd'] === 0) draft['mobile-dpd'] = draft.dpd;
  if (host['udp-port'] === 0) draft['no-udp'] = true;
  if (draft['ipv4-network'] !== undefined) {
    draft['ipv4-netmask'] ??= maskOfPrefix(32);
    draft['ipv4-network'] = clearHostBits(draft['ipv4-network'], draft['ipv4-netmask']);
  }
  return draft;
}

function isList(name: OptionName): boolean {
  return optionTable[name].kind.shape === 'texts';
}

function listOf(overlay: Overlay | undefined, name: OptionName): readonly string[] {
  const value = overlay?.values[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function unique(entries: readonly string[]): readonly string[] {
  return [...new Set(entries)];
}
