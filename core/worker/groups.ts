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

/** A requested group comes first; clients expect their choice there when the form is shown again. */
export function groupChoices(
  settings: GroupSettings,
  found: readonly string[],
  requested: string | undefined,
): readonly GroupChoice[] {
  const listed = settings['select-group'].map(({ name, label }) => ({ value: name, label: label ?? name }));
  const others = found
    .filter((name) => listed.every(({ value }) => value !== name))
    .map((name) => ({ value: name, label: name }));
  const all = [...listed, ...others];
  const preset = settings['default-select-group'];
  const first = all.find(({ value }) => value === requested);
  if (first !== undefined) return [first, ...all.filter((choice) => choice !== first)];
  return preset === undefined || all.length === 0 ? all : [{ label: preset }, ...all];
}
