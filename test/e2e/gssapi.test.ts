// The gssapi method against MIT Kerberos: tickets of a KDC of the test's own, presented by openconnect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kinit, Realm } from '../support/kerberos.ts';
import { PamSetup } from '../support/pam.ts';
import { Scene } from '../support/scene.ts';

const users = { alice: 'planted-alice', bob: 'planted-bob', carol: 'planted-carol' };
const args = ['--no-dtls', '--dump-http-traffic'];

interface KerberosScene extends AsyncDisposable {
  readonly scene: Scene;
  readonly realm: Realm;
  /** Environment of a client that has fetched a ticket. */
  ticket(user: keyof typeof users): Promise<NodeJS.ProcessEnv>;
}

/** `auth`: lines of the configuration, KEYTAB standing for the keytab's path. */
async function open(auth: string): Promise<KerberosScene> {
  const stack = new AsyncDisposableStack();
  let realm: Realm | undefined;
  try {
    const scene = await Scene.open({
      users: { dave: { password: 'planted-dave' } },
      prepare: async (site, network) => {
        const account = { name: 'alice', password: 'x', groups: ['krb-staff', 'krb-vpn'] };
        stack.use(await PamSetup.create(network.server, [account]));
        realm = stack.use(await Realm.create(network.server, users));
        site.env = realm.environment;
        const lines = auth.replaceAll('KEYTAB', realm.keytab).replaceAll('FOLDER', site.folder);
        await site.configure(`log-level = 9\n${lines}`);
      },
    });
    stack.use(scene);
    const made = realm;
    assert.ok(made !== undefined);
    return {
      scene,
      realm: made,
      async ticket(user) {
        const env = await made.client(user, `${scene.network.serverAddress(0)}:8888`);
        const { status, stderr } = await kinit(scene.namespace(0), env, user, users[user]);
        assert.equal(status, 0, stderr);
        return env;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

test('a ticket lets in, with the groups of its user; no ticket does not, nor one for another service key', async () => {
  await using it = await open('auth = "gssapi[keytab=KEYTAB]"');
  const { scene, realm } = it;
  const { site } = scene;
  const env = await it.ticket('alice');
  const client = await scene.connect({ env, user: 'nobody-asks', args });
  assert.ok(await client.ping('192.168.77.1'));
  assert.match(client.output(), /Negotiate/);
  const [row] = await site.occtlJson<{ Username: string; Groupname: string }[]>('show', 'users');
  assert.deepEqual([row?.Username, row?.Groupname], ['alice', 'krb-staff']);
  await client.leave();

  // A user whom the system does not know has no group.
  await scene.logIn({ env: await it.ticket('bob'), args });
  await site.logged(/auth complete for user 'bob' \(session: .{6}\)$/m);

  const without = await realm.client('without', `${scene.network.serverAddress(0)}:8888`);
  await scene.refused({ env: without, args });

  // A realm of somebody else's with the same names: its tickets are sealed with another key.
  await using foreign = await Realm.create(scene.network.server, users, 'VPN.TEST', 8889);
  const strange = await foreign.client('strange', `${scene.network.serverAddress(0)}:8889`);
  assert.equal((await kinit(scene.namespace(0), strange, 'alice', users.alice)).status, 0);
  const output = await scene.refused({ env: strange, args });
  assert.match(output, /HTTP\/1\.1 401 Authentication failed/);
  await site.logged(/login attempt failed for user '' from .*method: gssapi, reason: token refused: /);
  const [ban] = await site.occtlJson<{ Score: number }[]>('show', 'ip', 'ban', 'points');
  assert.equal(ban?.Score, 10);
  await site.stop();
  assert.doesNotMatch(site.log(), /planted-|Negotiate YI/);
});

test('tgt-freshness-time counts from the password; principals are users without the local map', async () => {
  await using it = await open(
    'auth = "gssapi[keytab=KEYTAB,require-local-user-map=false,tgt-freshness-time=4]"',
  );
  const { scene } = it;
  const env = await it.ticket('alice');
  await scene.logIn({ env, args });
  await scene.site.logged(/auth complete for user 'alice@VPN\.TEST'/);
  await sleep(5_500);
  await scene.refused({ env, args });
  await scene.site.logged(/reason: ticket of 'alice@VPN\.TEST' is older than tgt-freshness-time \(4 s\)/);
  await scene.logIn({ env: await it.ticket('alice'), args });
});

test('who has no ticket, or a wrong one, gets the password form where passwords are enabled', async () => {
  await using it = await open('auth = "gssapi[keytab=KEYTAB]"\nenable-auth = "plain[passwd=FOLDER/passwd]"');
  const { scene, realm } = it;
  const dave = { user: 'dave', password: 'planted-dave' };
  await scene.logIn({ env: await it.ticket('alice'), args });
  await scene.site.logged(/auth complete for user 'alice'/);
  const without = await realm.client('without', `${scene.network.serverAddress(0)}:8888`);
  await scene.logIn({ ...dave, env: without, args });
  await scene.refused({ ...dave, password: 'planted-wrong', env: without, args });

  await using foreign = await Realm.create(scene.network.server, users, 'VPN.TEST', 8889);
  const strange = await foreign.client('strange', `${scene.network.serverAddress(0)}:8889`);
  assert.equal((await kinit(scene.namespace(0), strange, 'alice', users.alice)).status, 0);
  await scene.logIn({ ...dave, env: strange, args });
  await scene.site.logged(/method: gssapi, reason: token refused: /);
  await scene.site.stop();
  assert.doesNotMatch(scene.site.log(), /planted-/);
});

test('without keys the server does not start, and says why', async () => {
  const start = open('auth = "gssapi[keytab=/nonexistent/keytab]"');
  await assert.rejects(start, /gssapi: gss_acquire_cred\[maj\]: .*\/nonexistent\/keytab/);
});
