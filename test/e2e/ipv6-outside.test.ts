// A client that reaches the server by IPv6: TLS and DTLS over it, both families inside, bulk traffic, a narrow path.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';
import { insideServer, insideServer6, moveBulk, pingSeries, serveIperf } from '../support/traffic.ts';
import { hasDtls, showUser } from '../support/users.ts';

describe('IPv6 outside', { concurrency: true }, () => {
  for (const dtls of [true, false]) {
    test(`both families pass inside ${dtls ? 'DTLS' : 'TLS'}`, async () => {
      await using network = await createNetwork();
      await using site = await Site.create({ namespace: network.server, config: 'net-priority = 0x20' });
      await site.start();
      const [namespace] = network.clients;
      assert.ok(namespace !== undefined);
      // The traffic class is IPv6's own, not IPv4's type of service.
      await namespace.nft(`
        table ip6 classes {
          counter marked { }
          chain in {
            type filter hook prerouting priority -300
            ${dtls ? 'udp' : 'tcp'} sport 4443 @nh,4,8 0x20 counter name marked
          }
        }`);
      const server = network.serverAddress6(0);
      await using client = await Client.connect({
        site,
        namespace,
        server,
        args: dtls ? [] : ['--no-dtls'],
      });
      const user = await showUser(site);
      assert.equal(user['Remote IP'], 'fd80::2');
      assert.equal(hasDtls(user), dtls);
      await using _iperf = await serveIperf(network.server);
      for (const target of [insideServer, insideServer6]) {
        for (const bytes of [56, 1300, 3000]) {
          const series = await pingSeries(namespace, target, { count: 5, bytes });
          assert.equal(series.received, 5, series.text + client.output());
        }
        for (const down of [true, false]) {
          await moveBulk(namespace, { down, seconds: 2, ipv6: target === insideServer6 });
        }
      }
      const sockets = await network.server.mustRun([
        'ss',
        '-Hn',
        '-6',
        dtls ? '-u' : '-t',
        'state',
        'established',
      ]);
      assert.match(sockets, /\[fd80::1\]:4443\s+\[fd80::2\]:\d+/);
      const counter = await namespace.mustRun(['nft', 'list', 'counter', 'ip6', 'classes', 'marked']);
      assert.ok(Number(/packets (\d+)/.exec(counter)?.[1]) > 100, counter);
      await client.leave();
      await site.logged(/user disconnected \(reason: user disconnected/);
    });
  }

  test('on links of 1280 bytes the tunnel carries IPv4', async () => {
    await using network = await createNetwork({ linkMtuBytes: 1280 });
    await using site = await Site.create({ namespace: network.server });
    await site.start();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using client = await Client.connect({ site, namespace, server: network.serverAddress6(0) });
    await using _iperf = await serveIperf(network.server);
    for (const down of [true, false]) await moveBulk(namespace, { down, seconds: 2 });
    for (const bytes of [56, 1166, 3000]) {
      const series = await pingSeries(namespace, insideServer, { count: 5, bytes });
      assert.equal(series.received, 5, series.text + client.output());
    }
  });
});
