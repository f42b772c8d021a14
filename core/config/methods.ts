// The syntax of auth, enable-auth and acct: METHOD or METHOD[key=value,…]. Called through the kinds in values.ts.
import type { Settings } from './options.ts';
import type { AuthMethod } from './types.ts';
import type { Reading } from './values.ts';

type MethodName = AuthMethod['name'];

const MAX_SUBOPTIONS = 5;
/** As far as the C program looks. */
const MAX_OTP_WINDOW = 20;

/** Suboptions of a method; `undefined` = others are ignored, as the C program does. */
const suboptions: { readonly [K in MethodName]: readonly string[] | undefined } = {
  plain: ['passwd', 'otp', 'otp-window'],
  pam: ['service', 'gid-min'],
  radius: ['config', 'groupconfig', 'nas-identifier', 'group-separator'],
  gssapi: ['keytab', 'require-local-user-map', 'tgt-freshness-time', 'gid-min'],
  certificate: undefined,
  oidc: undefined,
};

const names = Object.keys(suboptions) as MethodName[];
const accountingNames: readonly MethodName[] = ['radius', 'pam'];

export function readMethod(option: 'auth' | 'acct', text: string): Reading<AuthMethod> {
  const known = option === 'auth' ? names : accountingNames;
  const name = known.find((word) => text.toLowerCase().startsWith(word));
  if (name === undefined) {
    const kind = option === 'auth' ? 'auth' : 'accounting';
    return {
      error: `unknown or unsupported ${kind} method: ${bounded(text)}; expected ${known.join(', ')}`,
    };
  }
  const warnings: string[] = [];
  const bracket = text.indexOf('[');
  const word = (bracket < 0 ? text : text.slice(0, bracket)).trim();
  if (word.length > name.length) warnings.push(`"${bounded(word)}" is read as "${name}"`);
  if (name === 'certificate' || (option === 'acct' && name === 'pam')) {
    return { value: { name, options: {} }, warnings };
  }
  const inner = bracket < 0 ? undefined : readBrackets(name, text, bracket, warnings);
  if (typeof inner === 'string') return { error: inner };
  const options = inner ?? {};
  const problem = checkSuboptions(name, options, text);
  return problem === undefined ? { value: { name, options }, warnings } : { error: problem };
}

/** `groupconfig`: RADIUS supplies what else stands in per-user and per-group files. */
export function takesSettingsFromRadius({
  auth,
  'enable-auth': alternatives,
  acct,
}: Pick<Settings, 'auth' | 'enable-auth' | 'acct'>): boolean {
  return [...auth, ...alternatives, ...(acct === undefined ? [] : [acct])].some(
    ({ name, options }) => name === 'radius' && /^(true|yes)$/i.test(options['groupconfig'] ?? ''),
  );
}

function readBrackets(
  name: MethodName,
  text: string,
  bracket: number,
  warnings: string[],
): Record<string, string> | string {
  const expected = `expected ${name}[name=value,…]`;
  const end = text.indexOf(']', bracket);
  if (end < 0) return `error parsing ${bounded(text)}; ${expected}`;
  const content = text.slice(bracket + 1, end).trim();
  const legacy = readLegacy(name, content);
  if (legacy !== undefined) return legacy;
  const options = new Map<string, string>();
  const parts = content.split(',');
  if (parts.length > MAX_SUBOPTIONS) {
    warnings.push(`only the first ${MAX_SUBOPTIONS} suboptions of ${name} are read`);
  }
  for (const part of parts.slice(0, MAX_SUBOPTIONS)) {
    const equals = part.indexOf('=');
    if (equals < 0) return `error parsing ${bounded(text)}; ${expected}`;
    const key = part.slice(0, equals).trim().toLowerCase();
    const allowed = suboptions[name];
    if (allowed !== undefined && !allowed.includes(key)) {
      return `unknown option '${bounded(key)}'; expected ${allowed.join(', ')}`;
    }
    options.set(key, part.slice(equals + 1).trim());
  }
  return Object.fromEntries(options);
}

/** Files without a key, as configurations of former releases write them. */
function readLegacy(name: MethodName, content: string): Record<string, string> | string | undefined {
  if (name === 'plain' && /^\.?\/[^,=]*$/.test(content)) return { passwd: content };
  if (name !== 'radius' || !content.startsWith('/')) return undefined;
  const [config = '', second] = content.split(',').map((part) => part.trim());
  if (second === undefined) return { config };
  if (second === 'groupconfig') return { config, groupconfig: 'true' };
  return `No known configuration option: ${bounded(second)}; expected groupconfig`;
}

function checkSuboptions(
  name: MethodName,
  options: Readonly<Record<string, string>>,
  text: string,
): string | undefined {
  if (name === 'plain' && !options['passwd'] && !options['otp']) {
    return 'plain: no password or OTP file specified; expected plain[passwd=FILE]';
  }
  const window = options['otp-window'];
  if (window !== undefined && !(/^\d{1,2}$/.test(window) && Number(window) <= MAX_OTP_WINDOW)) {
    return `otp-window: found '${bounded(window)}'; expected 0 to ${MAX_OTP_WINDOW} steps of the clock`;
  }
  if (name === 'radius' && !options['config']) {
    return `No radius configuration specified: ${bounded(text)}; expected radius[config=FILE]`;
  }
  if (name === 'oidc' && !options['config']) {
    return 'ocserv-oidc: no configuration passed!; expected oidc[config=FILE]';
  }
  const separator = options['group-separator'];
  if (separator !== undefined && separator !== 'semicolon' && separator !== 'comma') {
    return `unknown group-separator value '${bounded(separator)}'; use 'semicolon' or 'comma'`;
  }
  const lowest = options['gid-min'];
  if (lowest !== undefined && !/^\d+$/.test(lowest)) {
    return `error in gid-min value: ${bounded(lowest)}; expected a whole number, 0 or more`;
  }
  const freshness = options['tgt-freshness-time'];
  if (freshness !== undefined && !/^0*[1-9]\d*$/.test(freshness)) {
    return `Invalid value for 'tgt-freshness-time': ${bounded(freshness)}; expected seconds, 1 or more`;
  }
  const service = options['service'];
  if (service !== undefined && (service === '' || service.includes('/'))) {
    return 'service: expected the name of a PAM service, without "/"';
  }
  return undefined;
}

function bounded(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
