// The JSON file that an "oidc[config=FILE]" line names. Read once, when the security module starts, by
// auth/backends.ts. It holds no secret, but decides who comes in.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { AuthMethod } from '../../config/index.ts';
import { isObject } from './token.ts';
import { urlProblem } from './fetch-json.ts';

export interface OidcConfiguration {
  /** The provider's discovery document. */
  readonly configurationUrl: URL;
  readonly usernameClaim: string;
  readonly groupClaim: string | undefined;
  readonly requiredClaims: ReadonlyMap<string, unknown>;
  /** Between fetches of keys that succeeded. */
  readonly minimumRefreshMs: number;
  /** A token must say from when on it is valid. */
  readonly requiresNotBefore: boolean;
  /** PEM certificates to trust in place of the system's. */
  readonly authoritiesFile: string | undefined;
}

export interface ReadOidc {
  /** Absent when there is a problem. */
  readonly configuration?: OidcConfiguration;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const MAX_FILE_BYTES = 1024 * 1024;
const DEFAULT_REFRESH_SECONDS = 900;
const MAX_REFRESH_SECONDS = 30 * 86_400;

const keys = [
  'openid_configuration_url',
  'user_name_claim',
  'required_claims',
  'minimum_jwk_refresh_time',
  'group_claim',
  'require_not_before',
  'ca_file',
] as const;

/** What stands in the way of the line; empty when nothing does. */
export function oidcProblems(method: AuthMethod): readonly string[] {
  return readOidcConfiguration(method.options['config'] ?? '').problems;
}

export function readOidcConfiguration(file: string): ReadOidc {
  const fail = (problem: string): ReadOidc => ({
    problems: [`ocserv-oidc: failed to load config file: ${file} (${problem})`],
    warnings: [],
  });
  let text: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return fail('not a regular file');
    if ((stat.mode & 0o002) !== 0) return fail('it is writable by everybody');
    if (stat.size > MAX_FILE_BYTES) return fail(`larger than ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fail(error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read');
  }
  try {
    return parseOidcConfiguration(file, JSON.parse(text));
  } catch (error) {
    return fail(error instanceof Error ? `not JSON: ${error.message.slice(0, 120)}` : 'not JSON');
  }
}

export function parseOidcConfiguration(file: string, value: unknown): ReadOidc {
  if (!isObject(value)) {
    return { problems: [`ocserv-oidc: ${file}: expected a JSON object`], warnings: [] };
  }
  const problems: string[] = [];
  const expect = (isRight: boolean, key: (typeof keys)[number], expected: string): void => {
    if (!isRight) problems.push(`ocserv-oidc: ${file}: ${key}: expected ${expected}`);
  };
  const given = (key: (typeof keys)[number]): unknown => (Object.hasOwn(value, key) ? value[key] : undefined);
  /** Undefined unless it is a text. */
  const textOf = (key: (typeof keys)[number]): string | undefined => {
    const text = given(key);
    return typeof text === 'string' && text !== '' ? text : undefined;
  };

  const address = textOf('openid_configuration_url');
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  expect(url !== undefined, 'openid_configuration_url', 'the URL of a discovery document');
  const wrong = url === undefined ? undefined : urlProblem(url, true);
  if (wrong !== undefined) problems.push(`ocserv-oidc: ${file}: openid_configuration_url: ${wrong}`);
  const usernameClaim = textOf('user_name_claim');
  expect(usernameClaim !== undefined, 'user_name_claim', 'the name of a claim, such as "preferred_username"');
  const required = given('required_claims');
  expect(isObject(required), 'required_claims', 'an object, such as {"aud": "CLIENT-ID"}');
  const seconds = given('minimum_jwk_refresh_time') ?? DEFAULT_REFRESH_SECONDS;
  const isPeriod =
    Number.isInteger(seconds) && Number(seconds) >= 0 && Number(seconds) <= MAX_REFRESH_SECONDS;
  expect(isPeriod, 'minimum_jwk_refresh_time', `seconds, 0 to ${MAX_REFRESH_SECONDS}`);
  const groupClaim = textOf('group_claim');
  expect(given('group_claim') === groupClaim, 'group_claim', 'the name of a claim');
  const requiresNotBefore = given('require_not_before') ?? true;
  expect(typeof requiresNotBefore === 'boolean', 'require_not_before', 'true or false');
  const authorities = textOf('ca_file');
  expect(given('ca_file') === authorities, 'ca_file', 'a file of PEM certificates');

  const warnings = Object.keys(value)
    .filter((key) => !keys.some((known) => known === key))
    .map((key) => `ocserv-oidc: ${file}: unknown member "${key.slice(0, 64)}" is ignored`);
  if (isObject(required) && !Object.hasOwn(required, 'aud')) {
    warnings.push(
      `ocserv-oidc: ${file}: required_claims has no "aud": tokens that the provider made for other applications log in, too`,
    );
  }
  if (problems.length > 0 || url === undefined || usernameClaim === undefined || !isObject(required)) {
    return { problems, warnings };
  }
  return {
    problems,
    warnings,
    configuration: {
      configurationUrl: url,
      usernameClaim,
      groupClaim,
      // A Map: the names are the site's, "__proto__" among them.
      requiredClaims: new Map(Object.entries(required)),
      minimumRefreshMs: Number(seconds) * 1000,
      requiresNotBefore: requiresNotBefore !== false,
      authoritiesFile: authorities === undefined ? undefined : path.resolve(path.dirname(file), authorities),
    },
  };
}
