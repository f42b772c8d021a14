// Options about the host: login records, memory of the workers, threads of the security module, its clean-up, and
// addresses that somebody uses already.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun, until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';

async function dataLimits(scene: Scene): Promise<string[]> {
  const workers = await scene.site.children('worker');
  const limits = workers.map((pid) => readFile(`/proc/${String(pid)}/limits`, 'utf8'));
  return (await Promise.all(limits)).map((text) => /^Max data size\s+(\S+)/m.exec(text)?.[1] ?? '');
}

test('sessions stand in utmp and wtmp as long as use-utmp says so', async () => {
  await using scene = await Scene.open({ config: 'use-utmp = true' });
  const { site } = scene;
  const records = path.join(site.folder, 'records');
  await mkdir(records);
  for (const name of ['utmp', 'wtmp']) await writeFile(path.join(records, name), '');
  // The server has a mount namespace of its own, that of ip netns exec: it sees the test's files alone.
  const inside = ['nsenter', '-t', String(site.server?.pid), '-m', '-r'];
  for (const folder of ['/run', '/var/log']) {
    await mustRun([...inside, 'mount', '--bind', records, folder]);
  }
  const dump = (name: string): Promise<string> => mustRun(['utmpdump', path.join(records, name)]);
  const client = await scene.connect();
  const [worker] = (await site.children('worker')).map(String);
  const login = await dump('utmp');
  assert.match(
    login,
    /^\[7\] \[\d+\] \[pns0\] \[alice {3}\] \[vpns0 {7}\] \[10\.80\.0\.2 +\] \[10\.80\.0\.2 +\]/m,
  );
  assert.ok(worker !== undefined);
  await client.leave();
  const over = /^\[8\] \[\d+\] \[pns0\] \[ *\] \[vpns0 *\]/m;
  await until('the end of the record', async () => over.test(await dump('utmp')));
  assert.equal((await dump('utmp')).trim().split('\n').length, 1, 'in the place of the login');
  const history = (await dump('wtmp')).trim().split('\n');
  assert.deepEqual(
    history.map((line) => line.slice(0, 3)),
    ['[7]', '[8]'],
  );

  await site.configure('use-utmp = false');
  assert.equal((await site.occtl('reload')).status, 0);
  const unseen = await scene.connect();
  await unseen.leave();
  await site.logged(
    /user disconnected \(reason: user disconnected[^]*user disconnected \(reason: user disconnected/,
  );
  assert.equal((await dump('wtmp')).trim().split('\n').length, 2);
});

test('the memory of workers is limited, and not where limit-worker-memory = false', async () => {
  await using scene = await Scene.open({});
  const { site } = scene;
  const client = await scene.connect();
  for (const limit of await dataLimits(scene)) {
    assert.ok(Number(limit) > 256 * 2 ** 20 && Number(limit) < 8 * 2 ** 30, limit);
  }
  assert.ok(await client.ping('192.168.77.1'));
  await client.leave();
  await site.stop();
  await site.configure('limit-worker-memory = false');
  await site.start();
  assert.deepEqual([...new Set(await dataLimits(scene))], ['unlimited']);
});

test('sec-mod-scale threads share the work of the security module, which cleans up when it is told', async () => {
  const threads = async (scale: number): Promise<number> => {
    await using scene = await Scene.open({
      config: `sec-mod-scale = ${String(scale)}\nsec-mod-db-cleanup-time = 1\nlog-level = 9`,
    });
    const { site } = scene;
    await scene.connect();
    const times = (): number => site.log().match(/clean-up: 0 expired sessions removed/g)?.length ?? 0;
    await until('clean-ups, one a second', () => times() >= 2);
    const [pid] = await site.children('ocserv-sm');
    return (await readdir(`/proc/${String(pid)}/task`)).length;
  };
  const [few, many] = [await threads(2), await threads(9)];
  assert.equal(many - few, 7);
});

test('ping-leases passes over an address where somebody answers', async () => {
  await using scene = await Scene.open({
    clients: 2,
    users: { test: { password: 'secret' } },
    config: 'ping-leases = true',
    async prepare(_site, { server, clients }) {
      const [, neighbour] = clients;
      await neighbour?.mustRun(['ip', 'addr', 'add', '192.168.77.190/32', 'dev', 'lo']);
      await server.mustRun(['ip', 'route', 'add', '192.168.77.190', 'via', '10.80.1.2']);
    },
  });
  const client = await scene.connect({ user: 'test' });
  // The first address of this name is .190, the next one .76.
  assert.equal(await client.variable('INTERNAL_IP4_ADDRESS'), '192.168.77.76');
  await scene.site.logged(/main\[test\].*somebody answers at 192\.168\.77\.190; taking another address/);
});
