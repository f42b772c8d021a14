// The choice of a group in every method that has groups, by form and by URL, and methods on virtual hosts: a client gets
// the group it asks for if it is a member, and nobody gets in with a group of others.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { mustRun, until } from '../support/command.ts';
import { kinit, Realm } from '../support/kerberos.ts';
import { OpenId } from '../support/open-id.ts';
import { PamSetup } from '../support/pam.ts';
import { groupOid, Pki, presenting, userOid } from '../support/pki.ts';
import { Scene, type Visit } from '../support/scene.ts';
import { root } from '../support/site.ts';

const users = { alice: 'planted-alice', bob: 'planted-bob' };
const accounts = [
  { name: 'alice', password: 'planted-alice', groups: ['tg-staff', 'tg-vpn'] },
  { name: 'bob', password: 'planted-bob', groups: ['tg-vpn'] },
];

interface UserRow {
  readonly Username: string;
  readonly Groupname: string;
  readonly vhost: string;
}

/** Whom occtl shows while this client has its tunnel. */
async function seen(scene: Scene, visit: Visit): Promise<(string | undefined)[]> {
  const client = await scene.connect(visit);
  const [row] = await scene.site.occtlJson<UserRow[]>('show', 'users');
  await client.leave();
  await until(
    'the user to be gone',
    async () => (await scene.site.occtlJson<[]>('show', 'users')).length === 0,
  );
  return [row?.Username, row?.Groupname, row?.vhost];
}

test('plain: the list comes from the file, the URL names a group, and a stranger to it is refused', async () => {
  await using scene = await Scene.open({
    config:
      'auto-select-group = true\nselect-group-by-url = true\ndefault-select-group = "Whichever"\nmax-ban-score = 0',
    users: {
      alice: { password: 'secret', groups: 'staff,admins' },
      bob: { password: 'secret', groups: 'staff' },
    },
  });
  const alice = (...args: string[]) => ({ args: ['--no-dtls', ...args] });
  const offered = await scene.connect(alice('--dump-http-traffic', '--authgroup=admins'));
  const form = /<select[^]*?<\/select>/.exec(offered.output().replaceAll(/\n[<>] ?/g, '\n'))?.[0] ?? '';
  assert.deepEqual(
    [...form.matchAll(/<option[^>]*>([^<]*)</g)].map(([, label]) => label),
    ['Whichever', 'staff', 'admins'],
    offered.output(),
  );
  await offered.leave();
  assert.deepEqual(await seen(scene, alice('--usergroup=admins')), ['alice', 'admins', 'default']);
  assert.deepEqual(await seen(scene, alice('--usergroup=staff')), ['alice', 'staff', 'default']);
  assert.deepEqual(await seen(scene, alice('--authgroup=Whichever')), ['alice', 'staff', 'default']);
  const output = await scene.refused({ user: 'bob', args: ['--no-dtls', '--usergroup=admins'] });
  assert.match(output, /Login failed/);
  // What nobody has is not in the list, so the client must choose.
  for (const group of ['nobody-has-it', '..', 'staff%2f..']) {
    assert.match(
      await scene.refused(alice(`--usergroup=${group}`)),
      /Group: \[Whichever\|staff\|admins\]/,
      group,
    );
  }
  await scene.site.logged(/login attempt failed for user 'bob' .*not a member of the requested group/);
});

test('gssapi and oidc on virtual hosts, alone and with a certificate: users and groups of each host', async () => {
  await using stack = new AsyncDisposableStack();
  let realm: Realm | undefined;
  let openId: OpenId | undefined;
  let pki: Pki | undefined;
  const scene = stack.use(
    await Scene.open({
      users: { dave: { password: 'planted-dave', groups: 'tg-staff' } },
      prepare: async (site, { server }) => {
        const { folder } = site;
        const names = ['vpn', 'krb', 'oidc', 'both'].map((name) => `DNS:${name}.test`);
        await mustRun([
          ...['openssl', 'req', '-x509', '-new', '-key', `${folder}/server-key.pem`, '-days', '30'],
          ...['-subj', '/CN=vpn.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
          ...['-addext', `subjectAltName=${names.join(',')}`, '-out', `${folder}/server-cert.pem`],
        ]);
        stack.use(await PamSetup.create(server, accounts));
        realm = stack.use(await Realm.create(server, users, 'VPN.TEST', 8888, undefined, ['krb', 'both']));
        openId = stack.use(await OpenId.start(folder, server, { group_claim: 'groups' }));
        pki = new Pki(folder);
        await pki.makeAuthority();
        site.env = realm.environment;
        const gssapi = `"gssapi[keytab=${realm.keytab}]"`;
        await site.configure(
          [
            ...['log-level = 9', 'max-ban-score = 0', 'select-group-by-url = true'],
            ...['select-group = tg-staff', 'select-group = tg-vpn'],
            ...['[vhost:krb.test]', `auth = ${gssapi}`],
            ...['[vhost:oidc.test]', `auth = "oidc[config=${folder}/oidc.json]"`],
            ...['[vhost:both.test]', `auth = ${gssapi}`, 'auth = certificate'],
            ...[
              `ca-cert = ${folder}/pki/ca/ca.pem`,
              `cert-user-oid = ${userOid}`,
              `cert-group-oid = ${groupOid}`,
            ],
          ].join('\n'),
        );
      },
    }),
  );
  assert.ok(realm !== undefined && openId !== undefined && pki !== undefined);
  const kerberos = realm;
  const ticket = async (user: keyof typeof users): Promise<NodeJS.ProcessEnv> => {
    const env = await kerberos.client(user, `${scene.network.serverAddress(0)}:8888`);
    const { status, stderr } = await kinit(scene.namespace(0), env, user, users[user]);
    assert.equal(status, 0, stderr);
    return env;
  };
  const [alice, bob] = [await ticket('alice'), await ticket('bob')];
  const krb = (env: NodeJS.ProcessEnv, ...args: string[]): Visit => ({
    host: 'krb.test',
    env,
    args: ['--no-dtls', ...args],
  });

  // A ticket leaves no form to choose in: the URL does.
  assert.deepEqual(await seen(scene, krb(alice)), ['alice', 'tg-staff', 'krb.test']);
  assert.deepEqual(await seen(scene, krb(alice, '--usergroup=tg-vpn')), ['alice', 'tg-vpn', 'krb.test']);
  assert.deepEqual(await seen(scene, krb(bob)), ['bob', 'tg-vpn', 'krb.test']);
  await scene.refused(krb(bob, '--usergroup=tg-staff'));
  await scene.site.logged(/login attempt failed for user 'bob' .*method: gssapi, reason: not a member/);
  // Other hosts know nothing of tickets.
  await scene.refused({ ...krb(alice), host: 'vpn.test', user: 'alice', password: 'planted-alice' });

  const token = await openId.token('alice');
  const bearer: Visit = {
    host: 'oidc.test',
    args: ['--no-dtls', '--token-mode=oidc', `--token-secret=${token}`],
  };
  assert.deepEqual(await seen(scene, bearer), ['alice', 'staff', 'oidc.test']);
  // openconnect shows its token with GET, which knows no groups; other clients show it with POST.
  const show = async (group: string): Promise<(number | undefined)[]> => {
    const program = path.join(root, 'test/support/bearer-client.ts');
    const command = [process.execPath, program, scene.network.serverAddress(0), `/${group}`, 'oidc.test'];
    const text = await scene.namespace(0).mustRun(command, { input: token });
    return (JSON.parse(text) as { status?: number }[]).map(({ status }) => status);
  };
  assert.deepEqual(await show('staff'), [401, 200]);
  assert.deepEqual(await show('tg-staff'), [401, 401]);
  await scene.site.logged(/login attempt failed for user 'alice' .*method: oidc, reason: not a member/);
  await scene.refused({ ...bearer, host: 'vpn.test', password: 'planted-wrong' });

  // Ticket and certificate: of one user, and of a group of both.
  const both = async (
    env: NodeJS.ProcessEnv,
    name: string,
    unit: string,
    ...args: string[]
  ): Promise<Visit> => {
    const template = ['tls_www_client', 'signing_key', `unit = "${unit}"`];
    const identity = await pki?.certtoolUser(`${name}-${unit}`, name, { keyType: 'ecdsa', template });
    assert.ok(identity !== undefined);
    return { host: 'both.test', env, args: [...presenting(identity), ...args] };
  };
  assert.deepEqual(await seen(scene, await both(alice, 'alice', 'tg-staff')), [
    'alice',
    'tg-staff',
    'both.test',
  ]);
  await scene.refused(await both(alice, 'bob', 'tg-staff'));
  await scene.site.logged(/login attempt failed for user 'alice' .*certificate is for another user/);
  await scene.refused(await both(alice, 'alice', 'tg-other'));
  await scene.site.logged(/certificate is for another group/);
  const { args } = await both(alice, 'alice', 'tg-staff');
  const without = await kerberos.client('without', `${scene.network.serverAddress(0)}:8888`);
  await scene.refused({ host: 'both.test', env: without, args: args ?? [] });
  await scene.refused({ host: 'both.test', env: alice, args: ['--no-dtls'] });
  await scene.site.stop();
  assert.doesNotMatch(scene.site.log(), /planted-/);
});
