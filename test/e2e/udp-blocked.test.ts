// A firewall that swallows or rejects UDP, from the start or in mid-session: traffic goes on over TLS within a bounded
// time, and comes back to DTLS, in the same session, when UDP passes again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createRoutedPath, type RoutedPath } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { insideServer, moveBulk, pingSeries, serveIperf } from '../support/traffic.ts';
import { hasDtls, showUser } from '../support/users.ts';

/** Both ends give DTLS up after some five seconds. */
const config = 'dpd = 2\nswitch-to-tcp-timeout = 3';

/** What the router does with UDP on port 4443, either direction. */
async function filterUdp(path: RoutedPath, verdict: string): Promise<void> {
  await path.router.nft(`
    table inet blocked {
      chain forward {
        type filter hook forward priority 0;
        udp dport 4443 ${verdict}
        udp sport 4443 ${verdict}
      }
    }`);
}

async function openPath(path: RoutedPath): Promise<void> {
  await path.router.mustRun(['nft', 'delete', 'table', 'inet', 'blocked']);
}

/** Datagrams that reached the server's port since the rules were set. */
async function watchServerUdp(path: RoutedPath): Promise<() => Promise<number>> {
  await path.server.nft(`
    table inet watched {
      counter seen { }
      chain in { type filter hook prerouting priority -300; iifname "eth0" udp dport 4443 counter name seen; }
    }`);
  return async () => {
    const text = await path.server.mustRun(['nft', 'list', 'counter', 'inet', 'watched', 'seen']);
    return Number(/packets (\d+)/.exec(text)?.[1]);
  };
}

describe('UDP that does not pass', { concurrency: true }, () => {
  test('swallowed in mid-session: TLS within seconds, DTLS again when it passes, the same session', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    const before = await showUser(site);
    assert.ok(before['DTLS cipher'] !== undefined);
    await filterUdp(path, 'drop');
    // Both ends must have noticed after two silent DPD periods and a little. No longer than 9 s: the client repeats its
    // ClientHello for 12 s and then rests for a minute.
    const series = await pingSeries(namespace, insideServer, { count: 45, intervalSeconds: 0.2 });
    const late = series.answered.filter((sequence) => sequence > 35);
    assert.equal(late.length, 10, `all pings after 7 s are answered:\n${series.text}${client.output()}`);
    await until('occtl to show that DTLS is gone', async () => !hasDtls(await showUser(site)));
    await openPath(path);
    await until('a second DTLS handshake', () => client.dtlsCount() >= 2, 20_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${client.output()}`);
    });
    await until('occtl to show DTLS again', async () => hasDtls(await showUser(site)));
    const seen = await watchServerUdp(path);
    const after = await pingSeries(namespace, insideServer, { count: 20 });
    assert.equal(after.received, 20, after.text);
    assert.ok((await seen()) >= 20, 'the pings went by UDP');
    assert.equal((await showUser(site)).ID, before.ID);
    assert.equal((await showUser(site)).Session, before.Session);
    assert.doesNotMatch(site.log(), /user disconnected/);
  });

  test('swallowed while the server sends bulk: the download goes on by TLS', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    await using _iperf = await serveIperf(path.server);
    const outcome = namespace.run(['iperf3', '-J', '-R', '-c', insideServer, '-t', '14'], {
      timeoutMs: 60_000,
    });
    await sleep(2_000);
    await filterUdp(path, 'drop');
    const { stdout, status } = await outcome;
    assert.equal(status, 0, stdout);
    const { intervals } = JSON.parse(stdout) as { intervals: { sum: { bytes: number } }[] };
    const rows = intervals.map(({ sum }) => sum.bytes);
    assert.ok(
      rows.slice(-3).every((bytes) => bytes > 0),
      `bytes by the second: ${rows.join(' ')}`,
    );
    assert.equal(client.process.hasEnded(), false);
  });

  test('swallowed from the start: the tunnel comes up and works by TLS', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config });
    await site.start();
    await filterUdp(path, 'drop');
    const namespace = path.client;
    await using client = await Client.start({ site, namespace, server: path.serverAddress });
    await client.ready(false);
    const series = await pingSeries(namespace, insideServer, { count: 20 });
    assert.equal(series.received, 20, series.text + client.output());
    await using _iperf = await serveIperf(path.server);
    await moveBulk(namespace, { down: true, seconds: 3 });
    await moveBulk(namespace, { down: false, seconds: 3 });
    assert.equal(hasDtls(await showUser(site)), false);
    assert.equal((await showUser(site)).State, 'connected');
  });

  for (const when of ['from the start', 'in mid-session']) {
    test(`rejected by ICMP ${when}: TLS at once`, async () => {
      await using path = await createRoutedPath();
      await using site = await Site.create({ namespace: path.server, config });
      await site.start();
      const reject = 'reject with icmpx type port-unreachable';
      if (when === 'from the start') await filterUdp(path, reject);
      const namespace = path.client;
      await using client = await Client.start({ site, namespace, server: path.serverAddress });
      await client.ready(when !== 'from the start');
      if (when !== 'from the start') await filterUdp(path, reject);
      const series = await pingSeries(namespace, insideServer, { count: 60 });
      const late = series.answered.filter((sequence) => sequence > 20);
      assert.equal(late.length, 40, `all pings after 2 s are answered:\n${series.text}${client.output()}`);
      assert.doesNotMatch(site.log(), /user disconnected/);
    });
  }

  test('rejected by ICMP on the way to the client alone: the server turns to TLS', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config: 'dpd = 60' });
    await site.start();
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    await path.router.nft(`
      table inet blocked {
        chain forward {
          type filter hook forward priority 0;
          udp sport 4443 reject with icmpx type port-unreachable
        }
      }`);
    const series = await pingSeries(namespace, insideServer, { count: 60 });
    const late = series.answered.filter((sequence) => sequence > 20);
    assert.equal(late.length, 40, `all pings after 2 s are answered:\n${series.text}${client.output()}`);
  });
});
