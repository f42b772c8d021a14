// Reads the templates of GnuTLS's certtool, which people who made their certificates with it have lying around: lines
// `name = value` or `name`, with # for comments. Called by the occert commands with --template.
import { PkiError } from './state.ts';

export type Template = ReadonlyMap<string, readonly string[]>;

/** What we make of them; the extensions behind these switches are there by themselves. */
const used = new Set([
  'cn',
  'organization',
  'unit',
  'uid',
  'dns_name',
  'ip_address',
  'email',
  'expiration_days',
  'path_len',
]);
const implied = new Set([
  ...['ca', 'signing_key', 'encryption_key', 'cert_signing_key', 'crl_signing_key'],
  ...['tls_www_server', 'tls_www_client', 'serial'],
]);

/** `ignored`: names of lines that have no effect here. Throws at a line that is no line of a template. */
export function parseTemplate(text: string, file: string): { values: Template; ignored: string[] } {
  const values = new Map<string, string[]>();
  const ignored: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-z0-9_]+)\s*(?:=\s*(.*))?$/i.exec(line);
    if (match === null)
      throw new PkiError(
        `${file}:${String(index + 1)}: expected "name = value", found ${JSON.stringify(line)}`,
      );
    const [, name = '', given = ''] = match;
    const value = /^"(.*)"$/.exec(given)?.[1] ?? /^'(.*)'$/.exec(given)?.[1] ?? given;
    if (name === 'dn') {
      for (const [attribute, part] of namesOf(value, file, index + 1)) push(values, attribute, part);
    } else if (used.has(name)) push(values, name, value);
    else if (!implied.has(name)) ignored.push(name);
  }
  return { values, ignored };
}

function push(values: Map<string, string[]>, name: string, value: string): void {
  values.set(name, [...(values.get(name) ?? []), value]);
}

/** A name as text (RFC 4514): "cn=Full Name,O=Example,UID=alice". */
function namesOf(text: string, file: string, line: number): [string, string][] {
  const names: Readonly<Record<string, string>> = { cn: 'cn', o: 'organization', ou: 'unit', uid: 'uid' };
  return text.split(/(?<!\\),/).flatMap((part) => {
    const [, type = '', value = ''] = /^\s*([A-Za-z]+)\s*=(.*)$/.exec(part) ?? [];
    if (type === '')
      throw new PkiError(`${file}:${String(line)}: expected "cn=...,O=...", found ${JSON.stringify(part)}`);
    const name = names[type.toLowerCase()];
    return name === undefined ? [] : [[name, value.replaceAll(/\\(.)/g, '$1').trim()]];
  });
}
