// Bearer tokens of a real OpenID provider, shown by a real openconnect.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { OpenId } from '../support/open-id.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

interface UserRow {
  readonly Username: string;
  readonly Groupname: string;
}

async function open(
  methods: (folder: string) => string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ scene: Scene; openId: OpenId } & AsyncDisposable> {
  let openId: OpenId | undefined;
  const scene = await Scene.open({
    config: (folder) => `${methods(folder)}\nlog-level = 9\nmax-ban-score = 0`,
    async prepare(site, network) {
      openId = await OpenId.start(site.folder, network.server, more);
    },
  });
  assert.ok(openId !== undefined);
  const provider = openId;
  return {
    scene,
    openId: provider,
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await scene[Symbol.asyncDispose]();
    },
  };
}

const showing = (token: string) => ['--no-dtls', '--token-mode=oidc', `--token-secret=${token}`];

test('a token opens a tunnel; forged, stale and foreign ones do not; none is ever logged', async () => {
  await using story = await open((folder) => `auth = "oidc[config=${folder}/oidc.json]"`, {
    group_claim: 'groups',
    minimum_jwk_refresh_time: 0,
  });
  const { scene, openId } = story;
  const { site } = scene;
  const token = await openId.token('alice');
  const client = await scene.connect({ user: 'mallory', args: showing(token) });
  assert.ok(await client.ping('192.168.77.1'), client.output());
  const [row] = await site.occtlJson<UserRow[]>('show', 'users');
  assert.deepEqual([row?.Username, row?.Groupname], ['alice', 'staff']);
  await client.leave();

  const foreign = await openId.token('alice', 'urn:mail');
  await scene.refused({ args: showing(foreign) });
  await site.logged(
    /login attempt failed for user '' from '10\.80\.0\.2' \(method: oidc, reason: token lacks a required claim/,
  );
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...claims, preferred_username: 'root' })).toString(
    'base64url',
  );
  await scene.refused({ args: showing(`${head}.${changed}.${signature}`) });
  await site.logged(/reason: wrong signature/);

  // The provider is away: what is known of it serves on.
  await openId.stop();
  const meanwhile = await scene.connect({ args: showing(token) });
  await meanwhile.leave();

  // Another key: it counts at the first login, and the withdrawn one is worth nothing from then on.
  await openId.start();
  const renewed = await openId.token('bob');
  const other = await scene.connect({ args: showing(renewed) });
  const [second] = await site.occtlJson<UserRow[]>('show', 'users');
  assert.equal(second?.Username, 'bob');
  await other.leave();
  await scene.refused({ args: showing(token) });
  await site.logged(/reason: token names an unknown key/);

  await site.stop();
  const parts = [token, foreign, renewed].flatMap((text) => text.split('.'));
  for (const part of [...parts, changed]) assert.ok(!site.log().includes(part.slice(0, 24)), part);
});

test('passwords and tokens beside each other: each client comes in by what it has', async () => {
  await using story = await open(
    (folder) => `auth = "plain[passwd=${folder}/passwd]"\nenable-auth = "oidc[config=${folder}/oidc.json]"`,
  );
  const { scene, openId } = story;
  const byPassword = await scene.connect();
  await byPassword.leave();
  const byToken = await scene.connect({ args: showing(await openId.token('bob')) });
  const [row] = await scene.site.occtlJson<UserRow[]>('show', 'users');
  assert.equal(row?.Username, 'bob');
  await byToken.leave();
  assert.match(await scene.refused({ password: 'wrong' }), /Login failed/);
});

test('a token shown with POST gives the cookie that opens the tunnel', async () => {
  await using story = await open((folder) => `auth = "oidc[config=${folder}/oidc.json]"`);
  const { scene, openId } = story;
  const ask = async (token: string) => {
    const program = path.join(root, 'test/support/bearer-client.ts');
    const command = [process.execPath, program, scene.network.serverAddress(0)];
    const { stdout } = await scene.namespace(0).run(command, { input: token });
    return JSON.parse(stdout) as { status: number; headers: Record<string, string | string[]> }[];
  };
  const [challenge, granted] = await ask(await openId.token('alice'));
  assert.equal(challenge?.status, 401);
  assert.equal(challenge.headers['www-authenticate'], 'Bearer');
  assert.equal(challenge.headers['x-http-auth-support'], undefined);
  assert.equal(granted?.status, 200);
  const cookie = /webvpn=([^;]+)/.exec([granted.headers['set-cookie'] ?? []].flat().join('\n'))?.[1];
  const client = await scene.connect({ cookie: `webvpn=${cookie}` });
  const [row] = await scene.site.occtlJson<UserRow[]>('show', 'users');
  assert.equal(row?.Username, 'alice');
  await client.leave();
  assert.deepEqual(
    (await ask('a.b.c')).map(({ status }) => status),
    [401, 401],
  );
});
