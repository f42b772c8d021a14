// Per-user and per-group files: what of them acts, which one wins, and what a mistake in one does.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { Scene } from '../support/scene.ts';
import { moveBulk, serveIperf } from '../support/traffic.ts';

const users = {
  alice: { password: 'secret', groups: 'staff' },
  bob: { password: 'secret', groups: 'visitors' },
  carol: { password: 'secret' },
};

async function openScene(files: Readonly<Record<string, string>>): Promise<Scene> {
  return Scene.open({
    clients: 3,
    users,
    config: (folder) => `config-per-user = ${folder}/users
config-per-group = ${folder}/groups
default-user-config = ${folder}/anybody
default-group-config = ${folder}/any-group
dpd = 40
keepalive = 50
split-dns = host.example`,
    async prepare({ folder }) {
      for (const name of ['users', 'groups']) await mkdir(path.join(folder, name));
      for (const [name, text] of Object.entries({ anybody: '', 'any-group': '', ...files })) {
        await writeFile(path.join(folder, name), text);
      }
    },
  });
}

test('user over group over host; lists are joined; default files serve who has none', async () => {
  await using scene = await openScene({
    'groups/staff': 'dpd = 41\nkeepalive = 51\nno-udp = true\nsplit-dns = staff.example\n',
    'users/alice': 'dpd = 42\nhostname = desk7\nsplit-dns = alice.example\n',
    anybody: 'keepalive = 77\nnet-priority = 0x20\n',
    'any-group': 'dpd = 43\nkeepalive = 76\n',
  });
  await using alice = await Client.start({
    site: scene.site,
    namespace: scene.namespace(0),
    server: scene.network.serverAddress(0),
  });
  // It asks for DTLS and is not offered any.
  await alice.ready(false);
  assert.match(alice.output(), /X-CSTP-DPD: 42\b/);
  assert.match(alice.output(), /X-CSTP-Keepalive: 51\b/);
  assert.match(alice.output(), /X-CSTP-Hostname: desk7\b/);
  assert.doesNotMatch(alice.output(), /X-DTLS-(?:Port|Session|App)/);
  assert.equal(await alice.variable('CISCO_SPLIT_DNS'), 'alice.example,staff.example');

  const bob = await scene.connect({ user: 'bob', from: 1, args: [] });
  assert.match(bob.output(), /X-CSTP-DPD: 43\b/);
  assert.match(bob.output(), /X-CSTP-Keepalive: 77\b/);
  assert.equal(await bob.variable('CISCO_SPLIT_DNS'), 'host.example');
  const sockets = async (peer: string): Promise<string> =>
    scene.network.server.mustRun(['ss', '-Htn', '--tos', 'dst', peer]);
  assert.match(await sockets('10.80.1.2'), /tos:0x20\b/);
  assert.doesNotMatch(await sockets('10.80.0.2'), /tos:0x20\b/);
});

test('rx-data-per-sec and tx-data-per-sec hold one user back and no other', async () => {
  await using scene = await openScene({
    'users/alice': 'rx-data-per-sec = 250000\ntx-data-per-sec = 250000\n',
  });
  await using _iperf = await serveIperf(scene.network.server);
  const alice = await scene.connect();
  const bob = await scene.connect({ user: 'bob', from: 1 });
  for (const down of [true, false]) {
    const slow = await moveBulk(alice.namespace, { down, seconds: 4 });
    const fast = await moveBulk(bob.namespace, { down, seconds: 2 });
    // 2 Mbit/s and a second's burst, against what the machine can do.
    assert.ok(slow.megabitsPerSecond < 6, `${String(slow.megabitsPerSecond)} Mbit/s`);
    assert.ok(
      fast.megabitsPerSecond > 3 * slow.megabitsPerSecond,
      `${String(fast.megabitsPerSecond)} Mbit/s`,
    );
  }
  const [shown] = await scene.site.occtlJson<Record<string, unknown>[]>('show', 'user', 'alice');
  assert.ok(shown?.['Limit RX'] !== undefined && shown['Limit TX'] !== undefined);
});

test('a file with a mistake refuses its user, naming the line', async () => {
  await using scene = await openScene({ 'users/carol': 'dpd = 5\nroute = 10.0.0.0\n' });
  await scene.refused({ user: 'carol' });
  await scene.site.logged(/users\/carol:2:9: route: route '10\.0\.0\.0' in wrong format/);
  // Files are read at each CONNECT.
  await writeFile(path.join(scene.site.folder, 'users/carol'), 'dpd = 5\nmax-same-clients = 1\n');
  const carol = await scene.connect({ user: 'carol' });
  assert.match(carol.output(), /X-CSTP-DPD: 5\b/);
  await scene.refused({ user: 'carol', from: 1 });
  await scene.site.logged(/main\[carol\].*user tried to connect more than 1 times/);
});
