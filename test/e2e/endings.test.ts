// How sessions end and come back: the server stops, the client dies, the link is cut, the cookie is too old.
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../support/command.ts';
import type { Namespace } from '../support/namespace.ts';
import { Scene } from '../support/scene.ts';
import type { Site } from '../support/site.ts';

interface SessionRow {
  readonly Username: string;
  readonly in_use: number;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function devices(namespace: Namespace): Promise<number> {
  const { stdout } = await namespace.run(['ip', '-br', 'link']);
  return stdout.match(/vpns/g)?.length ?? 0;
}

/** Whose session is known, and whether a tunnel uses it. */
async function sessions(site: Site): Promise<string[]> {
  const rows = await site.occtlJson<SessionRow[]>('show', 'sessions', 'all');
  return rows.map(({ Username, in_use: inUse }) => `${Username} ${String(inUse)}`);
}

test('a stop tells the clients, undoes everything and keeps the cookies for the next start', async () => {
  await using scene = await Scene.open({
    config: (folder) =>
      [
        `connect-script = ${folder}/script`,
        `disconnect-script = ${folder}/script`,
        `config-per-user = ${folder}/users`,
        'route-add-cmd = "ip route add %{RI} dev %{D}"',
        'route-del-cmd = "ip route del %{RI} dev %{D}"',
      ].join('\n'),
    async prepare({ folder }) {
      const script = `#!/bin/sh
case $REASON in
connect) touch ${folder}/up-$USERNAME ;;
disconnect)
  sleep 1
  rm ${folder}/up-$USERNAME
  echo "$STATS_BYTES_IN $STATS_BYTES_OUT $STATS_DURATION" >>${folder}/statistics
  ;;
esac
`;
      await writeFile(path.join(folder, 'script'), script);
      await chmod(path.join(folder, 'script'), 0o700);
      await mkdir(path.join(folder, 'users'));
      await writeFile(path.join(folder, 'users/alice'), 'iroute = 10.55.0.0/16\n');
    },
  });
  const { site, network } = scene;
  const routes = async (): Promise<string> => (await network.server.run(['ip', 'route'])).stdout;
  const cookie = await scene.logIn();
  const addresses = new Set<string | undefined>();
  for (const stop of ['SIGTERM', 'occtl stop now', 'SIGINT'] as const) {
    const client = await scene.connect({ cookie });
    addresses.add(await client.variable('INTERNAL_IP4_ADDRESS'));
    assert.ok(await client.ping('192.168.77.1'));
    assert.match(await routes(), /10\.55\.0\.0\/16 dev vpns0/);
    assert.ok(await exists(path.join(site.folder, 'up-alice')));
    assert.equal(await site.pidFile(), site.server?.pid);

    if (stop === 'occtl stop now') {
      const { status, stdout } = await site.occtl('stop', 'now');
      assert.deepEqual([status, stdout], [0, 'Server scheduled to stop\n']);
      assert.equal(await site.server?.ended, 0);
      await site.stop();
    } else {
      assert.equal(await site.stop(stop), 0);
    }
    await client.process.ended;
    assert.match(client.output(), /Received server disconnect/);
    assert.equal(await devices(network.server), 0);
    assert.doesNotMatch(await routes(), /10\.55\./);
    for (const left of ['up-alice', 'ocserv.pid', 'occtl.socket']) {
      assert.equal(await exists(path.join(site.folder, left)), false, left);
    }
    await site.start();
  }
  assert.equal(addresses.size, 1, 'the same address each time');
  const lines = (await readFile(path.join(site.folder, 'statistics'), 'utf8')).trim().split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) {
    const [received = 0, sent = 0] = line.split(' ').map(Number);
    assert.ok(received >= 3 * 84 && sent >= 3 * 84, `three pings each way: ${line}`);
  }
});

test('a client that dies or whose link is cut ends, and its cookie lives for cookie-timeout', async () => {
  await using scene = await Scene.open({
    clients: 2,
    config: 'dpd = 1\ncookie-timeout = 1\npredictable-ips = false',
    users: { alice: { password: 'secret' }, bob: { password: 'secret' } },
  });
  const { site, network } = scene;
  const cookies = [await scene.logIn(), await scene.logIn({ user: 'bob', from: 1 })];
  const alice = await scene.connect({ cookie: cookies[0] ?? '' });
  const bob = await scene.connect({ cookie: cookies[1] ?? '', from: 1, args: [] });
  const address = await bob.variable('INTERNAL_IP4_ADDRESS');

  await alice.kill();
  await until('the device of the dead client to go', async () => (await devices(network.server)) === 1);
  await site.logged(/main\[alice\].*user disconnected \(reason: (?!user)/);
  assert.deepEqual(await sessions(site), ['alice 0', 'bob 1']);

  const events = site.startOcctl('-j', 'show', 'events');
  await until('the watch', () => events.output().includes('"list"'));
  const cut = scene.namespace(1);
  await cut.mustRun(['ip', 'link', 'set', 'eth0', 'down']);
  await bob.kill();
  await site.logged(/main\[bob\].*user disconnected \(reason: DPD timeout/);
  await site.logged(/worker\[bob\]: 10\.80\.1\.2 have not received TCP DPD for long \(3 secs\)/);
  await until('the event', () => events.output().includes('DPD timeout'));
  await events.stop('SIGINT');
  assert.equal(await devices(network.server), 0);
  assert.deepEqual(await sessions(site), ['alice 0', 'bob 0']);

  await cut.mustRun(['ip', 'link', 'set', 'eth0', 'up']);
  await cut.mustRun(['ip', 'route', 'replace', 'default', 'dev', 'eth0']);
  const again = await scene.connect({ cookie: cookies[1] ?? '', from: 1 });
  assert.equal(await again.variable('INTERNAL_IP4_ADDRESS'), address);
  assert.ok(await again.ping('192.168.77.1'));

  // One second and the slack of fifteen that clients are given.
  await until('the cookie to expire', async () => (await sessions(site)).length === 1, 25_000, 500);
  assert.match(await scene.refused({ cookie: cookies[0] ?? '' }), /HTTP\/1\.1 401|[Cc]ookie/);
});

test('a second client with the same cookie takes the session over; from another address if roaming is allowed', async () => {
  await using scene = await Scene.open({ clients: 2, config: 'max-same-clients = 1' });
  const { site } = scene;
  const cookie = await scene.logIn();
  const former = await scene.connect({ cookie });
  const address = await former.variable('INTERNAL_IP4_ADDRESS');
  const latter = await scene.connect({ cookie, from: 1, args: [] });
  await former.process.ended;
  assert.match(former.output(), /Received server disconnect/);
  await site.logged(/disconnecting previous user session due to session reuse/);
  assert.equal(await latter.variable('INTERNAL_IP4_ADDRESS'), address);
  assert.ok(await latter.ping('192.168.77.1'));
  assert.deepEqual(await sessions(site), ['alice 1']);

  await site.configure('deny-roaming = true');
  assert.equal((await site.occtl('reload')).status, 0);
  await latter.kill();
  assert.match(await scene.refused({ cookie, from: 1 }), /[Cc]ookie|401/);
  await site.logged(
    /reusing cookie from different IP \(prev: 10\.80\.0\.2, current: 10\.80\.1\.2\); rejecting/,
  );
  const back = await scene.connect({ cookie });
  assert.equal(await back.variable('INTERNAL_IP4_ADDRESS'), address);
});

test('with server-drain-ms sessions run on for a while, and a goodbye meanwhile is for good', async () => {
  await using scene = await Scene.open({
    clients: 2,
    config: 'server-drain-ms = 3000',
    users: { alice: { password: 'secret' }, bob: { password: 'secret' } },
  });
  const { site } = scene;
  const cookies = [await scene.logIn(), await scene.logIn({ user: 'bob', from: 1 })];
  const alice = await scene.connect({ cookie: cookies[0] ?? '' });
  const bob = await scene.connect({ cookie: cookies[1] ?? '', from: 1 });
  const stopped = site.stop();
  await site.logged(/termination request received; waiting 3000 ms/);
  const { stdout } = await scene.network.server.run(['ss', '-Hltun', 'sport = :4443']);
  assert.equal(stdout, '', 'nobody listens');
  assert.ok(await alice.ping('192.168.77.1'), 'the tunnel goes on');
  await bob.leave();
  assert.deepEqual(await sessions(site), ['alice 1'], 'occtl goes on');
  assert.equal(await stopped, 0);
  await alice.process.ended;
  await site.start();
  await scene.connect({ cookie: cookies[0] ?? '' });
  await scene.refused({ cookie: cookies[1] ?? '', from: 1 });
});
