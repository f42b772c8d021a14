// A configuration that crossed a door as JSON, typed again. Called by the processes on arrival.
import { initialSettings, isOptionName, optionNames, optionTable, type Settings } from './options.ts';
import type { Configuration, VirtualHost } from './types.ts';
import type { Shape } from './values.ts';

const checks: { readonly [K in Shape]: (value: unknown) => boolean } = {
  flag: (value) => typeof value === 'boolean',
  number: (value) => Number.isSafeInteger(value),
  text: (value) => typeof value === 'string',
  texts: (value) => Array.isArray(value) && value.every((element) => typeof element === 'string'),
  method: isMethod,
  methods: (value) => Array.isArray(value) && value.every(isMethod),
};

/** Throws a RangeError that names the member when `value` is not a configuration. */
export function parseConfigurationObject(value: unknown): Configuration {
  if (!isRecord(value)) throw new RangeError('configuration: expected an object');
  const { file, hosts } = value;
  if (typeof file !== 'string') throw new RangeError('configuration.file: expected text');
  if (!Array.isArray(hosts) || hosts.length === 0) {
    throw new RangeError('configuration.hosts: expected the default host');
  }
  return { file, hosts: hosts.map((host: unknown, index) => parseHost(host, index)) };
}

/** Settings by option name, e.g. those of a grant. Absent options take their initial value. */
export function parseSettingsObject(value: unknown, at = 'settings'): Settings {
  if (!isRecord(value)) throw new RangeError(`${at}: expected an object`);
  for (const name of Object.keys(value)) {
    if (!isOptionName(name))
      throw new RangeError(`${at}: unknown option ${JSON.stringify(name.slice(0, 80))}`);
  }
  const settings: Record<string, unknown> = { ...initialSettings };
  for (const name of optionNames) {
    const found = value[name] ?? undefined;
    if (found === undefined) continue;
    const { kind } = optionTable[name];
    if (!checks[kind.shape](found)) throw new RangeError(`${at}.${name}: expected ${kind.expected}`);
    settings[name] = found;
  }
  return settings as Settings;
}

function parseHost(value: unknown, index: number): VirtualHost {
  const at = `configuration.hosts[${index}]`;
  if (!isRecord(value)) throw new RangeError(`${at}: expected an object`);
  const name = value['name'] ?? undefined;
  if (name !== undefined && typeof name !== 'string') throw new RangeError(`${at}.name: expected text`);
  if ((name === undefined) !== (index === 0)) throw new RangeError(`${at}.name: all but the first have one`);
  const explicit = value['explicit'];
  if (!Array.isArray(explicit) || !explicit.every((word) => typeof word === 'string' && isOptionName(word))) {
    throw new RangeError(`${at}.explicit: expected option names`);
  }
  const settings = parseSettingsObject(value['settings'], `${at}.settings`);
  return { ...(name === undefined ? {} : { name }), settings, explicit };
}

function isMethod(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    isRecord(value['options']) &&
    Object.values(value['options']).every((option) => typeof option === 'string')
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
