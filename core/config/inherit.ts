// From what the file sets to the settings of each host: inheritance, then values derived from others.
// Called by load.ts once the whole file is read.
import path from 'node:path';
import { isIPv4 } from 'node:net';
import { prefixOfMask } from '../protocol/routes.ts';
import { initialSettings, optionNames, optionTable, type OptionName, type Settings } from './options.ts';
import type { AuthMethod, VirtualHost } from './types.ts';
import type { Values } from './parser.ts';

type Draft = { -readonly [K in OptionName]: Settings[K] };

/** The default host: built-in values, overridden by the file. */
export function settleDefaultHost(values: Values['values'], folder: string): VirtualHost {
  const explicit = setNames(values);
  const settings = { ...initialSettings, ...absolute(values, folder) };
  return { settings: derive(settings, new Set(explicit)), explicit };
}

/** A virtual host: the default host as the file gives it, overridden; a list of its own replaces the list. */
export function settleVirtualHost(
  name: string,
  values: Values['values'],
  base: Values['values'],
  folder: string,
): VirtualHost {
  const explicit = setNames(values);
  const settings: Draft = { ...initialSettings, ...absolute(base, folder), ...absolute(values, folder) };
  // An auth of its own replaces the block, alternatives included.
  if (values.auth !== undefined && values['enable-auth'] === undefined) settings['enable-auth'] = [];
  const known = new Set([...explicit, ...setNames(base)]);
  return { name, settings: derive(settings, known), explicit };
}

function setNames(values: Values['values']): OptionName[] {
  return optionNames.filter((name) => values[name] !== undefined);
}

function derive(settings: Settings, explicit: ReadonlySet<OptionName>): Settings {
  const draft: Draft = { ...settings };
  draft['udp-listen-host'] ??= draft['listen-host'];
  if (draft['udp-port'] === 0) draft['no-udp'] = true;
  if (draft['mobile-dpd'] === 0) draft['mobile-dpd'] = draft.dpd;
  if (!explicit.has('mobile-idle-timeout')) draft['mobile-idle-timeout'] = draft['idle-timeout'];
  if (draft['cisco-client-compat'] || draft['cisco-svc-client-compat']) draft['dtls-legacy'] = true;
  if (draft['cisco-client-compat']) draft['select-group-by-url'] = true;
  if (!explicit.has('tls-priorities') && draft['cisco-client-compat']) {
    draft['tls-priorities'] = `${draft['tls-priorities']}:-VERS-TLS1.3`;
  }
  if (draft.route.includes('default')) draft.route = [];
  const network = draft['ipv4-network'];
  const mask = draft['ipv4-netmask'];
  if (network !== undefined && mask !== undefined) draft['ipv4-network'] = clearHostBits(network, mask);
  return draft;
}

/** 10.0.0.7 with mask 255.255.255.0 is the network 10.0.0.0. */
export function clearHostBits(address: string, mask: string): string {
  if (!isIPv4(address) || !isIPv4(mask) || prefixOfMask(mask) === undefined) return address;
  const maskBytes = mask.split('.').map(Number);
  return address
    .split('.')
    .map((byte, index) => Number(byte) & (maskBytes[index] ?? 0))
    .join('.');
}

/** Paths are relative to the folder the server was started in, wherever its processes go later. */
function absolute(values: Values['values'], folder: string): Values['values'] {
  const result: Record<string, unknown> = { ...values };
  for (const name of optionNames) {
    const value = values[name];
    const { kind } = optionTable[name];
    if (kind.word === 'file' || kind.word === 'folder') {
      if (typeof value === 'string') result[name] = absolutePath(value, folder);
      if (Array.isArray(value)) {
        result[name] = value.map((element) => absolutePath(String(element), folder));
      }
    } else if (kind.shape === 'methods' && Array.isArray(value)) {
      result[name] = (value as readonly AuthMethod[]).map((method) => absoluteMethod(method, folder));
    } else if (kind.shape === 'method' && value !== undefined) {
      result[name] = absoluteMethod(value as AuthMethod, folder);
    }
  }
  return result;
}

const FILE_SUBOPTIONS = new Set(['passwd', 'otp', 'config', 'keytab']);

function absoluteMethod(method: AuthMethod, folder: string): AuthMethod {
  const options = Object.entries(method.options).map(([key, value]) => [
    key,
    FILE_SUBOPTIONS.has(key) ? absolutePath(value, folder) : value,
  ]);
  return { name: method.name, options: Object.fromEntries(options) as Record<string, string> };
}

function absolutePath(value: string, folder: string): string {
  // Keys in tokens (pkcs11:…) and other URLs are no paths.
  if (value === '' || /^[a-z][a-z0-9+.-]*:/i.test(value)) return value;
  if (path.isAbsolute(value)) return value;
  return path.join(folder, value);
}
