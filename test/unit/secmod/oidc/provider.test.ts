// When keys are fetched, and what of them is used, with a clock that stands still and a provider on the loopback.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchJson, Provider } from '../../../../core/secmod/oidc/index.ts';
import { LocalProvider, makeKeys } from '../../../support/open-id-provider.ts';
import { FakeClock } from '../fake-clock.ts';

const first = await makeKeys('ES256', 'first');
const second = await makeKeys('ES256', 'second');

async function setUp() {
  const local = await LocalProvider.start();
  const clock = new FakeClock();
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  local.keys = [first.publicJwk];
  const provider = new Provider({
    configurationUrl: local.configurationUrl,
    minimumRefreshMs: 900_000,
    fetch: (url, signal) => fetchJson(url, { authoritiesFile: undefined, signal }),
    clock,
    log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
  });
  const find = async (kid: string, alg = 'ES256'): Promise<string> => {
    const found = await provider.find({ kid, alg });
    return typeof found === 'string'
      ? found
      : `${found.keys.length} of ${String(found.issuer === local.issuer)}`;
  };
  const rounds = () => local.asked.filter((path) => path === '/jwks').length;
  return {
    local,
    clock,
    lines,
    provider,
    find,
    rounds,
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

test('invented key names cost one fetch in minimum_jwk_refresh_time, whoever invents them', async () => {
  await using at = await setUp();
  await at.provider.refresh();
  assert.equal(at.rounds(), 1);
  for (let round = 0; round < 20; round += 1) assert.equal(await at.find(`invented-${round}`), 'unknown');
  assert.equal(at.rounds(), 1);
  at.clock.advance(899_999);
  assert.equal(await at.find('invented'), 'unknown');
  assert.equal(at.rounds(), 1);
  at.clock.advance(1);
  assert.equal(await at.find('invented'), 'unknown');
  assert.equal(await at.find('invented'), 'unknown');
  assert.equal(at.rounds(), 2);
  assert.equal(await at.find('first'), '1 of true');
});

test('a new key counts at the first login with it, and logins at once share the fetch', async () => {
  await using at = await setUp();
  assert.deepEqual(
    await Promise.all([at.find('first'), at.find('first'), at.find('first')]),
    Array(3).fill('1 of true'),
  );
  assert.equal(at.rounds(), 1);
  at.local.keys = [second.publicJwk];
  at.clock.advance(900_000);
  assert.deepEqual(await Promise.all([at.find('second'), at.find('second')]), Array(2).fill('1 of true'));
  assert.equal(at.rounds(), 2);
  assert.equal(await at.find('first'), 'unknown');
});

test('keys of an hour ago are fetched again before they are used', async () => {
  await using at = await setUp();
  assert.equal(await at.find('first'), '1 of true');
  at.local.keys = [second.publicJwk];
  at.clock.advance(3_599_999);
  assert.equal(await at.find('first'), '1 of true');
  at.clock.advance(1);
  assert.equal(await at.find('first'), 'unknown');
});

test('a provider that fails is asked again after ten seconds; what is known of it serves meanwhile', async () => {
  await using at = await setUp();
  at.local.answer = (_path, response) => void response.writeHead(503).end('planted-body');
  assert.equal(await at.find('first'), 'unavailable');
  assert.equal(await at.find('first'), 'unavailable');
  assert.equal(at.local.asked.length, 1);
  assert.match(
    at.lines.join('\n'),
    /cannot fetch the keys of the provider: '.*openid-configuration' answers with status 503/,
  );
  assert.doesNotMatch(at.lines.join('\n'), /planted/);
  at.clock.advance(10_000);
  at.local.answer = undefined;
  assert.equal(await at.find('first'), '1 of true');
  at.local.answer = (_path, response) => void response.destroy();
  at.clock.advance(3_600_000);
  assert.equal(await at.find('first'), '1 of true');
  assert.equal(await at.find('invented'), 'unavailable');
});

test('documents that are not what they should be', async () => {
  const discovery = (document: unknown) => (path: string) =>
    path === '/jwks' ? { keys: [first.publicJwk] } : document;
  const table: [string, (path: string, issuer: string) => unknown, RegExp][] = [
    ['a list', discovery([]), /names no jwks_uri/],
    ['no address', discovery({ jwks_uri: 7 }), /names no jwks_uri/],
    ['another scheme', discovery({ jwks_uri: 'file:///etc/passwd' }), /is not fetched/],
    ['plain HTTP elsewhere', discovery({ jwks_uri: 'http://192.0.2.1/jwks' }), /is not fetched/],
    ['no JSON', () => undefined, /not JSON/],
    [
      'no set',
      (path, issuer) => (path === '/jwks' ? {} : { jwks_uri: `${issuer}/jwks` }),
      /not a set of keys/,
    ],
    [
      'an empty set',
      (path, issuer) => (path === '/jwks' ? { keys: [] } : { jwks_uri: `${issuer}/jwks` }),
      /no key that can be used/,
    ],
  ];
  for (const [what, make, reason] of table) {
    await using at = await setUp();
    at.local.answer = (path, response) =>
      void response.end(JSON.stringify(make(path, at.local.issuer)) ?? '{');
    assert.equal(await at.find('first'), 'unavailable', what);
    assert.match(at.lines.join('\n'), reason, what);
  }
});

test('keys that are not for these signatures are passed over', async () => {
  await using at = await setUp();
  const { kid: _, ...nameless } = first.publicJwk;
  at.local.keys = [
    nameless,
    { ...first.publicJwk, kid: 'encrypts', use: 'enc' },
    { ...first.publicJwk, kid: 'wraps', key_ops: ['wrapKey'] },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' },
    { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'short', alg: 'RS256' },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'broken', alg: 'ES256' },
    first.publicJwk,
  ];
  for (const kid of ['encrypts', 'wraps', 'broken', '']) assert.equal(await at.find(kid), 'unknown', kid);
  assert.equal(await at.find('secret', 'HS256'), 'unknown');
  assert.equal(await at.find('short', 'RS256'), 'unknown');
  for (const alg of ['ES384', 'RS256', 'EdDSA', 'none', 'HS256'])
    assert.equal(await at.find('first', alg), 'unknown', alg);
  assert.equal(await at.find('first'), '1 of true');
});
