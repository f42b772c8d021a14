// Clients that move: another address for DTLS alone or for everything, a second connection with the same cookie, a
// handshake whose first flights are lost, an idle association that is asked for life.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, logIn } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createNetwork } from '../support/namespace.ts';
import { createRoutedPath, type RoutedPath } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { insideServer, pingSeries } from '../support/traffic.ts';
import { hasDtls, showUser, tunnelDevices } from '../support/users.ts';

const config = 'dpd = 2\nswitch-to-tcp-timeout = 3';

/** From now on the server sees the client at another address; stateless, so that flows that live move, too. */
async function move(path: RoutedPath, address: string, protocol: 'udp' | '{ tcp, udp }'): Promise<void> {
  await path.router.nft(`
    table ip moved {
      chain prerouting {
        type filter hook prerouting priority -400
        meta l4proto ${protocol} ip saddr 10.81.0.2 ip saddr set ${address}
        meta l4proto ${protocol} ip daddr ${address} ip daddr set 10.81.0.2
      }
    }`);
}

async function moveHome(path: RoutedPath): Promise<void> {
  await path.router.mustRun(['nft', 'delete', 'table', 'ip', 'moved']);
}

async function udpPeers(path: RoutedPath): Promise<string[]> {
  const text = await path.server.mustRun(['ss', '-Hun', 'state', 'established']);
  return text.split('\n').flatMap((line) => /:4443\s+(\S+):\d+/.exec(line)?.[1] ?? []);
}

describe('moving clients', { concurrency: 3 }, () => {
  test('DTLS from another address: a second handshake replaces the first; back at the known one it just goes on', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    const before = await showUser(site);
    const settled = async (address: string): Promise<void> => {
      await until(`one association, from ${address}`, async () => {
        const peers = await udpPeers(path);
        return peers.length === 1 && peers[0] === address;
      });
      const series = await pingSeries(namespace, insideServer, { count: 10 });
      assert.equal(series.received, 10, series.text + client.output());
      const now = await showUser(site);
      assert.ok(hasDtls(now));
      assert.equal(now.ID, before.ID);
      assert.equal(now.Session, before.Session);
    };
    await move(path, '10.81.0.77', 'udp');
    // What the client sends goes nowhere, though it hears the server: three silent DPD periods make the server be quiet,
    // two more the client begin anew.
    const away = await pingSeries(namespace, insideServer, { count: 160 });
    const late = away.answered.filter((sequence) => sequence > 140);
    assert.equal(late.length, 20, away.text + client.output());
    await until('a second DTLS handshake', () => client.dtlsCount() === 2, 20_000);
    await settled('10.81.0.77');
    // The address of its TLS connection is known: a record that authenticates is enough.
    await moveHome(path);
    const home = await pingSeries(namespace, insideServer, { count: 60 });
    assert.ok(home.answered.filter((sequence) => sequence > 40).length === 20, home.text + client.output());
    await settled('10.81.0.2');
    assert.doesNotMatch(site.log(), /user disconnected/);
  });

  test('everything from another address: the client is back in its session, and again on the way back', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    const before = await showUser(site);
    for (const address of ['10.81.0.77', '10.81.0.2']) {
      if (address === '10.81.0.2') await moveHome(path);
      else await move(path, address, '{ tcp, udp }');
      await until(
        'the client to be back',
        async () => {
          const { sent, received } = await pingSeries(namespace, insideServer, { count: 5 });
          return received === sent && (await showUser(site))['Remote IP'] === address;
        },
        20_000,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${client.output()}\n${site.log()}`);
      });
      const now = await showUser(site);
      assert.equal(now.Session, before.Session);
      assert.equal(now.IPv4, before.IPv4);
    }
    assert.equal((await tunnelDevices(site)).length, 1);
  });

  test('a second connection with the same cookie takes the tunnel over', async () => {
    await using network = await createNetwork({ clients: 2 });
    await using site = await Site.create({ namespace: network.server });
    await site.start();
    const [first, second] = network.clients;
    assert.ok(first !== undefined && second !== undefined);
    const options = { site, namespace: first, server: network.serverAddress(0) };
    const cookie = await logIn(options);
    await using former = await Client.connect({ ...options, cookie });
    const before = await showUser(site);
    // Two more, so that both workers have their turn: the session moves between processes, too.
    for (const [namespace, server] of [
      [second, network.serverAddress(1)],
      [second, network.serverAddress(1)],
    ] as const) {
      await using latter = await Client.connect({ site, namespace, server, cookie });
      await until('the former client to be told', () => former.process.hasEnded());
      const series = await pingSeries(namespace, insideServer, { count: 10 });
      assert.equal(series.received, 10, series.text + latter.output());
      const now = await showUser(site);
      assert.equal(now.Session, before.Session);
      assert.equal(now.IPv4, before.IPv4);
      assert.equal(now['Remote IP'], '10.80.1.2');
      assert.ok(hasDtls(now));
      assert.deepEqual((await tunnelDevices(site)).length, 1);
      // Gone without a word, as a client that lost its network: the cookie stays.
      await latter.process.stop('SIGKILL');
    }
  });

  test('the first flights of the handshake are lost: they are repeated', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server });
    await site.start();
    await path.router.nft(`
      table inet lost {
        chain forward {
          type filter hook forward priority 0
          udp dport 4443 numgen inc mod 1000000 { 0, 3 } drop
          udp sport 4443 numgen inc mod 1000000 { 0, 1 } drop
        }
      }`);
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    assert.equal(client.dtlsCount(), 1);
    assert.ok(hasDtls(await showUser(site)));
    const series = await pingSeries(namespace, insideServer, { count: 10 });
    assert.equal(series.received, 10, series.text + client.output());
  });

  test('an idle association answers when asked for life, and is kept', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    await sleep(8_000);
    assert.match(client.output(), /Got DTLS DPD response/);
    assert.doesNotMatch(client.output(), /detected dead peer/);
    assert.equal(client.dtlsCount(), 1);
    assert.ok(hasDtls(await showUser(site)));
  });
});
