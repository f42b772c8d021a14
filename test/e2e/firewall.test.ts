// restrict-user-to-routes and restrict-user-to-ports with real packets to a network behind the server.
//
//   clients 0…3 --- server --- namespace 4: 10.1.0.10, 10.1.2.10, 10.2.0.10, fd11::10, fd12::10
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { run, until } from '../support/command.ts';
import { addAddresses, reach, serveAt } from '../support/reach.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

const users = Object.fromEntries(
  ['alice', 'bob', 'carol', 'dave'].map((name) => [name, { password: 'secret' }]),
);
const inside = ['10.1.0.10', '10.1.2.10', '10.2.0.10', 'fd11::10', 'fd12::10'];

async function openScene(): Promise<Scene> {
  return Scene.open({
    clients: 5,
    users,
    config: (folder) => `config-per-user = ${folder}/users
route = 10.1.0.0/16
route = fd11::/48
no-route = 10.1.2.0/24
dns = 10.2.0.10`,
    async prepare({ folder }, { server, clients }) {
      await mkdir(path.join(folder, 'users'));
      const files = {
        alice: 'restrict-user-to-routes = true',
        bob: 'restrict-user-to-ports = tcp(443), udp(8000-8001), icmp()',
        carol: 'restrict-user-to-ports = !(tcp(22), icmp())',
      };
      for (const [name, text] of Object.entries(files)) {
        await writeFile(path.join(folder, 'users', name), `${text}\n`);
      }
      const [host] = clients.slice(4);
      assert.ok(host !== undefined);
      await addAddresses(
        host,
        inside.map((address) => (address.includes(':') ? `${address}/128` : `${address}/32`)),
      );
      // Every refusal is to be seen, not a few a second.
      await server.mustRun(['sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0']);
      for (const [network, via] of [
        ['10.1.0.0/16', '10.80.4.2'],
        ['10.2.0.0/16', '10.80.4.2'],
        ['fd11::/48', 'fd80:0:0:4::2'],
        ['fd12::/48', 'fd80:0:0:4::2'],
      ] as const) {
        await server.mustRun(['ip', 'route', 'add', network, 'via', via]);
      }
      await host.mustRun(['ip', 'route', 'add', '192.168.77.0/24', 'via', '10.80.4.1']);
      await host.mustRun(['ip', 'route', 'add', 'fda9:77::/48', 'via', 'fd80:0:0:4::1']);
    },
  });
}

/** With routes to all that is behind the server, whatever the server said of them. */
async function connect(scene: Scene, user: string, from: number) {
  const client = await scene.connect({ user, from });
  for (const network of ['10.1.0.0/16', '10.2.0.0/16', 'fd11::/48', 'fd12::/48']) {
    await client.namespace.mustRun(['ip', 'route', 'replace', network, 'dev', client.device]);
  }
  return client;
}

async function tables(scene: Scene): Promise<string[]> {
  const listing = await scene.network.server.mustRun(['nft', 'list', 'tables']);
  return listing.split('\n').filter((line) => line.includes('ocserv_'));
}

test('packets go where the session may go and are refused elsewhere, by IPv4 and IPv6', async () => {
  await using scene = await openScene();
  await using services = await serveAt(scene.namespace(4), inside, [
    ...['tcp:22', 'tcp:53', 'tcp:443', 'udp:53', 'udp:8000', 'udp:8001', 'udp:8002'],
  ]);
  const [alice, bob, carol, dave] = [
    await connect(scene, 'alice', 0),
    await connect(scene, 'bob', 1),
    await connect(scene, 'carol', 2),
    await connect(scene, 'dave', 3),
  ];
  assert.equal((await tables(scene)).length, 3, 'none for the one without restrictions');

  const [yes, no] = ['open', 'refused'];
  const expected: readonly [target: string, alice: string, bob: string, carol: string][] = [
    ['tcp 10.1.0.10 443', yes, yes, yes],
    ['tcp 10.1.0.10 22', yes, no, no],
    ['udp 10.1.0.10 8000', yes, yes, yes],
    ['udp 10.1.0.10 8001', yes, yes, yes],
    ['udp 10.1.0.10 8002', yes, no, yes],
    ['tcp fd11::10 443', yes, yes, yes],
    ['tcp fd11::10 22', yes, no, no],
    ['udp fd11::10 8001', yes, yes, yes],
    ['udp fd11::10 8002', yes, no, yes],
    // Taken out of the routes, and in none of them.
    ['tcp 10.1.2.10 443', no, no, no],
    ['tcp 10.2.0.10 443', no, no, no],
    ['udp 10.2.0.10 8000', no, no, no],
    ['tcp fd12::10 443', no, no, no],
    ['udp fd12::10 8000', no, no, no],
    // The server's DNS, and no other.
    ['udp 10.2.0.10 53', yes, yes, yes],
    ['tcp 10.2.0.10 53', yes, yes, yes],
    ['udp fd12::10 53', no, no, no],
  ];
  const targets = expected.map(([target]) => target);
  for (const [client, column] of [
    [alice, 1],
    [bob, 2],
    [carol, 3],
  ] as const) {
    const wanted = Object.fromEntries(expected.map((row) => [row[0], row[column]]));
    assert.deepEqual(await reach(client.namespace, targets), wanted);
  }
  const everything = Object.fromEntries(targets.map((target) => [target, yes]));
  assert.deepEqual(await reach(dave.namespace, targets), everything);

  const pings = async (address: string): Promise<boolean[]> => {
    const ipv6 = address.includes(':');
    return Promise.all([alice, bob, carol].map((one) => one.ping(address, { count: 1, ipv6 })));
  };
  assert.deepEqual(await pings('10.1.0.10'), [true, true, false]);
  assert.deepEqual(await pings('fd11::10'), [true, false, true]);
  assert.deepEqual(await pings('10.2.0.10'), [false, false, false]);
  assert.deepEqual(await pings('fd12::10'), [false, false, false]);
  // What comes in pieces is looked at as a whole.
  const large = { count: 1, bytes: 3000 };
  assert.deepEqual([await bob.ping('10.1.0.10', large), await carol.ping('10.1.0.10', large)], [true, false]);

  const [shown] = await scene.site.occtlJson<Record<string, unknown>[]>('show', 'user', 'carol');
  assert.equal(shown?.['Restricted to routes'], 'True');
  assert.deepEqual(shown?.['Restricted to ports'], ['!tcp(22)', '!icmp()']);
  assert.equal(services.hasEnded(), false);
});

test('a table ends with its session, and those of a killed server at the next start', async () => {
  await using scene = await openScene();
  const { site } = scene;
  const alice = await connect(scene, 'alice', 0);
  const bob = await connect(scene, 'bob', 1);
  assert.equal((await tables(scene)).length, 2);
  await bob.leave();
  await until('the end of one table', async () => (await tables(scene)).length === 1);

  await scene.network.server.nft('table inet ocserv {}\ntable ip ocserv_vpns0 {}\ntable inet other {}');
  assert.ok(site.server !== undefined);
  await site.stop('SIGKILL');
  const [left = ''] = (await tables(scene)).filter((table) => table.startsWith('table inet ocserv_'));
  assert.match(left, /^table inet ocserv_vpns\d+$/, 'nobody was there to remove it');
  await alice.kill();
  // Also when nobody is restricted any more.
  await site.configure('');
  await site.start();
  await site.logged(new RegExp(`removing the ${left} left behind by a former process`));
  assert.equal(
    await scene.network.server.mustRun(['nft', 'list', 'tables']),
    'table inet ocserv\ntable ip ocserv_vpns0\ntable inet other\n',
    'what is not ours stays',
  );
});

test('without nft the server says so at its start, or refuses the session that needs it', async () => {
  await using scene = await openScene();
  const { site } = scene;
  assert.ok(site.server !== undefined);
  const hide = 'mount --bind /dev/null "$(command -v nft)"';
  // The server has a mount namespace of its own, that of ip netns exec.
  const { status } = await run(['nsenter', '-t', String(site.server.pid), '-m', '-r', 'sh', '-c', hide]);
  assert.equal(status, 0);
  await scene.refused({ user: 'alice' });
  await site.logged(/main\[alice\].*cannot restrict user 'alice': cannot run 'nft' \(package nftables\)/);
  const { stdout } = await scene.network.server.run(['ip', '-br', 'link']);
  assert.doesNotMatch(stdout, /vpns/);
  const dave = await scene.connect({ user: 'dave', from: 3 });
  assert.ok(await dave.ping('192.168.77.1'), 'who is not restricted does not need it');

  await site.configure('restrict-user-to-routes = true');
  const reload = await site.occtl('reload');
  assert.equal(reload.status, 1);
  assert.match(reload.stderr, /restrict-user-to-routes: cannot run 'nft'/);
  await site.stop();
  const start = await scene.network.server.run([
    ...['sh', '-c', `${hide} && exec "$@"`, 'sh'],
    ...[path.join(root, 'bin/ocserv'), '--foreground', '--log-stderr', '--config', site.configFile],
  ]);
  assert.equal(start.status, 1);
  assert.match(
    start.stderr,
    /ocserv\.conf:\d+:\d+: restrict-user-to-routes: cannot run 'nft', which sets the rules; expected the package nftables/,
  );
});
