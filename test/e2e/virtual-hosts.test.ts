// Several hosts behind one address, and settings by group and user.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

test('a host by its name has its own certificate, users and network', async () => {
  await using scene = await Scene.open({
    clients: 2,
    config: (folder) => `banner = the first house
[vhost:other.test]
auth = "plain[passwd=${folder}/other-passwd]"
server-cert = ${folder}/other-cert.pem
server-key = ${folder}/other-key.pem
ipv4-network = 192.168.99.0/24
banner = the other house
`,
    async prepare({ folder }) {
      await mustRun([
        ...[
          'openssl',
          'req',
          '-x509',
          '-nodes',
          '-days',
          '30',
          '-subj',
          '/CN=other.test',
          '-newkey',
          'rsa:2048',
        ],
        ...['-addext', 'subjectAltName=DNS:other.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
        ...['-keyout', `${folder}/other-key.pem`, '-out', `${folder}/other-cert.pem`],
      ]);
      for (const [user, password] of [
        ['alice', 'another'],
        ['bob', 'secret'],
      ] as const) {
        await mustRun([path.join(root, 'bin/ocpasswd'), '-c', `${folder}/other-passwd`, user], {
          input: `${password}\n`,
        });
      }
    },
  });
  const { site } = scene;
  const other = { host: 'other.test', certificate: path.join(site.folder, 'other-cert.pem') };
  // One name, two people.
  const here = await scene.connect({ user: 'alice' });
  const there = await scene.connect({ user: 'alice', password: 'another', from: 1, ...other });
  assert.match((await here.variable('INTERNAL_IP4_ADDRESS')) ?? '', /^192\.168\.77\./);
  assert.match((await there.variable('INTERNAL_IP4_ADDRESS')) ?? '', /^192\.168\.99\./);
  assert.equal(await here.variable('CISCO_BANNER'), 'the first house');
  assert.equal(await there.variable('CISCO_BANNER'), 'the other house');
  assert.ok(await here.ping('192.168.77.1'));
  assert.ok(await there.ping('192.168.99.1'));
  const rows = await site.occtlJson<{ vhost: string; IPv4: string }[]>('show', 'users');
  assert.deepEqual(rows.map(({ vhost }) => vhost).sort(), ['default', 'other.test']);
  await there.leave();

  await scene.refused({ user: 'alice', password: 'secret', from: 1, ...other });
  await site.logged(/vhost:other\.test: login attempt failed for user 'alice' from '10\.80\.1\.2'/);
  await scene.refused({ user: 'alice', password: 'another', from: 1 });
  await scene.refused({ user: 'bob', from: 1 });
  const bob = await scene.connect({ user: 'bob', from: 1, ...other });
  await bob.leave();
  // Each shows its own certificate.
  await scene.refused({ from: 1, host: 'other.test' });
  await scene.refused({ from: 1, certificate: other.certificate });
});

test('files for a group and for a user change what a session gets', async () => {
  await using scene = await Scene.open({
    clients: 3,
    users: {
      alice: { password: 'secret', groups: 'staff' },
      bob: { password: 'secret', groups: 'staff' },
      carol: { password: 'secret' },
    },
    config: (folder) => `route = 10.6.0.0/16
dns = 192.168.77.6
config-per-group = ${folder}/groups
config-per-user = ${folder}/users`,
    async prepare({ folder }) {
      await mkdir(path.join(folder, 'groups'));
      await mkdir(path.join(folder, 'users'));
      const group =
        'route = 10.7.0.0/16\ndns = 192.168.77.7\nidle-timeout = 700\nipv4-network = 192.168.88.0/24\n';
      await writeFile(path.join(folder, 'groups/staff'), group);
      const user =
        'explicit-ipv4 = 192.168.88.200\nroute = 10.8.0.0/16\ndns = 192.168.77.8\n' +
        'split-dns = example.com\nidle-timeout = 800\nhostname = given\nmtu = 1300\n';
      await writeFile(path.join(folder, 'users/alice'), user);
    },
  });
  const { site } = scene;
  const alice = await scene.connect();
  const bob = await scene.connect({ user: 'bob', from: 1 });
  const carol = await scene.connect({ user: 'carol', from: 2 });
  const got = async (client: typeof alice): Promise<unknown[]> => [
    await client.variable('CISCO_SPLIT_INC_0_ADDR'),
    await client.variable('CISCO_SPLIT_INC_1_ADDR'),
    await client.variable('INTERNAL_IP4_DNS'),
    await client.variable('CISCO_SPLIT_DNS'),
    /X-CSTP-Idle-Timeout: (\w+)/.exec(client.output())?.[1],
  ];
  // Lists of group and user come one after the other, single values from the user; openconnect hands routes over
  // from the end.
  assert.deepEqual(await got(alice), [
    '10.8.0.0',
    '10.7.0.0',
    '192.168.77.7 192.168.77.8',
    'example.com',
    '800',
  ]);
  assert.equal(await alice.variable('INTERNAL_IP4_ADDRESS'), '192.168.88.200');
  assert.match(alice.output(), /X-CSTP-Hostname: given/);
  assert.deepEqual(await got(bob), ['10.7.0.0', undefined, '192.168.77.7', undefined, '700']);
  assert.match((await bob.variable('INTERNAL_IP4_ADDRESS')) ?? '', /^192\.168\.88\.(?!200$)/);
  assert.deepEqual(await got(carol), ['10.6.0.0', undefined, '192.168.77.6', undefined, 'none']);
  for (const client of [alice, bob]) assert.ok(await client.ping('192.168.88.1'));
  assert.ok(await carol.ping('192.168.77.1'));
  const users = await site.occtlJson<{ Username: string; Routes: string[]; DNS: string[] }[]>(
    'show',
    'user',
    'alice',
  );
  assert.deepEqual(users[0]?.Routes, ['10.7.0.0/255.255.0.0', '10.8.0.0/255.255.0.0']);
  assert.deepEqual(users[0].DNS, ['192.168.77.7', '192.168.77.8']);

  // The same user again: the address is taken, and a file with a mistake refuses.
  await carol.leave();
  const cookie = await scene.logIn({ from: 2 });
  assert.match(await scene.refused({ from: 2, cookie }), /reason: No free address/);
  await site.logged(/main\[alice\].*explicit address 192\.168\.88\.200 is in use by another session/);
  await writeFile(path.join(site.folder, 'users/carol'), 'route = 10.0.0.0\n');
  await scene.refused({ user: 'carol', from: 2 });
  await site.logged(/users\/carol:1:\d+: route: /);
});
