// The dialogue by HTTP authentication: what goes out on the wire, and what reaches the security module.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerHost } from '../../../core/config/index.ts';
import type { Authenticator, LoginReply } from '../../../core/worker/authenticator.ts';
import type { HttpRequest } from '../../../core/worker/http-front.ts';
import { Login } from '../../../core/worker/login.ts';

const no: LoginReply = { name: 'stepped', step: { outcome: 'no', reason: 'Authentication failed' } };

function open(auth: string[], enableAuth: string[] = []) {
  const started: unknown[] = [];
  const authenticator: Authenticator = {
    present: () => Promise.resolve(undefined),
    start: ({ method, credentials }) => {
      started.push([method, { ...credentials }]);
      return Promise.resolve(no);
    },
    continue: () => Promise.resolve(no),
    abandon: () => undefined,
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
  return { login, post, started, refusals };
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
