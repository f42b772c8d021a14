// Whatever stands in an Authorization header: the parsers answer, never throw, and believe nothing that is not signed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAuthorization } from '../../core/protocol/index.ts';
import { oidcBackend } from '../../core/secmod/auth/oidc.ts';
import { judgeClaims, parseStrictJson, readToken } from '../../core/secmod/oidc/index.ts';
import { parseOidcConfiguration } from '../../core/secmod/oidc/configuration.ts';
import { importJWK, type CryptoKey } from 'jose';
import { assembleToken, makeKeys, signToken } from '../support/open-id-provider.ts';

const keys = await makeKeys('ES256', 'k');
const publicKey = (await importJWK(keys.publicJwk, 'ES256')) as CryptoKey;
const { configuration } = parseOidcConfiguration('/f', {
  openid_configuration_url: 'https://id.example/',
  user_name_claim: 'sub',
  required_claims: { aud: 'vpn' },
});
assert.ok(configuration !== undefined);
const rules = configuration;
const now = 1_700_000_000_000;
const seconds = now / 1000;
const lines: string[] = [];
const keep = (text: string) => void lines.push(text);
const backend = oidcBackend({
  configuration,
  // Whatever key is named, it is ours, so that every path to the signature is taken.
  provider: { find: () => Promise.resolve({ keys: [publicKey], issuer: 'https://id.example' }) },
  clock: { now: () => now },
  log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
});
const facts = {
  username: '',
  remoteAddress: '192.0.2.1',
  localAddress: '192.0.2.2',
  userAgent: undefined,
  sessionId: 's',
  hasCertificate: false,
};
const logIn = (token: string) => backend.begin(facts).answer(token);

async function isRefused(token: string): Promise<void> {
  lines.length = 0;
  assert.equal((await logIn(token)).kind, 'rejected');
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? '', /[\u0000-\u001f\u007f-\u009f]/);
  assert.ok((lines[0] ?? '').length < 400);
}

const headerValue = fc.oneof(
  fc.constantFrom('JWT', 'ES256', 'HS256', 'none', 'k', '', 0, null, true),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const anyHeader = fc.record(
  { typ: headerValue, alg: headerValue, kid: headerValue, crit: headerValue, jwk: headerValue },
  { requiredKeys: [] },
);
const goodHeader = { typ: 'JWT', alg: 'ES256', kid: 'k' };
const claims = {
  iss: 'https://id.example',
  aud: 'vpn',
  sub: 'alice',
  nbf: seconds - 1,
  iat: seconds - 1,
  exp: seconds + 60,
};

test('arbitrary texts, and three arbitrary parts', async () => {
  const part = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  const token = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
  );
  await fc.assert(fc.asyncProperty(token, isRefused), { numRuns: 2000 });
});

test('headers and payloads built field by field, under signatures of others', async () => {
  const header = fc.oneof(anyHeader, fc.constant(goodHeader));
  await fc.assert(
    fc.asyncProperty(header, fc.jsonValue(), fc.uint8Array({ maxLength: 80 }), (head, payload, signature) =>
      isRefused(assembleToken(head, payload, signature)),
    ),
    { numRuns: 2000 },
  );
});

test('a good token, spoiled at one place', async () => {
  const good = await signToken(keys, claims);
  assert.equal((await logIn(good)).kind, 'accepted');
  const character = fc.constantFrom(...'ABab09-_.=+/ \n%é');
  await fc.assert(
    fc.asyncProperty(
      fc.nat(good.length - 1),
      character,
      fc.constantFrom(0, 1),
      async (at, letter, removed) => {
        const spoiled = good.slice(0, at) + letter + good.slice(at + removed);
        if (spoiled !== good) await isRefused(spoiled);
      },
    ),
    { numRuns: 1500 },
  );
  for (let end = 0; end < good.length; end += 1) await isRefused(good.slice(0, end));
});

test('claims of every kind under a good signature: only a user of the site at the right time', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      'vpn',
      'https://id.example',
      ['vpn'],
      seconds,
      seconds - 1,
      seconds + 1,
      0,
      -1,
      null,
      'alice',
    ),
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const changed = fc.record(
    { iss: value, aud: value, sub: value, nbf: value, iat: value, exp: value, cnf: value },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(changed, (change) => {
      const given: Record<string, unknown> = { ...claims, ...change };
      const judged = judgeClaims(given, rules, 'https://id.example', now);
      if ('reason' in judged) return;
      assert.equal(given['iss'], 'https://id.example');
      assert.ok(given['aud'] === 'vpn' || (given['aud'] as unknown[]).includes('vpn'));
      assert.ok((given['nbf'] as number) <= seconds && (given['exp'] as number) >= seconds);
      assert.equal(judged.username, given['sub']);
      assert.match(judged.username, /^[^\u0000-\u001f\u007f]{1,63}$/u);
    }),
    { numRuns: 5000 },
  );
});

test('the pieces: never an exception', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.uint8Array({ maxLength: 100 }),
      (text, bytes) => {
        parseAuthorization(text);
        readToken(text);
        parseStrictJson(bytes);
        parseStrictJson(Buffer.from(text));
      },
    ),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      const parsed = parseStrictJson(Buffer.from(text));
      if (parsed !== undefined) assert.deepEqual(parsed.value, JSON.parse(text));
    }),
  );
});
