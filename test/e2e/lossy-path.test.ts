// DTLS over a path that loses, reorders and repeats datagrams: traffic goes on without a pause, nothing is taken for
// a replay that is none, and nothing is delivered twice.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { startRelay } from '../support/datagram-relay.ts';
import type { Namespace } from '../support/namespace.ts';
import { createRoutedPath } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { insideServer, moveBulk, pingSeries, serveIperf } from '../support/traffic.ts';

const seconds = 4;

/** Counts the echo requests that come out of a tunnel device. */
async function countEchoes(namespace: Namespace, device: string): Promise<() => Promise<number>> {
  await namespace.nft(`
    table inet echoes {
      counter seen { }
      chain in {
        type filter hook prerouting priority -300
        iifname "${device}" icmp type echo-request counter name seen
      }
    }`);
  return async () => {
    const text = await namespace.mustRun(['nft', 'list', 'counter', 'inet', 'echoes', 'seen']);
    return Number(/packets (\d+)/.exec(text)?.[1]);
  };
}

// One after the other: bulk that shares two cores with other bulk pauses for reasons of its own.
describe('a path that misbehaves', () => {
  test('one datagram in a hundred is lost: both ways go on, the session stays on DTLS', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    await path.router.nft(`
      table inet lossy {
        chain forward {
          type filter hook forward priority 0;
          numgen random mod 100 < 1 drop
        }
      }`);
    await using _iperf = await serveIperf(path.server);
    for (const down of [true, false]) await moveBulk(namespace, { down, seconds });
    const series = await pingSeries(namespace, insideServer, { count: 100, intervalSeconds: 0.02 });
    assert.ok(series.received >= 90, series.text);
    assert.equal(client.process.hasEnded(), false);
    assert.equal(client.dtlsCount(), 1, client.output());
    assert.doesNotMatch(site.log(), /user disconnected/);
  });

  test('datagrams that overtake others are no replays', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server });
    await site.start();
    await using _relay = await startRelay(path.router, path.serverAddress, 4443, {
      delayEvery: 7,
      delayMs: 20,
    });
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    const echoes = await countEchoes(path.server, 'vpns*');
    // A thousand a second, so that twenty are overtaking each late one; each is answered.
    const series = await pingSeries(namespace, insideServer, { count: 1_000, intervalSeconds: 0.001 });
    assert.equal(await echoes(), 1_000, 'every one reached the server once');
    assert.ok(series.received >= 1_000 - 10, `openconnect's window is of 64:\n${series.text.slice(-300)}`);
    await using _iperf = await serveIperf(path.server);
    for (const down of [true, false]) await moveBulk(namespace, { down, seconds });
    assert.equal(client.dtlsCount(), 1, client.output());
  });

  test('a repeated datagram is delivered once', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server });
    await site.start();
    // The handshake is repeated, too.
    await using _relay = await startRelay(path.router, path.serverAddress, 4443, { repeatEvery: 1 });
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    const echoes = await countEchoes(path.server, 'vpns*');
    const series = await pingSeries(namespace, insideServer, { count: 300, intervalSeconds: 0.01 });
    assert.equal(await echoes(), 300);
    assert.equal(series.received, 300, series.text.slice(-300));
    assert.equal(series.duplicates, 0);
    await using _iperf = await serveIperf(path.server);
    for (const down of [true, false]) await moveBulk(namespace, { down, seconds });
    assert.equal(client.dtlsCount(), 1, client.output());
  });
});
