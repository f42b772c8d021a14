import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { oidcProblems, readOidcConfiguration } from '../../../../core/secmod/oidc/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-oidc-'));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'oidc.json');

const whole = {
  openid_configuration_url: 'https://id.example/.well-known/openid-configuration',
  user_name_claim: 'preferred_username',
  required_claims: { aud: 'vpn' },
};

function read(text: unknown) {
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  return readOidcConfiguration(file);
}

test('the file of the C program is read as it is', () => {
  const { configuration, problems, warnings } = read({ ...whole, minimum_jwk_refresh_time: 60 });
  assert.deepEqual([problems, warnings], [[], []]);
  assert.deepEqual(configuration, {
    configurationUrl: new URL(whole.openid_configuration_url),
    usernameClaim: 'preferred_username',
    groupClaim: undefined,
    requiredClaims: new Map([['aud', 'vpn']]),
    minimumRefreshMs: 60_000,
    requiresNotBefore: true,
    authoritiesFile: undefined,
  });
  assert.equal(read(whole).configuration?.minimumRefreshMs, 900_000);
});

test('what is ours besides', () => {
  const { configuration } = read({
    ...whole,
    group_claim: 'groups',
    require_not_before: false,
    ca_file: 'ca.pem',
  });
  assert.equal(configuration?.groupClaim, 'groups');
  assert.equal(configuration.requiresNotBefore, false);
  assert.equal(configuration.authoritiesFile, path.join(folder, 'ca.pem'));
});

test('an audience that is not asked for and members that nobody knows are named', () => {
  const { configuration, warnings } = read({ ...whole, required_claims: {}, user_name_clam: 'x' });
  assert.ok(configuration !== undefined);
  assert.match(warnings.join('\n'), /unknown member "user_name_clam" is ignored\n.*has no "aud"/);
});

test('each mistake says what was expected', () => {
  const table: [unknown, RegExp][] = [
    ['{', /failed to load config file: .*oidc\.json \(not JSON/],
    [[], /expected a JSON object/],
    [{}, /openid_configuration_url: expected.*\n.*user_name_claim: expected.*\n.*required_claims: expected/],
    [{ ...whole, openid_configuration_url: 'nonsense' }, /openid_configuration_url: expected the URL/],
    [{ ...whole, openid_configuration_url: 'http://id.example/' }, /begins with https:\/\//],
    [{ ...whole, user_name_claim: '' }, /user_name_claim: expected/],
    [{ ...whole, user_name_claim: ['sub'] }, /user_name_claim: expected/],
    [{ ...whole, required_claims: [] }, /required_claims: expected/],
    [{ ...whole, required_claims: null }, /required_claims: expected/],
    [{ ...whole, minimum_jwk_refresh_time: -1 }, /minimum_jwk_refresh_time: expected seconds/],
    [{ ...whole, minimum_jwk_refresh_time: '60' }, /minimum_jwk_refresh_time: expected seconds/],
    [{ ...whole, group_claim: 7 }, /group_claim: expected/],
    [{ ...whole, require_not_before: 'no' }, /require_not_before: expected true or false/],
    [{ ...whole, ca_file: false }, /ca_file: expected/],
  ];
  for (const [text, pattern] of table) {
    const { configuration, problems } = read(text);
    assert.equal(configuration, undefined);
    assert.match(problems.join('\n'), pattern);
  }
});

test('a file that is missing, is a folder, or that everybody may write', () => {
  const problems = (config: string) => oidcProblems({ name: 'oidc', options: { config } }).join('\n');
  assert.equal(problems('/none.json'), 'ocserv-oidc: failed to load config file: /none.json (ENOENT)');
  assert.match(problems(folder), /not a regular file/);
  read(whole);
  chmodSync(file, 0o666);
  assert.match(problems(file), /writable by everybody/);
  chmodSync(file, 0o644);
  assert.equal(problems(file), '');
});
