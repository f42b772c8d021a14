// Networks behind clients: packets that reach them, routes that come and go, and sources that are nobody's.
//
//   gate (10.55.0.10, fd55::10 behind it) --- server --- walker
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { connectControl } from '../../core/control/index.ts';
import { until } from '../support/command.ts';
import { addAddresses, reach, serveAt } from '../support/reach.ts';
import { Scene } from '../support/scene.ts';

const users = Object.fromEntries(['gate', 'walker', 'rival'].map((name) => [name, { password: 'secret' }]));

async function openScene(): Promise<Scene> {
  return Scene.open({
    clients: 3,
    users,
    config: (folder) => `config-per-user = ${folder}/users
expose-iroutes = true
route = 192.168.77.0/24
route = fda9:77::/48
route-add-cmd = "ip route add %{RI} dev %{D}"
route-del-cmd = "ip route del %{RI} dev %{D}"`,
    async prepare({ folder }) {
      await mkdir(path.join(folder, 'users'));
      await writeFile(path.join(folder, 'users/gate'), 'iroute = 10.55.0.0/16\niroute = fd55::/48\n');
      await writeFile(path.join(folder, 'users/rival'), 'iroute = 10.66.0.0/16\niroute = 10.55.0.0/16\n');
    },
  });
}

async function routes(scene: Scene): Promise<string[]> {
  const server = scene.network.server;
  const listing = (await server.mustRun(['ip', 'route'])) + (await server.mustRun(['ip', '-6', 'route']));
  const networks = [...listing.matchAll(/^(\S+) dev (vpns\d+)/gm)].map(([, network]) => network ?? '');
  return networks.filter((network) => /^(10\.|fd55)/.test(network)).sort();
}

test('a network behind a client is reached by others, who are told of it', async () => {
  await using scene = await openScene();
  await addAddresses(scene.namespace(0), ['10.55.0.10/32', 'fd55::10/128']);
  await using services = await serveAt(scene.namespace(0), ['10.55.0.10', 'fd55::10'], ['tcp:443', 'udp:53']);
  const cookie = await scene.logIn({ user: 'gate' });
  const gate = await scene.connect({ cookie });
  assert.deepEqual(await routes(scene), ['10.55.0.0/16', 'fd55::/48']);
  assert.equal(await gate.variable('CISCO_SPLIT_INC'), '2', 'not its own network, but that of the rival');

  const walker = await scene.connect({ user: 'walker', from: 1 });
  const told = await walker.environment();
  assert.match(told, /^CISCO_SPLIT_INC_\d_ADDR=10\.55\.0\.0$/m);
  assert.match(told, /^CISCO_IPV6_SPLIT_INC_\d_ADDR=fd55::$/m);
  await walker.namespace.mustRun(['ip', '-6', 'route', 'replace', 'fd55::/48', 'dev', walker.device]);
  const targets = ['tcp 10.55.0.10 443', 'udp 10.55.0.10 53', 'tcp fd55::10 443', 'udp fd55::10 53'];
  const all = Object.fromEntries(targets.map((target) => [target, 'open']));
  assert.deepEqual(await reach(walker.namespace, targets), all);

  // A client that comes back takes its routes along to the new device.
  await gate.kill();
  const back = await scene.connect({ cookie });
  assert.deepEqual(await routes(scene), ['10.55.0.0/16', 'fd55::/48']);
  assert.deepEqual(await reach(walker.namespace, targets), all);

  // A route that is there already: the client is refused, and what was added for it goes away again.
  await scene.refused({ user: 'rival', from: 2 });
  await scene.site.logged(/main\[rival\].*cannot add iroute 10\.55\.0\.0\/255\.255\.0\.0/);
  assert.deepEqual(await routes(scene), ['10.55.0.0/16', 'fd55::/48']);

  await back.leave();
  await until('the routes to be gone', async () => (await routes(scene)).length === 0);
  assert.equal(services.hasEnded(), false);
});

test('packets from addresses that are not the client’s are dropped, counted, and told once', async () => {
  await using scene = await openScene();
  const { site, network } = scene;
  const gate = await scene.connect({ user: 'gate' });
  const walker = await scene.connect({ user: 'walker', from: 1 });
  for (const [client, address] of [
    [gate, '10.55.0.10/32'],
    [walker, '10.55.0.10/32'],
    [walker, 'fd55::10/128'],
  ] as const) {
    await addAddresses(client.namespace, [address]);
  }
  const seen = network.server.start(['tcpdump', '-n', '-l', '-i', 'any', 'icmp or icmp6']);
  try {
    await until('tcpdump', () => seen.output().includes('listening on'));
    const ping = (client: typeof walker, source: string, target: string) =>
      client.namespace.run(['ping', '-n', '-c', '4', '-i', '0.1', '-W', '1', '-I', source, target]);
    const before = await droppedBy(scene, 'walker');
    const address = await gate.variable('INTERNAL_IP4_ADDRESS');
    assert.equal((await ping(walker, '10.55.0.10', '192.168.77.1')).status, 1);
    assert.equal((await ping(walker, 'fd55::10', 'fda9:77::1')).status, 1);
    // The address of another client is no better.
    await addAddresses(walker.namespace, [`${address}/32`]);
    assert.equal((await ping(walker, String(address), '192.168.77.1')).status, 1);
    // Besides, the device looks for routers.
    assert.ok((await droppedBy(scene, 'walker')) - before >= 12);
    // The same address is the gate's to use.
    assert.equal((await ping(gate, '10.55.0.10', '192.168.77.1')).status, 0);
    assert.match(seen.output(), /10\.55\.0\.10 > 192\.168\.77\.1: ICMP echo request/);
    assert.doesNotMatch(seen.output(), /fd55::10 > /);
  } finally {
    await seen.stop();
  }
  const lines = site.log().match(/worker\[walker\].*source address that is not the client's.*/g) ?? [];
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0] ?? '', /10\.55\.0\.10/);
  await walker.leave();
  await site.logged(/worker\[walker\].*source address that is not the client's: 11 more/);
});

async function droppedBy(scene: Scene, user: string): Promise<number> {
  const control = await connectControl(`${scene.site.folder}/occtl.socket`);
  try {
    const { users: shown } = (await control.call('ListUsers', { username: user })).parameters;
    return shown[0]?.rxDropped ?? Number.NaN;
  } finally {
    control.close();
  }
}
