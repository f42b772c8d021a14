// The option table: every option of the configuration file, once. From these rows come the parser's values and
// messages, the overlays, the type of the settings, the sample configuration and the manual page.
import type { FormerRow, OptionRow } from './option.ts';
import { authenticationOptions } from './options/authentication.ts';
import { certificatesOptions } from './options/certificates.ts';
import { formerOptions } from './options/former.ts';
import { frontOptions } from './options/front.ts';
import { listeningOptions } from './options/listening.ts';
import { networkOptions } from './options/network.ts';
import { processesOptions } from './options/processes.ts';
import { sessionsOptions } from './options/sessions.ts';

/** The chapters of the sample configuration and of the manual page. */
export const optionChapters = [
  { title: 'Authentication', rows: authenticationOptions },
  { title: 'Listening', rows: listeningOptions },
  { title: 'Certificates and TLS', rows: certificatesOptions },
  { title: 'Processes', rows: processesOptions },
  { title: 'Sessions', rows: sessionsOptions },
  { title: 'Network', rows: networkOptions },
  { title: 'What clients see', rows: frontOptions },
] as const;

const values = {
  ...authenticationOptions,
  ...listeningOptions,
  ...certificatesOptions,
  ...processesOptions,
  ...sessionsOptions,
  ...networkOptions,
  ...frontOptions,
};

export type OptionName = keyof typeof values;
export type OptionValue = Settings[OptionName];

/**
 * The value of every option under its own name. Unset texts are undefined. After loading
 * `ipv4-network` holds the address alone and `ipv4-netmask` its mask, `ipv6-network` the address and `ipv6-prefix`
 * its length (0 = no network); `route` is empty when everything goes through the tunnel; IPv4 routes have dotted
 * masks; `select-group` and `restrict-user-to-ports` hold checked texts (parseSelectGroup, parsePortRules).
 */
export type Settings = {
  readonly [K in OptionName]: (typeof values)[K] extends OptionRow<infer V> ? V : never;
};

export const optionTable: Readonly<Record<OptionName, OptionRow<OptionValue>>> &
  Readonly<Record<string, OptionRow<OptionValue> | FormerRow>> = { ...values, ...formerOptions } as never;

export const optionNames = Object.keys(values) as OptionName[];

const rows = new Map<string, OptionRow<OptionValue> | FormerRow>(Object.entries(optionTable));

/** The row of a name as written in a file. */
export function findOption(name: string): OptionRow<OptionValue> | FormerRow | undefined {
  return rows.get(name);
}

export function isOptionName(name: string): name is OptionName {
  return rows.get(name)?.role === 'value';
}

export const initialSettings: Settings = Object.fromEntries(
  optionNames.map((name) => [name, optionTable[name].kind.initial]),
) as Settings;
