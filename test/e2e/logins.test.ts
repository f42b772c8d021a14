// Who is let in: locked and unknown users, bans, groups, how many at a time.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun, until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root, type Site } from '../support/site.ts';

interface BanRow {
  readonly IP: string;
  readonly Score: number;
}
interface UserRow {
  readonly Username: string;
  readonly Groupname: string;
  readonly IPv4: string;
}

const wrong = { password: 'wrong' };

function setLock(site: Site, user: string, flag: '--lock' | '--unlock'): Promise<string> {
  return mustRun([path.join(root, 'bin/ocpasswd'), '-c', `${site.folder}/passwd`, flag, user]);
}

async function score(site: Site, address: string): Promise<number> {
  const points = await site.occtlJson<BanRow[]>('show', 'ip', 'ban', 'points');
  return points.find(({ IP }) => IP === address)?.Score ?? 0;
}

test('a locked user is refused until unlocked, and every failure costs the same whatever its cause', async () => {
  await using scene = await Scene.open({});
  const { site } = scene;
  const asSeen = (output: string): string =>
    output
      .split('\n')
      .filter((line) => /HTTP\/|Please|Login|Failed|fgets|required/.test(line))
      .map((line) => line.replace(/^\[[^\]]*\] /, ''))
      .join('\n');

  await setLock(site, 'alice', '--lock');
  const locked = asSeen(await scene.refused());
  assert.equal(await score(site, '10.80.0.2'), 10);
  const unknown = asSeen(await scene.refused({ user: 'nobody-we-know' }));
  assert.equal(await score(site, '10.80.0.2'), 20);
  await setLock(site, 'alice', '--unlock');
  const mistyped = asSeen(await scene.refused(wrong));
  assert.equal(await score(site, '10.80.0.2'), 30);
  assert.match(mistyped, /Login failed/);
  assert.equal(locked, mistyped);
  assert.equal(unknown, mistyped);

  const client = await scene.connect();
  assert.ok(await client.ping('192.168.77.1'));
});

test('an address with too many failures is banned until unbanned or until the time is over', async () => {
  const far = '198.51.100.7';
  await using scene = await Scene.open({
    clients: 2,
    config: 'max-ban-score = 20\nban-time = 4\ncookie-timeout = 60',
    users: { alice: { password: 'secret' }, bob: { password: 'secret' } },
    async prepare(_site, { server, clients: [client], serverAddress }) {
      // Peers in a subnet of the server's own interfaces are exempt.
      await client?.mustRun(['ip', 'addr', 'add', `${far}/32`, 'dev', 'lo']);
      await client?.mustRun(['ip', 'route', 'replace', serverAddress(0), 'dev', 'eth0', 'src', far]);
      await server.mustRun(['ip', 'route', 'add', `${far}/32`, 'via', '10.80.0.2']);
    },
  });
  const { site } = scene;
  const ban = async (): Promise<void> => {
    await scene.refused(wrong);
    await scene.refused({ user: 'who', ...wrong });
  };
  const alice = await scene.connect();

  await ban();
  await site.logged(/added IP '198\.51\.100\.7' \(with score 2\d\) to ban list, will be reset at: /);
  const bans = await site.occtlJson<BanRow[]>('show', 'ip', 'bans');
  assert.deepEqual(
    bans.map(({ IP }) => IP),
    [far],
  );
  assert.match((await site.occtl('show', 'ip', 'bans')).stdout, /198\.51\.100\.7 +2\d /);
  assert.doesNotMatch(await scene.refused({ user: 'bob' }), /HTTP response/, 'not even a handshake');
  await site.logged(/rejected connection from banned IP: 198\.51\.100\.7/);
  assert.ok(await alice.ping('192.168.77.1'), 'tunnels go on');
  await scene.connect({ from: 1, user: 'bob' });

  assert.equal((await site.occtl('unban', 'ip', '203.0.113.1')).status, 1);
  const unbanned = await site.occtl('unban', 'ip', far);
  assert.deepEqual([unbanned.status, unbanned.stdout], [0, `IP '${far}' was unbanned\n`]);
  assert.deepEqual(await site.occtlJson('show', 'ip', 'bans'), []);
  await alice.leave();
  const bob = await scene.connect({ user: 'bob' });
  await bob.leave();

  await ban();
  assert.equal((await site.occtlJson<BanRow[]>('show', 'ip', 'bans')).length, 1);
  await until(
    'the ban to expire',
    async () => (await site.occtlJson<BanRow[]>('show', 'ip', 'bans')).length === 0,
  );
  await scene.connect();
});

test('a group is chosen, refused to who is no member of it', async () => {
  await using scene = await Scene.open({
    clients: 1,
    config: 'select-group = staff[Our people]\nselect-group = admins\ndefault-select-group = DEFAULT',
    users: {
      alice: { password: 'secret', groups: 'staff,admins' },
      bob: { password: 'secret', groups: 'staff' },
    },
  });
  const { site } = scene;
  const groupAfter = async (choice: string): Promise<string | undefined> => {
    const client = await scene.connect({ args: ['--no-dtls', `--authgroup=${choice}`] });
    const [user] = await site.occtlJson<UserRow[]>('show', 'users');
    await client.leave();
    await until('the user to be gone', async () => {
      return (await site.occtlJson<UserRow[]>('show', 'users')).length === 0;
    });
    return user?.Groupname;
  };
  assert.equal(await groupAfter('admins'), 'admins');
  assert.equal(await groupAfter('Our people'), 'staff');
  assert.equal(await groupAfter('DEFAULT'), 'staff', 'nothing requested: the first of the file');
  const output = await scene.refused({ user: 'bob', args: ['--no-dtls', '--authgroup=admins'] });
  assert.match(output, /Login failed/, 'no other words than for a wrong password');
  await site.logged(/login attempt failed for user 'bob' .*not a member/);
});

test('one user from several places, up to max-same-clients; all clients up to max-clients', async () => {
  await using scene = await Scene.open({
    clients: 4,
    config: 'max-same-clients = 2\nmax-clients = 3',
    users: { alice: { password: 'secret' }, bob: { password: 'secret' } },
  });
  const { site } = scene;
  const [one, two] = await Promise.all([scene.connect({ from: 0 }), scene.connect({ from: 1 })]);
  const addresses = await Promise.all([one, two].map((client) => client.variable('INTERNAL_IP4_ADDRESS')));
  assert.equal(new Set(addresses).size, 2);
  for (const client of [one, two]) assert.ok(await client.ping('192.168.77.1'));
  assert.ok(await one.ping(addresses[1] ?? ''), 'they reach each other');

  const cookie = await scene.logIn({ from: 2 });
  assert.match(
    await scene.refused({ from: 2, cookie }),
    /CONNECT response: HTTP\/1\.1 401 Cookie is not acceptable/,
  );
  await site.logged(/user tried to connect more than 2 times/);
  await two.leave();
  await site.logged(/user disconnected \(reason: user disconnected/);
  const three = await scene.connect({ from: 2, cookie });
  assert.ok(await three.ping('192.168.77.1'), 'the refusal did not cost the login');

  await scene.connect({ from: 1, user: 'bob' });
  await scene.refused({ from: 3, user: 'bob' });
  await site.logged(/reached maximum client limit \(active: 3\)/);
  await one.leave();
  await scene.connect({ from: 3, user: 'bob' });
});
