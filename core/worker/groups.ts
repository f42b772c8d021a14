// The group choice of the login form. Called by login.ts; pure.
import type { WorkerSettings } from '../config/index.ts';
import type { GroupChoice } from '../protocol/index.ts';

type GroupSettings = Pick<WorkerSettings, 'select-group' | 'default-select-group'>;

/** What the client chose, as the name the security module knows; the default choice means none. */
export function requestedGroup(settings: GroupSettings, chosen: string | undefined): string | undefined {
  if (chosen === undefined || chosen === '' || chosen === settings['default-select-group']) return undefined;
  // Some Cisco clients send the label back.
  const known = settings['select-group'].find(({ name, label }) => name === chosen || label === chosen);
  return known?.name ?? chosen;
}

/**
 * The one group that a certificate's owner can mean who has named none: the only one of the certificate that may be
 * selected here. Undefined: he must choose.
 */
export function impliedGroup(settings: GroupSettings, ofCertificate: readonly string[]): string | undefined {
  const selectable = settings['select-group'];
  const eligible = [...new Set(ofCertificate)].filter(
    (group) => selectable.length === 0 || selectable.some(({ name }) => name === group),
  );
  return eligible.length === 1 ? eligible[0] : undefined;
}

export interface GroupsAtHand {
  /** From the back end (auto-select-group), in place of the list of the configuration; empty = there are none. */
  readonly found: readonly string[];
  readonly ofCertificate: readonly string[];
  readonly requested: string | undefined;
  /** The URL named it: there is nothing else to choose. */
  readonly isFixed: boolean;
}

/** A requested group comes first; clients expect their choice there when the form is shown again. */
export function groupChoices(
  settings: GroupSettings,
  { found, ofCertificate, requested, isFixed }: GroupsAtHand,
): readonly GroupChoice[] {
  const labels = new Map(settings['select-group'].map(({ name, label }) => [name, label ?? name]));
  const names = new Set([...(found.length > 0 ? found : labels.keys()), ...ofCertificate]);
  const all = [...names].map((name) => ({ value: name, label: labels.get(name) ?? name }));
  const preset = settings['default-select-group'];
  const first = all.find(({ value }) => value === requested);
  if (first !== undefined && isFixed) return [first];
  if (first !== undefined) return [first, ...all.filter((choice) => choice !== first)];
  return preset === undefined || all.length === 0 ? all : [{ label: preset }, ...all];
}
