// Where clients come to: sockets in another network namespace, names and addresses of both families, sockets of systemd.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNamespace, createNetwork, removeNamespace } from '../support/namespace.ts';
import { root, Site } from '../support/site.ts';
import { hasDtls, showUser } from '../support/users.ts';

describe('listening', { concurrency: 2 }, () => {
  test('listen-netns: clients come to one namespace, their packets go to the other', async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    const name = `oc-${randomBytes(3).toString('hex')}-in`;
    await using stack = new AsyncDisposableStack();
    const inside = await createNamespace(name);
    stack.defer(() => removeNamespace(name));
    const site = stack.use(
      await Site.create({ namespace: inside, config: `listen-netns = ${network.server.name}` }),
    );
    site.listensIn = network.server;
    await site.start();
    const { stdout } = await inside.run(['ss', '-Hltun', 'sport = :4443']);
    assert.equal(stdout, '');
    const server = network.serverAddress(0);
    await using client = await Client.connect({ site, namespace, server });
    assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), client.output());
    const user = await showUser(site);
    assert.ok(hasDtls(user));
    assert.equal(user['Remote IP'], '10.80.0.2');
    const devices = await network.server.mustRun(['ip', '-br', 'link']);
    assert.doesNotMatch(devices, /vpns/);
    // Its sockets are those of the namespace that the client reaches, also when its datagrams come from a new port.
    const flows = await network.server.mustRun(['ss', '-Hun', 'state', 'established', 'sport = :4443']);
    assert.match(flows, /10\.80\.0\.1:4443\s+10\.80\.0\.2/);
  });

  test('a namespace that is not there is said before the start', async () => {
    await using network = await createNetwork({ clients: 0 });
    await using site = await Site.create({ namespace: network.server, config: 'listen-netns = oc-nowhere' });
    for (const extra of [['--test-config'], []]) {
      const outcome = await network.server.run([
        ...[path.join(root, 'bin/ocserv'), '--foreground', '--config', site.configFile, ...extra],
      ]);
      assert.equal(outcome.status, 1);
      assert.match(outcome.stderr, /there is no \/var\/run\/netns\/oc-nowhere/);
    }
  });

  test('a name stands for its addresses of both families; one that is not ours is skipped', async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using site = await Site.create({
      namespace: network.server,
      config: 'listen-host = localhost\nudp-listen-host = 10.80.0.1',
    });
    await site.start();
    const { stdout } = await network.server.run(['ss', '-Hltun', 'sport = :4443']);
    const local = stdout.split('\n').flatMap((line) => /(\S+):4443\s/.exec(line)?.[1] ?? []);
    assert.ok(local.includes('127.0.0.1') && local.includes('10.80.0.1'), stdout);
    assert.ok(!local.includes('0.0.0.0') && !local.includes('*'), stdout);
    await site.stop();

    await site.configure('listen-host = 10.99.99.99');
    const refused = await network.server.run([
      ...[path.join(root, 'bin/ocserv'), '--foreground', '--config', site.configFile],
    ]);
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /could not listen to any TCP port: 10\.99\.99\.99:4443: bind: address not available/,
    );
  });

  for (const [family, address] of [
    ['IPv4', (network: Awaited<ReturnType<typeof createNetwork>>) => network.serverAddress(0)],
    ['IPv6', (network: Awaited<ReturnType<typeof createNetwork>>) => network.serverAddress6(0)],
  ] as const) {
    test(`sockets of systemd for both families at once: ${family} with DTLS, readiness is notified`, async () => {
      await using network = await createNetwork();
      const [namespace] = network.clients;
      assert.ok(namespace !== undefined);
      await using site = await Site.create({
        namespace: network.server,
        // Not used for binding; the port announced is that of the socket.
        config: 'tcp-port = 1\nudp-port = 2',
      });
      site.launcher = [
        ...['python3', path.join(root, 'test/support/supervisor.py')],
        ...[`unix,unix,${site.folder}/foreign`, 'tcp,6,::,4443', 'udp,6,::,4443', '--'],
      ];
      await site.start();
      await site.logged(/Non-internet socket fd received!/);
      await site.logged(/listening on 2 systemd sockets\.\.\./);
      await site.logged(/notified: 'READY=1\\nMAINPID=\d+'/);
      await using client = await Client.connect({ site, namespace, server: address(network) });
      assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), client.output());
      const user = await showUser(site);
      assert.ok(hasDtls(user));
      assert.equal(user['Remote IP'], family === 'IPv4' ? '10.80.0.2' : 'fd80::2');
      await client.leave();
      assert.equal(await site.stop(), 0);
      assert.match(site.log(), /notified: 'STOPPING=1'/);
    });
  }

  test('nothing useful from systemd: the server says so and ends', async () => {
    await using network = await createNetwork({ clients: 0 });
    await using site = await Site.create({ namespace: network.server });
    const outcome = await network.server.run([
      ...['python3', path.join(root, 'test/support/supervisor.py'), `unix,unix,${site.folder}/foreign`, '--'],
      ...[path.join(root, 'bin/ocserv'), '--foreground', '--config', site.configFile],
    ]);
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, /no useful sockets were provided by systemd/);
  });
});
