// Logging in through a real FreeRADIUS: right and wrong, a second question, groups, settings of the session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scene } from '../support/scene.ts';
import type { Site } from '../support/site.ts';
import { FreeRadius, radiusSecret, writeRadiusClient } from '../support/radius.ts';

const users = `
alice Cleartext-Password := "planted-password"
	Class = "OU=staff;vpn",
	Framed-IP-Address = 10.99.0.5,
	Framed-IP-Netmask = 255.255.255.0,
	Framed-IPv6-Address = fda9:99::5,
	Framed-Route = "10.50.0.0/16 10.99.0.1 1",
	Framed-Route += "10.51.0.0/255.255.0.0",
	Framed-IPv6-Prefix = fda9:50::/32,
	MS-Primary-DNS-Server = 10.99.0.53,
	DNS-Server-IPv6-Address = fda9:99::53,
	Session-Timeout = 3000,
	Idle-Timeout = 600,
	Framed-Protocol = PPP,
	Service-Type = Framed-User

pool Cleartext-Password := "planted-password"
	Framed-IP-Address = 255.255.255.254

admin Cleartext-Password := "planted-password"
	Service-Type = Administrative-User

token Cleartext-Password := "123456"
	Class = "tokens"
`;

const password = 'planted-password';

interface UserRow {
  readonly Username: string;
  readonly Groupname: string;
  readonly IPv4: string;
  readonly IPv6?: string;
}

/** A site whose logins go to FreeRADIUS at the default ports. */
async function open(
  suboptions = '',
  client: Parameters<typeof writeRadiusClient>[1] = {},
  config = '',
): Promise<Scene> {
  return Scene.open({
    config: (folder) =>
      `auth = "radius[config=${folder}/radiusclient.conf${suboptions}]"\nlog-level = 9\n${config}`,
    async prepare(site) {
      await writeRadiusClient(site.folder, client);
    },
  });
}

async function leaksNothing(site: Site): Promise<void> {
  await site.stop();
  assert.doesNotMatch(site.log(), new RegExp(`planted|${radiusSecret}|123456`));
}

test('a right password, a wrong one, groups, and a second question', async () => {
  await using scene = await open();
  const { site, network } = scene;
  await using _radius = await FreeRadius.start({ namespace: network.server, users });
  const wrong = await scene.refused({ password: 'planted-wrong' });
  assert.match(wrong, /Login failed/);
  await site.logged(
    /login attempt failed for user 'alice' from '10\.80\.0\.2' \(method: radius, reason: refused by the RADIUS server/,
  );
  assert.match(await scene.refused({ user: 'admin', password }), /Login failed/);
  await site.logged(/Service-Type 6 for user 'admin'; expected 2 \(Framed\) or none/);

  const client = await scene.connect({ password });
  assert.ok(await client.ping('192.168.77.1'), client.output());
  const [row] = await site.occtlJson<UserRow[]>('show', 'users');
  // Without groupconfig the address comes from the pool.
  assert.deepEqual(
    [row?.Username, row?.Groupname, row?.IPv4.startsWith('192.168.77.')],
    ['alice', 'staff', true],
  );
  await client.leave();

  const code = (value: string) => ['--no-dtls', `--form-entry=main:secondary_password=${value}`];
  const token = await scene.connect({ user: 'token', password: 'secret', args: code('123456') });
  assert.match(token.output(), /Enter the code of your token/);
  const [asked] = await site.occtlJson<UserRow[]>('show', 'users');
  assert.deepEqual([asked?.Username, asked?.Groupname], ['token', 'tokens']);
  await token.leave();
  await scene.refused({ user: 'token', password: 'secret', args: code('654321') });
  await leaksNothing(site);
});

test('a group can be asked for, and one that RADIUS does not name is refused', async () => {
  await using scene = await open(
    ',group-separator=semicolon',
    {},
    'select-group = staff\nselect-group = vpn\nselect-group = board',
  );
  await using _radius = await FreeRadius.start({ namespace: scene.network.server, users });
  const args = (group: string) => ['--no-dtls', `--authgroup=${group}`];
  const client = await scene.connect({ password, args: args('vpn') });
  const [row] = await scene.site.occtlJson<UserRow[]>('show', 'users');
  assert.equal(row?.Groupname, 'vpn');
  await client.leave();
  await scene.refused({ password, args: args('board') });
});

test('groupconfig: address, mask, routes, name servers and time limits of the session come from RADIUS', async () => {
  await using scene = await open(
    ',groupconfig=true,nas-identifier=gate',
    {},
    'route = 10.0.0.0/8\ndns = 192.0.2.53',
  );
  const { site, network } = scene;
  await using _radius = await FreeRadius.start({ namespace: network.server, users });
  const client = await scene.connect({ password });
  assert.equal(await client.variable('INTERNAL_IP4_ADDRESS'), '10.99.0.5');
  assert.equal(await client.variable('INTERNAL_IP4_NETMASK'), '255.255.255.0');
  assert.equal(await client.variable('INTERNAL_IP6_ADDRESS'), 'fda9:99::5');
  assert.equal(await client.variable('INTERNAL_IP6_NETMASK'), 'fda9:99::5/64');
  const environment = await client.environment();
  for (const network of ['10.50.0.0', '10.51.0.0', 'fda9:50::'])
    assert.ok(environment.includes(network), network);
  assert.doesNotMatch(environment, /=10\.0\.0\.0/);
  assert.equal(await client.variable('INTERNAL_IP4_DNS'), '10.99.0.53 fda9:99::53');
  assert.match(client.output(), /X-CSTP-Session-Timeout: 3000/);
  assert.match(client.output(), /X-CSTP-Idle-Timeout: 600/);
  // The same settings after a restart: they are kept with the cookie.
  await site.stop('SIGKILL');
  await site.start();
  await site.logged(/user logged in[\s\S]*user logged in/, 30_000);
  const [row] = await site.occtlJson<UserRow[]>('show', 'users');
  assert.equal(row?.IPv4, '10.99.0.5');
  await client.leave();

  const pooled = await scene.connect({ user: 'pool', password });
  assert.match((await pooled.variable('INTERNAL_IP4_ADDRESS')) ?? '', /^192\.168\.77\./);
  await pooled.leave();
  await leaksNothing(site);
});
