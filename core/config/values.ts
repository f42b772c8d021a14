// Typed values: how the text after `name =` becomes a value, leniently where the C program is lenient, with a
// warning that says what was read. Used by the rows in options/, the parser and the overlays.
import { isIP, isIPv4 } from 'node:net';
import { compressionNames, parseCompressionPriority } from '../protocol/compression.ts';
import { isDefaultRoute, parseNetwork, routeText } from '../protocol/routes.ts';
import { readMethod } from './methods.ts';
import { readPortRules } from './ports.ts';
import type { AuthMethod } from './types.ts';
import { quoteValue } from './diagnostics.ts';

export interface Reading<V> {
  /** Absent: the line sets nothing. */
  readonly value?: V;
  readonly error?: string;
  readonly warnings?: readonly string[];
}

export type Shape = 'flag' | 'number' | 'text' | 'texts' | 'method' | 'methods';

export interface Kind<V> {
  /** One word for the manual, e.g. `seconds`. */
  readonly word: string;
  readonly expected: string;
  readonly shape: Shape;
  readonly initial: V;
  /** Lists: each line contributes elements. */
  read(text: string): Reading<V>;
}

export function flag(initial: boolean): Kind<boolean> {
  const expected = 'true or false';
  return {
    word: 'true | false',
    expected,
    shape: 'flag',
    initial,
    read(text) {
      if (/^(true|yes)$/i.test(text)) return { value: true };
      if (/^(false|no)$/i.test(text)) return { value: false };
      return { value: false, warnings: [`${quoteValue(text)} is read as false; expected ${expected}`] };
    },
  };
}

interface NumberFacts {
  readonly word?: string;
  readonly min?: number;
  readonly max?: number;
  /** Out of range is a mistake that stops the start; otherwise the nearest allowed number is taken. */
  readonly strict?: boolean;
  /** 0 is taken as if the line were not there. */
  readonly zeroIsUnset?: boolean;
  /** Out-of-range message, with the number read. */
  readonly refusal?: (value: number) => string;
}

const MAX_NUMBER = 2 ** 31 - 1;

/** Blanks and sign, then decimal digits; the rest is ignored, no digits are 0. */
export function count(initial: number, facts: NumberFacts = {}): Kind<number> {
  const { word = 'number', min = 0, max = MAX_NUMBER, strict = false, zeroIsUnset = false, refusal } = facts;
  const unit =
    word === 'number' ? 'a whole number' : word === 'port' ? 'a port number' : `a whole number of ${word}`;
  const expected = max === MAX_NUMBER ? `${unit}, ${min} or more` : `${unit}, ${min}…${max}`;
  return {
    word,
    expected,
    shape: 'number',
    initial,
    read(text) {
      const match = /^[ \t]*([+-]?\d+)/.exec(text);
      const number = match === null ? 0 : Number(match[1]);
      const warnings: string[] = [];
      if (match === null || match[0].length < text.length) {
        if (strict) return { error: `found ${quoteValue(text)}; expected ${expected}` };
        warnings.push(`${quoteValue(text)} is read as ${number}; expected ${expected}`);
      }
      if (number === 0 && zeroIsUnset) return { warnings };
      if (number >= min && number <= max) return { value: number + 0, warnings };
      if (refusal !== undefined) return { error: `${refusal(number)}; expected ${expected}` };
      if (strict) return { error: `found ${quoteValue(text)}; expected ${expected}` };
      const nearest = number < min ? min : max;
      warnings.push(`${quoteValue(text)} is out of range and read as ${nearest}; expected ${expected}`);
      return { value: nearest, warnings };
    },
  };
}

export function text(word = 'text'): Kind<string | undefined> {
  return { ...plainText(word), initial: undefined };
}

export function textOr(initial: string, word = 'text'): Kind<string> {
  return { ...plainText(word), initial };
}

function plainText(word: string): Omit<Kind<string>, 'initial'> {
  return { word, expected: word, shape: 'text', read: (value) => ({ value }) };
}

/** A text that must satisfy `check`. */
export function checkedText(
  word: string,
  expected: string,
  check: (value: string) => boolean,
): Kind<string | undefined> {
  return {
    ...text(word),
    expected,
    read: (value) =>
      check(value) ? { value } : { error: `found ${quoteValue(value)}; expected ${expected}` },
  };
}

/** An address, an interface's with its zone, or a name that a resolver is asked for. */
export const listenHost: Kind<string | undefined> = checkedText(
  'host',
  'an IP address or a host name',
  (value) =>
    isIP(value) !== 0 ||
    (!/^[0-9.]+$/.test(value) && /^(?=.{1,253}$)[-_0-9A-Za-z]{1,63}(\.[-_0-9A-Za-z]{1,63})*\.?$/.test(value)),
);

export function choice<T extends string>(
  words: readonly T[],
  initial: T,
  facts: { ignoreCase?: boolean } = {},
): Kind<T> {
  const expected = words.map((word) => `"${word}"`).join(' or ');
  return {
    word: words.join(' | '),
    expected,
    shape: 'text',
    initial,
    read(value) {
      const sought = facts.ignoreCase === true ? value.toLowerCase() : value;
      const found = words.find((word) => word === sought);
      return found === undefined
        ? { error: `found ${quoteValue(value)}; expected ${expected}` }
        : { value: found };
    },
  };
}

export function texts(
  word = 'text',
  readOne: (value: string) => Reading<string> = (value) => ({ value }),
): Kind<readonly string[]> {
  return {
    word,
    expected: word,
    shape: 'texts',
    initial: [],
    read(value) {
      const { value: element, ...rest } = readOne(value);
      return element === undefined ? rest : { ...rest, value: [element] };
    },
  };
}

/** IPv4 as address/dotted mask, IPv6 as address/prefix; every way to write "everything" becomes `default`. */
export function route(facts: { defaultAllowed: boolean }): (value: string) => Reading<string> {
  return (value) => {
    if (/^default$/i.test(value) || isDefaultRoute(value)) {
      if (facts.defaultAllowed) return { value: 'default' };
      return {
        warnings: [`${quoteValue(value)} has no meaning here and is ignored; expected address/prefix`],
      };
    }
    if (!value.includes('/')) {
      return {
        error: `route '${value}' in wrong format, use xxx.xxx.xxx.xxx/xxx.xxx.xxx.xxx; expected address/prefix`,
      };
    }
    const network = parseNetwork(value);
    if (network === undefined) {
      return { error: `cannot figure format of route '${value}'; expected address/prefix or address/mask` };
    }
    return { value: routeText(network) };
  };
}

/** A network or a single address, as it was written. */
export function network(value: string): Reading<string> {
  if (parseNetwork(value) !== undefined) return { value };
  return { error: `found ${quoteValue(value)}; expected address/prefix or an IP address` };
}

/** One that is none is left out, as there are clients without compression anyway. */
export function compressionPriority(value: string): Reading<string> {
  const parsed = parseCompressionPriority(value);
  if (parsed !== undefined) return { value: `${parsed.name}:${String(parsed.priority)}` };
  const expected = compressionNames.map((name) => `${name}:NUMBER`).join(' or ');
  return { warnings: [`${quoteValue(value)} is ignored; expected ${expected}`] };
}

export function nameServer(option: 'dns' | 'nbns'): (value: string) => Reading<string> {
  return (value) => {
    if (option === 'dns' && value === 'local') {
      return { error: "the 'local' DNS keyword is no longer supported.; expected an IP address" };
    }
    if (isIP(value) !== 0) return { value };
    return { error: `found ${quoteValue(value)}; expected one IP address a line` };
  };
}

/** `token: value`, one line of a header; anything else would spoil the whole answer and is left out. */
export function headerLine(value: string): Reading<string> {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:[^\u0000-\u0008\u000a-\u001f\u007f]*$/.test(value))
    return { value };
  return { warnings: [`${quoteValue(value)} is no header and is not sent; expected "Name: value"`] };
}

/** Brackets are kept; `parseSelectGroup` takes them apart. */
export function groupChoice(value: string): Reading<string> {
  const bracket = value.indexOf('[');
  if (bracket < 0) return checkGroupName(value, value);
  const end = value.slice(bracket + 1).search(/[,\]]/);
  if (end < 0) return { error: `error parsing ${value}; expected NAME[Label]` };
  const name = value.slice(0, bracket).trimEnd();
  const label = value.slice(bracket + 1, bracket + 1 + end).trim();
  return checkGroupName(name, label === '' ? name : `${name}[${label}]`);
}

function checkGroupName(name: string, value: string): Reading<string> {
  if (Buffer.byteLength(name) < 64) return { value };
  return {
    value,
    warnings: [
      `'select-group' entry '${name.slice(0, 80)}' is 64 bytes or longer and exceeds the maximum supported group name length (63); it can never be selected`,
    ],
  };
}

export interface SelectGroup {
  readonly name: string;
  readonly label?: string;
}

/** Takes an element of `settings['select-group']` apart. */
export function parseSelectGroup(value: string): SelectGroup {
  const match = /^([^[]*)\[(.*)\]$/.exec(value);
  return match === null ? { name: value } : { name: match[1] ?? '', label: match[2] ?? '' };
}

export const portRules = texts('ports', readPortRules);

export const netPriority: Kind<string | undefined> = checkedText(
  'number',
  'a priority 0…6 or a TOS byte 0x00…0xff',
  (value) => /^([0-6]|0x[0-9a-fA-F]{1,2})$/.test(value),
);

export const netmask: Kind<string | undefined> = checkedText(
  'netmask',
  'a dotted netmask such as 255.255.255.0',
  (value) => isIPv4(value) && parseNetwork(`0.0.0.0/${value}`) !== undefined && value !== '0.0.0.0',
);

export const objectIdentifier = checkedText(
  'OID',
  'a dotted OID such as 0.9.2342.19200300.100.1.1, or SAN(rfc822name)',
  (value) => value === 'SAN(rfc822name)' || /^[0-2](\.\d+)+$/.test(value),
);

export const methods: Kind<readonly AuthMethod[]> = {
  word: 'method',
  expected: 'plain, pam, radius, gssapi, oidc or certificate, with [suboption=value,…]',
  shape: 'methods',
  initial: [],
  read(value) {
    const { value: method, ...rest } = readMethod('auth', value);
    return method === undefined ? rest : { ...rest, value: [method] };
  },
};

export const accountingMethod: Kind<AuthMethod | undefined> = {
  word: 'method',
  expected: 'radius[config=FILE] or pam',
  shape: 'method',
  initial: undefined,
  read: (value) => readMethod('acct', value),
};
