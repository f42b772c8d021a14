// The method as a whole against a provider on the loopback: every kind of token that must not log in, and those that do.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { after, before, test } from 'node:test';
import { exportSPKI, importJWK, type CryptoKey } from 'jose';
import type { BackendReply } from '../../../../core/secmod/auth/backend.ts';
import { oidcBackend } from '../../../../core/secmod/auth/oidc.ts';
import { fetchJson, Provider } from '../../../../core/secmod/oidc/index.ts';
import { parseOidcConfiguration } from '../../../../core/secmod/oidc/configuration.ts';
import {
  assembleToken,
  LocalProvider,
  makeKeys,
  signToken,
  type ProviderKeys,
} from '../../../support/open-id-provider.ts';
import { FakeClock } from '../fake-clock.ts';

let provider: LocalProvider;
let rsa: ProviderKeys;
let ec: ProviderKeys;
let ed: ProviderKeys;
/** Same key id, but not the provider's. */
let foreign: ProviderKeys;

before(async () => {
  provider = await LocalProvider.start();
  rsa = await makeKeys('RS256', 'rsa-1');
  ec = await makeKeys('ES256', 'ec-1');
  ed = await makeKeys('EdDSA', 'ed-1');
  foreign = await makeKeys('RS256', 'rsa-1');
  provider.keys = [rsa.publicJwk, ec.publicJwk, ed.publicJwk];
});
after(() => provider[Symbol.asyncDispose]());

const now = Math.floor(new FakeClock().now() / 1000);

function claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    iss: provider.issuer,
    aud: 'vpn-client',
    nbf: now - 10,
    iat: now - 10,
    exp: now + 600,
    sub: 'f00-1',
    preferred_username: 'alice',
    ...more,
  };
}

function setUp(file: Readonly<Record<string, unknown>> = {}, clock = new FakeClock()) {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const { configuration, problems } = parseOidcConfiguration('/f', {
    openid_configuration_url: provider.configurationUrl.href,
    user_name_claim: 'preferred_username',
    required_claims: { aud: 'vpn-client' },
    ...file,
  });
  assert.ok(configuration !== undefined, problems.join('\n'));
  const keys = new Provider({
    ...configuration,
    fetch: (url, signal) => fetchJson(url, { authoritiesFile: undefined, signal }),
    clock,
    log,
  });
  const backend = oidcBackend({ configuration, provider: keys, clock, log });
  const logIn = (token: string): Promise<BackendReply> =>
    backend
      .begin({
        username: '',
        remoteAddress: '192.0.2.1',
        localAddress: '192.0.2.2',
        userAgent: undefined,
        sessionId: 's',
        hasCertificate: false,
      })
      .answer(token);
  return { logIn, lines, clock };
}

const accepted = (username: string, groups?: readonly string[]) => ({ kind: 'accepted', username, groups });

test('tokens of every algorithm and shape that is right', async () => {
  const { logIn } = setUp();
  for (const keys of [rsa, ec, ed]) {
    assert.deepEqual(await logIn(await signToken(keys, claims())), accepted('alice'), keys.alg);
  }
  for (const header of [{ typ: 'jwt' }, { typ: 'at+jwt' }, { x5t: 'abc', cty: 'JWT' }])
    assert.deepEqual(await logIn(await signToken(rsa, claims(), header)), accepted('alice'));
  const edges = [
    { nbf: now, iat: now },
    { exp: now },
    { aud: ['other', 'vpn-client'] },
    { extra: { a: [1] } },
  ];
  for (const edge of edges)
    assert.deepEqual(await logIn(await signToken(ec, claims(edge))), accepted('alice'), JSON.stringify(edge));
});

/** What is wrong, what the log says of it, the token. */
type Forgery = readonly [what: string, reason: RegExp, make: () => string | Promise<string>];

const signature = /wrong signature/;
const good = () => signToken(rsa, claims());
const header = (more: object = {}) => ({ typ: 'JWT', alg: 'RS256', kid: 'rsa-1', ...more });
const signed = (more: Readonly<Record<string, unknown>>) => () => signToken(rsa, claims(more));
const headed = (more: Readonly<Record<string, unknown>>) => () => signToken(rsa, claims(), more);
const without = (name: string) => () => {
  const { [name]: _, ...rest } = claims();
  return signToken(rsa, rest);
};
const privateKeyOf = async (): Promise<KeyObject> => {
  const { exportPKCS8 } = await import('jose');
  return createPrivateKey(await exportPKCS8(rsa.privateKey));
};
/** Signed by the provider's key over exactly these bytes. */
const raw = (head: string, payload: string | Buffer) => async () => {
  const input = `${Buffer.from(head).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  return `${input}.${sign('sha256', Buffer.from(input), await privateKeyOf()).toString('base64url')}`;
};
const confused = (secret: (pem: string) => string | Buffer) => async () => {
  const pem = await exportSPKI(
    (await importJWK({ ...rsa.publicJwk }, 'RS256', { extractable: true })) as CryptoKey,
  );
  const input = assembleToken(header({ alg: 'HS256' }), claims(), '').slice(0, -1);
  return `${input}.${createHmac('sha256', secret(pem)).update(input).digest('base64url')}`;
};
const cut = (end: (token: string) => number) => async () => {
  const token = await good();
  return token.slice(0, end(token));
};
const replacePart = (index: number, change: (part: string) => string) => async () => {
  const parts = (await good()).split('.');
  parts[index] = change(parts[index] ?? '');
  return parts.join('.');
};

const forgeries: readonly Forgery[] = [
  ['nothing', /not a signed JWT/, () => ''],
  ['a word', /not a signed JWT/, () => 'planted'],
  ['alg none, no signature', /not in base64url/, () => assembleToken(header({ alg: 'none' }), claims(), '')],
  ['alg none, some signature', /algorithm/, () => assembleToken(header({ alg: 'none' }), claims(), 'AAAA')],
  ['alg NONE', /algorithm/, () => assembleToken(header({ alg: 'NoNe' }), claims(), 'AAAA')],
  ['alg that is an object', /algorithm/, () => assembleToken(header({ alg: { x: 1 } }), claims(), 'AAAA')],
  [
    'alg that every object has',
    /algorithm/,
    () => assembleToken(header({ alg: 'constructor' }), claims(), 'AAAA'),
  ],
  ['no alg', /algorithm/, () => assembleToken({ typ: 'JWT', kid: 'rsa-1' }, claims(), 'AAAA')],
  ['public key as HMAC secret, PEM', /algorithm/, confused((pem) => pem)],
  ['public key as HMAC secret, PEM without last line end', /algorithm/, confused((pem) => pem.trim())],
  [
    'public key as HMAC secret, DER',
    /algorithm/,
    confused((pem) => createPublicKey(pem).export({ type: 'spki', format: 'der' })),
  ],
  [
    'public key as HMAC secret, modulus',
    /algorithm/,
    confused(() => Buffer.from(rsa.publicJwk.n ?? '', 'base64url')),
  ],
  ['another key with the right name', signature, () => signToken(foreign, claims())],
  [
    'the key of another algorithm',
    /unknown key/,
    () => signToken({ ...ec, kid: 'rsa-1' }, claims(), { alg: 'ES256' }),
  ],
  ['RSA key under another algorithm than its own', /unknown key/, headedAs('PS256')],
  ['a signature of another token', signature, transplanted],
  [
    'claims changed after signing',
    signature,
    replacePart(1, () =>
      Buffer.from(JSON.stringify(claims({ preferred_username: 'root' }))).toString('base64url'),
    ),
  ],
  [
    'header changed after signing',
    signature,
    replacePart(0, () => Buffer.from(JSON.stringify(header({ x: 1 }))).toString('base64url')),
  ],
  ['signature of zeros', signature, replacePart(2, () => Buffer.alloc(256).toString('base64url'))],
  [
    'ECDSA signature of zeros',
    signature,
    () => assembleToken(header({ alg: 'ES256', kid: 'ec-1' }), claims(), Buffer.alloc(64)),
  ],
  ['signature of one byte', signature, replacePart(2, () => 'AA')],
  ['no kid', /names no key/, () => signToken(rsa, claims(), { kid: undefined })],
  ['kid that is no text', /names no key/, () => assembleToken(header({ kid: 7 }), claims(), 'AAAA')],
  ['empty kid', /names no key/, () => assembleToken(header({ kid: '' }), claims(), 'AAAA')],
  ['unknown kid', /unknown key/, headed({ kid: 'rsa-2' })],
  ['kid in other letters', /unknown key/, headed({ kid: 'RSA-1' })],
  ['kid that is a path', /unknown key/, headed({ kid: '../../dev/null' })],
  ['no typ', /type JWT/, headed({ typ: undefined })],
  ['typ of a logout token', /type JWT/, headed({ typ: 'logout+jwt' })],
  ['typ of a proof of possession', /type JWT/, headed({ typ: 'dpop+jwt' })],
  ['crit with an extension', /extension/, raw(JSON.stringify(header({ crit: ['exp'], exp: now })), '{}')],
  ['crit that is empty', /extension/, raw(JSON.stringify(header({ crit: [] })), '{}')],
  ['unencoded payload', /extension/, raw(JSON.stringify(header({ b64: false, crit: ['b64'] })), '{}')],
  [
    'its own key in the header (jwk)',
    signature,
    () => signToken(foreign, claims(), { jwk: foreign.publicJwk }),
  ],
  [
    'its own keys elsewhere (jku)',
    signature,
    () => signToken(foreign, claims(), { jku: `${provider.issuer}/mallory` }),
  ],
  [
    'its own certificate elsewhere (x5u)',
    signature,
    () => signToken(foreign, claims(), { x5u: `${provider.issuer}/mallory` }),
  ],
  ['wrong audience', /required claim/, signed({ aud: 'another-client' })],
  ['audience that begins right', /required claim/, signed({ aud: 'vpn-client-2' })],
  ['list of wrong audiences', /required claim/, signed({ aud: ['a', 'b', 'vpn-client2'] })],
  ['audience within a list within', /required claim/, signed({ aud: [['vpn-client']] })],
  ['audience as a member', /required claim/, signed({ aud: { 'vpn-client': true } })],
  ['no audience', /required claim/, without('aud')],
  ['wrong issuer', /another issuer/, signed({ iss: 'https://evil.test' })],
  [
    'issuer with a slash more',
    /another issuer/,
    () => signToken(rsa, claims({ iss: `${provider.issuer}/` })),
  ],
  ['issuer in a list', /another issuer/, () => signToken(rsa, claims({ iss: [provider.issuer] }))],
  ['no issuer', /another issuer/, without('iss')],
  ['expired a second ago', /has expired/, signed({ exp: now - 1 })],
  ['expired long ago', /has expired/, signed({ nbf: 1, iat: 1, exp: 2 })],
  ['valid from the next second on', /not valid yet/, signed({ nbf: now + 1 })],
  ['valid from tomorrow on', /not valid yet/, signed({ nbf: now + 86_400 })],
  ['made by a clock that is ahead', /from the future/, signed({ iat: now + 1 })],
  ['no exp', /no time "exp"/, without('exp')],
  ['no nbf', /no time "nbf"/, without('nbf')],
  ['no iat', /no time "iat"/, without('iat')],
  ['exp 0', /no time "exp"/, signed({ exp: 0 })],
  ['exp as text', /no time "exp"/, signed({ exp: String(now + 600) })],
  ['exp true', /no time "exp"/, signed({ exp: true })],
  [
    'exp beyond numbers',
    /no time "exp"/,
    () =>
      raw(JSON.stringify(header()), JSON.stringify(claims()).replace(`"exp":${now + 600}`, '"exp":1e999'))(),
  ],
  ['nbf negative', /no time "nbf"/, signed({ nbf: -1 })],
  ['no user name', /names no user/, without('preferred_username')],
  ['user name that is a number', /names no user/, signed({ preferred_username: 7 })],
  ['user name in a list', /names no user/, signed({ preferred_username: ['alice'] })],
  ['user name null', /names no user/, signed({ preferred_username: null })],
  ['empty user name', /user name is empty/, signed({ preferred_username: '' })],
  ['user name of 64 bytes', /longer than 63/, signed({ preferred_username: 'a'.repeat(64) })],
  ['user name with a line end', /control character/, signed({ preferred_username: 'alice\nroot' })],
  ['user name with NUL', /control character/, signed({ preferred_username: 'alice\u0000' })],
  ['bound to a key', /bound to a key/, signed({ cnf: { jkt: 'x' } })],
  ['truncated in the signature', /base64url|signature/, cut((token) => token.length - 4)],
  ['truncated by one character', /base64url|signature/, cut((token) => token.length - 1)],
  ['without its signature', /not in base64url/, cut((token) => token.lastIndexOf('.') + 1)],
  ['without its signature and dot', /not a signed JWT/, cut((token) => token.lastIndexOf('.'))],
  ['five parts, as if encrypted', /not a signed JWT/, async () => `${await good()}.AA.AA`],
  ['a dot more', /not a signed JWT/, async () => `${await good()}.`],
  ['padding', /base64url/, replacePart(2, (part) => `${part}==`)],
  ['the other base64', /base64url/, replacePart(2, (part) => `+/${part.slice(2)}`)],
  ['a blank in the middle', /base64url/, replacePart(1, (part) => `${part.slice(0, 8)} ${part.slice(8)}`)],
  ['a line end at the end', /base64url/, async () => `${await good()}\n`],
  ['bits left over', /base64url/, replacePart(2, (part) => part.slice(0, -1) + spareBits(part))],
  ['header that is no JSON', /header is not/, () => assembleToken('{"alg"', claims(), 'AAAA')],
  ['header that is a list', /header is not/, () => assembleToken([header()], claims(), 'AAAA')],
  ['header null', /header is not/, () => assembleToken(null, claims(), 'AAAA')],
  [
    'header with alg twice',
    /header is not/,
    raw('{"typ":"JWT","kid":"rsa-1","alg":"none","alg":"RS256"}', '{}'),
  ],
  [
    'claims with a name twice',
    /claims are not/,
    () =>
      raw(JSON.stringify(header()), JSON.stringify(claims()).replace('{', '{"preferred_username":"root",'))(),
  ],
  [
    'claims with a name twice, once escaped',
    /claims are not/,
    () => raw(JSON.stringify(header()), JSON.stringify(claims()).replace('{', '{"a\\u0075d":"x",'))(),
  ],
  ['claims that are no JSON', /claims are not/, raw(JSON.stringify(header()), 'alice')],
  ['claims that are a list', /claims are not/, raw(JSON.stringify(header()), '[]')],
  [
    'claims that are not UTF-8',
    /claims are not/,
    raw(JSON.stringify(header()), Buffer.from('7b2261223a22ff227d', 'hex')),
  ],
  ['a JWT in the JWT', /claims are not/, async () => raw(JSON.stringify(header()), await good())()],
  ['huge', /too long/, signed({ pad: 'x'.repeat(20_000) })],
  ['huge and nothing else', /too long/, () => 'z'.repeat(1_000_000)],
];

function headedAs(alg: string) {
  return async () => assembleToken(header({ alg }), claims(), await Promise.resolve('AAAA'));
}

async function transplanted(): Promise<string> {
  const [, , end] = (await good()).split('.');
  const [head, payload] = (await signToken(rsa, claims({ preferred_username: 'root' }))).split('.');
  return `${head}.${payload}.${end}`;
}

/** The last character of 256 bytes carries two bits; set those that mean nothing. */
function spareBits(part: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(part.at(-1) ?? '') | 1] ?? '';
}

test(`${forgeries.length} forged, stale and broken tokens are refused, each with its reason, and none is logged`, async () => {
  const { logIn, lines } = setUp();
  assert.deepEqual(await logIn(await good()), accepted('alice'));
  for (const [what, pattern, make] of forgeries) {
    const token = await make();
    const reply = await logIn(token);
    assert.equal(reply.kind, 'rejected', what);
    assert.match('reason' in reply ? reply.reason : '', pattern, what);
    assert.match(lines.at(-1) ?? '', /^ocserv-oidc: /);
    for (const part of token.split('.').filter((text) => text.length > 8))
      assert.ok(!lines.join('\n').includes(part.slice(0, 40)), what);
  }
  assert.ok(lines.every((line) => !line.includes('\n') && line.length < 300));
  assert.deepEqual([...new Set(provider.asked)].sort(), ['/.well-known/openid-configuration', '/jwks']);
});

test('required claims are compared whole, and the issuer may be named by the site', async () => {
  const required = { aud: 'vpn-client', roles: ['a', 'b'], deep: { x: 1 }, iss: 'https://sts.example' };
  const { logIn } = setUp({ required_claims: required });
  const right = { roles: ['a', 'b'], deep: { x: 1 }, iss: 'https://sts.example' };
  assert.deepEqual(await logIn(await signToken(rsa, claims(right))), accepted('alice'));
  for (const wrong of [
    { roles: ['b', 'a'] },
    { roles: ['a'] },
    { deep: { x: '1' } },
    { iss: provider.issuer },
  ])
    assert.equal((await logIn(await signToken(rsa, claims({ ...right, ...wrong })))).kind, 'rejected');
  const inherited = setUp({ required_claims: { toString: {} }, user_name_claim: 'constructor' });
  assert.equal((await inherited.logIn(await good())).kind, 'rejected');
});

test('groups come from the claim that the site names', async () => {
  const { logIn } = setUp({ group_claim: 'groups' });
  const groups = async (value: unknown) => logIn(await signToken(rsa, claims({ groups: value })));
  assert.deepEqual(await groups(['staff', 'vpn']), accepted('alice', ['staff', 'vpn']));
  assert.deepEqual(await groups('staff'), accepted('alice', ['staff']));
  assert.deepEqual(await groups(['', 7, null, 'a,b', 'x\n', 'ok']), accepted('alice', ['ok']));
  assert.deepEqual(await groups(undefined), accepted('alice', []));
});

test('a site may do without nbf', async () => {
  const { logIn } = setUp({ require_not_before: false });
  assert.deepEqual(await logIn(await without('nbf')()), accepted('alice'));
  assert.equal((await logIn(await signed({ nbf: now + 1 })())).kind, 'rejected');
  assert.equal((await logIn(await signed({ nbf: 'x' })())).kind, 'rejected');
  assert.equal((await logIn(await without('iat')())).kind, 'rejected');
});

test('a provider that cannot be asked is nobody’s wrong token', async () => {
  const { logIn, lines } = setUp({ openid_configuration_url: 'http://127.0.0.1:1/none' });
  const reply = await logIn(await good());
  assert.equal(reply.kind, 'unavailable');
  assert.match(
    lines.join('\n'),
    /cannot fetch the keys .*'http:\/\/127\.0\.0\.1:1\/none' cannot be reached \(ECONNREFUSED\)/,
  );
});
