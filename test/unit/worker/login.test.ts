// The dialogue by HTTP authentication: what goes out on the wire, and what reaches the security module.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerHost } from '../../../core/config/index.ts';
import type { Authenticator, LoginReply } from '../../../core/worker/authenticator.ts';
import type { HttpRequest } from '../../../core/worker/http-front.ts';
import { Login } from '../../../core/worker/login.ts';

const no: LoginReply = { name: 'stepped', step: { outcome: 'no', reason: 'Authentication failed' } };

function open(auth: string[], enableAuth: string[] = [], answers: LoginReply[] = []) {
  const started: unknown[] = [];
  const continued: string[] = [];
  const abandoned: string[] = [];
  const authenticator: Authenticator = {
    present: () => Promise.resolve(undefined),
    start: ({ method, credentials }) => {
      started.push([method, { ...credentials }]);
      return Promise.resolve(answers.shift() ?? no);
    },
    continue: ({ answer }) => {
      continued.push(answer);
      return Promise.resolve(answers.shift() ?? no);
    },
    abandon: ({ context }) => void abandoned.push(context),
    isCookieValid: () => Promise.resolve(false),
    readProfile: () => Promise.resolve({ name: 'refused' }),
    listGroups: () => Promise.resolve([]),
    sign: () => Promise.reject(new Error('not here')),
  };
  const settings = { auth, 'enable-auth': enableAuth, 'select-group': [], 'cookie-timeout': 300 };
  const refusals: string[] = [];
  const login = new Login({
    authenticator,
    ticket: 't',
    host: { settings } as unknown as WorkerHost,
    includedHeaders: [],
    vhost: 'default',
    certificate: () => undefined,
    certificateSha1: () => '',
    remainingMs: () => 1000,
    onMalformed: () => undefined,
    onUsername: () => undefined,
    onRefused: (reason) => refusals.push(reason),
    onSucceeded: () => undefined,
  });
  const post = async (headers: Readonly<Record<string, string>> = {}, body = ''): Promise<string> => {
    const request: HttpRequest = {
      method: 'POST',
      target: '/',
      minorVersion: 1,
      header: (name) => headers[name],
      body: Buffer.from(body),
    };
    const answer = await login.post(request, undefined);
    return `${answer.then} ${answer.bytes.toString().split('\r\n', 2).join(' | ')}`;
  };
  const phone = async (body: string): Promise<string> => {
    const header = (): string | undefined => undefined;
    const request = {
      method: 'POST',
      target: '/svc',
      minorVersion: 1,
      header,
      body: Buffer.from(body),
    } as const;
    const answer = await login.postPhone(request);
    return `${answer.then} ${answer.bytes.toString()}`;
  };
  return { login, post, phone, started, continued, abandoned, refusals };
}

const token = { authorization: 'Bearer planted.to.ken' };
const httpAuth = { 'x-support-http-auth': 'true' };

test('tokens alone: challenged as often as it takes, and one token is one login', async () => {
  const { post, started, refusals } = open(['oidc']);
  for (let round = 0; round < 3; round += 1)
    assert.equal(await post(), 'keep HTTP/1.1 401 Unauthorized | WWW-Authenticate: Bearer');
  assert.equal(await post(token), 'refuse HTTP/1.1 401 Authentication failed | Content-Length: 0');
  assert.equal(await post(token), 'refuse HTTP/1.1 401 Authentication failed | Content-Length: 0');
  assert.deepEqual(started, [
    [0, { username: '', password: undefined, token: 'planted.to.ken', group: undefined }],
  ]);
  assert.equal(refusals.length, 2);
});

test('another scheme ends the login', async () => {
  const { post, started } = open(['oidc']);
  assert.match(await post({ authorization: 'Basic dTpw' }), /^refuse HTTP\/1\.1 401 Authentication failed/);
  assert.deepEqual(started, []);
});

test('with tokens first, a client without one gets the form at the second request', async () => {
  const { post, started } = open(['oidc'], ['plain']);
  assert.equal(await post(), 'keep HTTP/1.1 401 Unauthorized | X-HTTP-Auth-Support: fallback');
  assert.match(await post(), /^keep HTTP\/1\.1 200 OK/);
  await post({}, 'username=alice&password=secret');
  assert.deepEqual(started, [
    [1, { username: 'alice', password: 'secret', token: undefined, group: undefined }],
  ]);
});

test('with the form first, a token or the offer of HTTP authentication leads to the tokens', async () => {
  assert.match(await open(['plain'], ['oidc']).post(), /^keep HTTP\/1\.1 200 OK/);
  const eager = open(['plain'], ['oidc']);
  await eager.post(token);
  assert.equal((eager.started[0] as unknown[])[0], 1);
  const willing = open(['plain'], ['oidc']);
  assert.equal(
    await willing.post(httpAuth),
    'keep HTTP/1.1 401 Unauthorized | X-HTTP-Auth-Support: fallback',
  );
  // It gives up by leaving its offer out.
  assert.match(await willing.post(), /^keep HTTP\/1\.1 200 OK/);
});

const ticket = (value: string) => ({ ...httpAuth, authorization: `Negotiate ${value}` });
const more: LoginReply = { name: 'stepped', step: { outcome: 'ask', context: 'ctx', token: 'VDI=' } };

test('Negotiate: challenge, rounds, and the last token with the success document', async () => {
  const cookie = 'AARaP0cTul3W4IWbmHticRGp0H6nLuzREMf1/ZC6lKk=';
  const yes: LoginReply = { name: 'stepped', step: { outcome: 'yes', cookie, token: 'VDQ=' } };
  const { login, post, started, continued } = open(['gssapi'], [], [more, yes]);
  assert.equal(await post(httpAuth), 'keep HTTP/1.1 401 Unauthorized | WWW-Authenticate: Negotiate');
  assert.equal(
    await post(ticket('VDE=')),
    'keep HTTP/1.1 401 Unauthorized | WWW-Authenticate: Negotiate VDI=',
  );
  const header = (name: string): string | undefined =>
    name === 'authorization' ? 'Negotiate VDM=' : undefined;
  const request = { method: 'POST', target: '/', minorVersion: 1, header, body: Buffer.alloc(0) } as const;
  const last = (await login.post(request, undefined)).bytes.toString();
  assert.match(
    last,
    /^HTTP\/1\.1 200 OK\r\nConnection: Keep-Alive\r\nWWW-Authenticate: Negotiate VDQ=\r\nContent-Type/,
  );
  assert.deepEqual(started, [[0, { username: '', password: undefined, token: 'VDE=', group: undefined }]]);
  assert.deepEqual(continued, ['VDM=']);
});

test('a refused ticket: the form of the next method on the same connection, or the end', async () => {
  const { post, started } = open(['gssapi'], ['plain']);
  assert.equal(await post(httpAuth), 'keep HTTP/1.1 401 Unauthorized | X-HTTP-Auth-Support: fallback');
  assert.match(await post(ticket('VDE=')), /^keep HTTP\/1\.1 200 OK/);
  await post(httpAuth, 'username=alice&password=secret');
  assert.deepEqual(
    started.map((entry) => (entry as unknown[])[0]),
    [0, 1],
  );
  const alone = open(['gssapi']);
  assert.equal(
    await alone.post(ticket('VDE=')),
    'refuse HTTP/1.1 401 Authentication failed | Content-Length: 0',
  );
  const needsCertificate = open(['gssapi'], ['certificate']);
  assert.match(await needsCertificate.post(ticket('VDE=')), /^refuse HTTP\/1\.1 401 Authentication failed/);
});

test('a client that breaks off a negotiation gets the form; the security module is told', async () => {
  const { post, abandoned } = open(['gssapi'], ['plain'], [more]);
  await post(ticket('VDE='));
  assert.match(await post(), /^keep HTTP\/1\.1 200 OK/);
  assert.deepEqual(abandoned, ['ctx']);
});

const phoneForm = [
  'keep HTTP/1.1 200 OK',
  'Content-Length: 0',
  'Set-Cookie: webvpn=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; secure',
  'Set-Cookie: webvpnlogin=1; secure',
  'X-Transcend-Version: 1',
  '',
  '',
].join('\r\n');

test('an IP phone: asked until it has name and password, then one try with a bare answer', async () => {
  const cookie = 'AARaP0cTul3W4IWbmHticRGp0H6nLuzREMf1/ZC6lKk=';
  const yes: LoginReply = { name: 'stepped', step: { outcome: 'yes', cookie } };
  const { phone, started } = open(['plain'], [], [yes]);
  for (const body of ['', 'username=alice', 'password=secret', 'username=&password=secret']) {
    assert.equal(await phone(body), phoneForm, body);
  }
  assert.equal(
    await phone('username=alice&password=secret'),
    [
      'keep HTTP/1.1 200 OK',
      'Connection: Keep-Alive',
      'Content-Length: 0',
      `Set-Cookie: webvpn=${cookie}; secure`,
      'X-Transcend-Version: 1',
      '',
      '',
    ].join('\r\n'),
  );
  assert.deepEqual(started, [
    [0, { username: 'alice', password: 'secret', token: undefined, group: undefined }],
  ]);
  assert.match(
    await phone('username=alice&password=secret'),
    /^refuse HTTP\/1\.1 401 Authentication failed\r\n/,
  );
});

test('an IP phone knows no second question, and no password beside a certificate', async () => {
  const asks: LoginReply = { name: 'stepped', step: { outcome: 'ask', context: 'ctx', promptNumber: 1 } };
  const asked = open(['plain'], [], [asks]);
  const refusal = 'refuse HTTP/1.1 401 Authentication failed\r\nContent-Length: 0\r\n\r\n';
  assert.equal(await asked.phone('username=alice&password=secret'), refusal);
  assert.deepEqual(asked.abandoned, ['ctx']);
  const token = open(['oidc']);
  assert.equal(await token.phone('username=alice&password=secret'), refusal);
  assert.deepEqual(token.started, []);
});
