// The tunnel with each trick of the packet path switched off, and with all of them off: every fallback carries pings
// and bulk traffic both ways over DTLS; without any trick over TLS, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetPathTricks } from '../../core/config/packet-path.ts';
import { Client } from '../support/client.ts';
import { run, until } from '../support/command.ts';
import { createNetwork, type Namespace } from '../support/namespace.ts';
import { root, Site } from '../support/site.ts';

async function move(namespace: Namespace, down: boolean): Promise<void> {
  const text = await namespace.mustRun([
    ...['iperf3', '-J', '-c', '192.168.77.1', '-t', '1', ...(down ? ['-R'] : [])],
  ]);
  const report = JSON.parse(text) as { end: { sum_received?: { bytes: number } } };
  assert.ok((report.end.sum_received?.bytes ?? 0) > 500_000, text);
}

const cases: readonly { readonly off: readonly string[]; readonly dtls: boolean }[] = [
  ...packetPathTricks.map((name) => ({ off: [name], dtls: true })),
  { off: packetPathTricks, dtls: true },
  { off: packetPathTricks, dtls: false },
];

for (const { off, dtls } of cases) {
  const what = off.length === packetPathTricks.length ? 'all tricks' : off.join();
  test(`ping and iperf3 both ways over ${dtls ? 'DTLS' : 'TLS'} with ${what} off`, async () => {
    await using network = await createNetwork();
    await using site = await Site.create({
      namespace: network.server,
      config: `packet-path-disable = ${off.join(', ')}`,
    });
    await site.start();
    const [, used = ''] = await site.logged(/packet path: ([^;\n]*); switched off: /);
    for (const name of off) assert.ok(!used.split(', ').includes(name), used);
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    const server = network.serverAddress(0);
    await using client = await Client.connect({ site, namespace, server, args: dtls ? [] : ['--no-dtls'] });
    assert.ok(await client.ping('192.168.77.1'));
    await using _server = network.server.start(['iperf3', '-s']);
    await until('iperf3 to listen', async () =>
      (await network.server.run(['ss', '-Hltn'])).stdout.includes(':5201'),
    );
    await move(namespace, true);
    await move(namespace, false);
    assert.ok(await client.ping('192.168.77.1'));
    assert.equal(client.process.hasEnded(), false);
  });
}

test('a name that is none is told with the nearest known one, and the server starts', async () => {
  await using network = await createNetwork({ clients: 0 });
  await using site = await Site.create({
    namespace: network.server,
    config: 'packet-path-disable = tun-ofload',
  });
  const { stdout, stderr, status } = await run([
    ...[`${root}/bin/ocserv`, '--test-config', '--config', site.configFile],
  ]);
  assert.equal(status, 0, stderr);
  assert.match(stdout + stderr, /packet-path-disable.*"tun-ofload".*did you mean 'tun-offload'\?/);
  await site.start();
  await site.logged(/packet path: tun-offload, coalesce, /);
});
