// Tokens to values. One file is read whole before anything is inherited.
//
// 1 collectSections: which option lines belong to which host. 2 readValues: each line through the kind of its
// row; lists grow, scalars are overridden. Every mistake is reported and reading goes on.
import { domainToASCII } from 'node:url';
import { isIPv4, isIPv6 } from 'node:net';
import { maskOfPrefix, parseNetwork } from '../protocol/routes.ts';
import { quoteValue } from './diagnostics.ts';
import { readTokens, trimBlanks, trimQuotes, type OptionToken } from './lexer.ts';
import { nearestName } from './nearest.ts';
import { findOption, isOptionName, optionTable, type OptionName, type Settings } from './options.ts';
import type { Diagnostic } from './types.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Report = (
  severity: Diagnostic['severity'],
  text: string,
  at?: { place?: Place | undefined; option?: string; vhost?: string | undefined; hint?: string },
) => void;

export interface Section {
  /** Absent for the default host. */
  readonly name?: string;
  readonly lines: OptionToken[];
}

export interface Values {
  readonly values: { [K in OptionName]?: Settings[K] };
  /** Last line of each option that was tried, also where the value was refused. */
  readonly places: Map<OptionName, Place>;
}

export type FileKind = 'main' | 'overlay';

/** The default host first, then virtual hosts in order of their first option. */
export function collectSections(text: string, report: Report, kind: FileKind = 'main'): Section[] {
  const main: Section = { lines: [] };
  const sections = new Map<string, Section>();
  let current: { name: string | undefined; skipped?: string; illegal?: true } = { name: undefined };
  for (const token of readTokens(text)) {
    if (token.kind === 'mistake') {
      report('error', token.text, { place: token });
    } else if (token.kind === 'section') {
      if (kind === 'overlay') current = { name: undefined, skipped: token.name };
      else current = readSectionName(token.name, token, report);
      if (current.skipped !== undefined) {
        const severity = kind === 'main' ? 'warning' : 'note';
        const expected = kind === 'main' ? '; expected [vhost:NAME]' : '; expected no sections here';
        report(severity, `skipping unknown section '${current.skipped.slice(0, 80)}'${expected}`, {
          place: token,
        });
      }
    } else if (current.illegal === true || current.skipped !== undefined) {
      continue;
    } else if (current.name === undefined || token.name === 'pid-file') {
      // A pid file is accepted in a virtual host, too, and is the server's all the same.
      main.lines.push(token);
    } else {
      const key = current.name.toLowerCase();
      let section = sections.get(key);
      if (section === undefined) {
        section = { name: current.name, lines: [] };
        sections.set(key, section);
        report('note', `adding virtual host: ${current.name}`);
      }
      section.lines.push(token);
    }
  }
  return [main, ...sections.values()];
}

function readSectionName(
  raw: string,
  place: Place,
  report: Report,
): { name: string | undefined; skipped?: string; illegal?: true } {
  if (trimBlanks(raw) === '') {
    report('warning', 'a section without a name; what follows counts for the default host', { place });
    return { name: undefined };
  }
  if (!raw.startsWith('vhost:')) return { name: undefined, skipped: raw };
  const name = trimBlanks(raw.slice('vhost:'.length));
  if (Buffer.byteLength(name) > 253 || !isHostName(name)) {
    report(
      'error',
      `virtual host name is illegal '${name.slice(0, 80)}'; expected a host name of 1 to 253 bytes`,
      { place },
    );
    return { name: undefined, illegal: true };
  }
  const mapped = /^[\x21-\x7e]*$/.test(name) ? name : domainToASCII(name) || name;
  if (mapped !== name) report('note', `virtual host name '${name}' was canonicalized to '${mapped}'`);
  return { name: mapped };
}

/** Labels as browsers and certificates know them; anything beyond ASCII is for domainToASCII to judge. */
function isHostName(name: string): boolean {
  return name.split('.').every((label, index, all) => {
    if (label === '') return index > 0 && index === all.length - 1;
    return /^[-_0-9A-Za-z\u0080-\u{10ffff}]+$/u.test(label) || (label === '*' && index === 0);
  });
}

/** All lines of one host or of one per-user file. */
export function readValues(
  section: Section,
  report: Report,
  file: { kind: FileKind; names: ReadonlySet<string> },
): Values {
  const result: Values = { values: {}, places: new Map() };
  for (const token of section.lines) readOption(token, section.name, result, report, file);
  return result;
}

function readOption(
  token: OptionToken,
  vhost: string | undefined,
  result: Values,
  report: Report,
  file: { kind: FileKind; names: ReadonlySet<string> },
): void {
  const place: Place = { line: token.line, column: token.column };
  const { name } = token;
  const row = findOption(name);
  if (token.continued) warnOfContinuation(token, vhost, report);
  const target = row?.role === 'value' ? name : row?.target;
  const known =
    row !== undefined && row.role !== 'unknown' && (row.scope.length > 0 || row.role === 'removed');
  const fits =
    file.kind === 'main' ? row?.scope.some((scope) => scope !== 'user') : target && file.names.has(target);
  if (!known || (row.role !== 'removed' && !fits)) {
    if (token.continued) return;
    // No name has a blank: what follows one may be a value whose "=" is missing, and a secret.
    const word = /^\S*/.exec(name)?.[0] ?? '';
    const shown = word === name ? name.slice(0, 80) : `${word.slice(0, 80)} …`;
    const nearest = nearestName(word, file.names);
    const severity = file.kind === 'main' ? 'warning' : 'note';
    report(severity, `skipping unknown option '${shown}'; expected the name of an option`, {
      place,
      vhost,
      ...(nearest === undefined || nearest === name ? {} : { hint: `did you mean '${nearest}'?` }),
    });
    return;
  }
  if (vhost !== undefined && !row.scope.includes('vhost') && row.role !== 'removed') {
    report(
      'error',
      `'${name}' cannot be set inside a virtual host section; expected before the first [vhost:…]`,
      { place, vhost },
    );
    return;
  }
  const valuePlace: Place = { line: token.line, column: token.valueColumn };
  if (row.role === 'removed') {
    report('error', `the '${name}' option was removed in ocserv 1.1.2; expected a file without it`, {
      place,
    });
    return;
  }
  if (row.role === 'ignored') {
    report('warning', `the option '${name}' is deprecated; expected a file without it`, { place, vhost });
    return;
  }
  if (target === undefined || !isOptionName(target)) return;
  const raw = target === 'included-http-headers' ? token.value : trimQuotes(token.value);
  const { kind } = optionTable[target];
  // Quotes with nothing in them set nothing, on purpose; but nobody means to say that of a login method.
  const isMethod = kind.shape === 'methods' || kind.shape === 'method';
  if (raw === '' && token.value !== '' && !isMethod) return;
  if (raw === '' && kind.shape !== 'number' && kind.shape !== 'flag') {
    report('warning', `has no value and is ignored; expected ${kind.expected}`, {
      place: valuePlace,
      vhost,
      option: name,
    });
    return;
  }
  if (row.role === 'value' && vhost !== undefined && row.wholeServer === true) {
    report('warning', 'the value of the top level is used for the whole server; expected there', {
      place,
      vhost,
      option: name,
    });
    return;
  }
  if (row.role === 'renamed' || row.role === 'inverted') {
    const isTrue = /^(true|yes)$/i.test(raw);
    // What says no more than the default says nothing, as in the C program.
    if (kind.shape === 'flag' && (row.role === 'renamed' ? !isTrue && kind.initial === false : isTrue))
      return;
    report('note', `'${name}' was replaced by '${target}'`, { place, vhost });
    assign(target, row.role === 'inverted' ? 'true' : raw, name, valuePlace, vhost, result, report);
    return;
  }
  if (target === 'pid-file' && result.values['pid-file'] !== undefined) {
    report('note', "skipping 'pid-file' config option", { place });
    return;
  }
  assign(target, raw, name, valuePlace, vhost, result, report);
}

function warnOfContinuation(token: OptionToken, vhost: string | undefined, report: Report): void {
  const word = /^([A-Za-z0-9_-]+)[ \t]*[=:]/.exec(token.value)?.[1];
  const looksLikeOption = word !== undefined && findOption(word) !== undefined;
  if (!looksLikeOption && !token.value.startsWith('[')) return;
  report(
    'warning',
    `the line is indented and therefore one more value of '${token.name}'; expected no white space in front of ${looksLikeOption ? `'${word}'` : 'a section'}`,
    { place: token, vhost },
  );
}

function assign(
  target: OptionName,
  raw: string,
  writtenName: string,
  place: Place,
  vhost: string | undefined,
  result: Values,
  report: Report,
): void {
  const row = optionTable[target];
  const at = { place, vhost, option: writtenName };
  const earlierPlace = result.places.get(target);
  const isList = row.kind.shape === 'texts' || row.kind.shape === 'methods';
  if (earlierPlace !== undefined && !isList) {
    report('warning', `takes the place of line ${earlierPlace.line}; expected the option once`, at);
  }
  result.places.set(target, place);
  if (target === 'ipv4-network' || target === 'ipv6-network') {
    assignNetwork(target, raw, at, result, report);
    return;
  }
  const reading = row.kind.read(raw);
  const shown = (message: string): string =>
    row.secret === true ? `expected ${row.kind.expected}` : message;
  for (const warning of reading.warnings ?? []) report('warning', shown(warning), at);
  if (reading.error !== undefined) report('error', shown(reading.error), at);
  if (reading.value === undefined) return;
  const values = result.values as Record<string, unknown>;
  const earlier = values[target];
  values[target] =
    Array.isArray(earlier) && Array.isArray(reading.value)
      ? [...(earlier as unknown[]), ...(reading.value as unknown[])]
      : reading.value;
}

/** address, address/prefix, address/mask; the mask is kept under its own option, the last line wins. */
function assignNetwork(
  target: 'ipv4-network' | 'ipv6-network',
  raw: string,
  at: { place: Place; vhost: string | undefined; option: string },
  result: Values,
  report: Report,
): void {
  const [address = '', suffix] = raw.split('/', 2);
  const isFour = target === 'ipv4-network';
  if (!(isFour ? isIPv4(address) : isIPv6(address) && !address.includes('%'))) {
    const example = isFour ? '192.168.77.0/24' : 'fd00:77::/48';
    report('error', `found ${quoteValue(raw)}; expected an address with prefix such as ${example}`, at);
    return;
  }
  result.values[target] = address;
  if (suffix === undefined) return;
  const network = parseNetwork(raw);
  if (network === undefined || network.prefix === 0) {
    delete result.values[target];
    report(
      'error',
      isFour
        ? 'no mask found for IPv4 network.; expected address/1…32 or address/mask'
        : 'no prefix found for IPv6 network.; expected address/1…127',
      at,
    );
  } else if (isFour) {
    result.values['ipv4-netmask'] = maskOfPrefix(network.prefix);
  } else {
    result.values['ipv6-prefix'] = network.prefix;
  }
}
