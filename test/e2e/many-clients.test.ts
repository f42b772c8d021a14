// Twenty-four clients at once, DTLS and TLS, all with traffic; then all leave and nothing stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';
import { insideServer, pingSeries, serveIperf } from '../support/traffic.ts';
import { hasDtls, showUsers, tunnelDevices } from '../support/users.ts';

const count = 24;
const seconds = 20;
/** Every fourth goes without DTLS, every sixth moves bulk, the others ping. */
const isTls = (index: number): boolean => index % 4 === 3;
const isBulk = (index: number): boolean => index % 6 === 0;

test(`${String(count)} clients with traffic, none is lost, none leaves anything`, async () => {
  await using network = await createNetwork({ clients: count });
  await using site = await Site.create({ namespace: network.server, config: 'max-same-clients = 0' });
  await site.start();
  await using stack = new AsyncDisposableStack();
  const connect = async (index: number): Promise<Client> => {
    const namespace = network.clients[index];
    assert.ok(namespace !== undefined);
    const args = isTls(index) ? ['--no-dtls'] : [];
    return stack.use(await Client.connect({ site, namespace, server: network.serverAddress(index), args }));
  };
  const clients = await Promise.all(network.clients.map((_, index) => connect(index)));

  const bulk = clients.flatMap((client, index) => (isBulk(index) ? [{ client, port: 5201 + index }] : []));
  for (const { port } of bulk) stack.use(await serveIperf(network.server, port));
  const traffic = clients.map(async ({ namespace }, index) => {
    if (!isBulk(index)) {
      const series = await pingSeries(namespace, insideServer, { count: seconds * 10, bytes: 1200 });
      assert.ok(series.received >= series.sent - 4, `client ${String(index)}: ${series.text.slice(-300)}`);
      return;
    }
    const limits = ['-p', String(5201 + index), '-t', String(seconds), '-b', '20M'];
    const { status, stdout } = await namespace.run(
      ['iperf3', '-c', insideServer, ...limits, ...(index % 12 === 0 ? ['-R'] : [])],
      { timeoutMs: (seconds + 30) * 1000 },
    );
    assert.equal(status, 0, stdout);
  });
  await Promise.all(traffic);

  const last = await Promise.all(
    clients.map(({ namespace }) => pingSeries(namespace, insideServer, { count: 5 })),
  );
  assert.deepEqual(
    last.map(({ received }) => received),
    clients.map(() => 5),
  );
  const users = await showUsers(site);
  assert.deepEqual(
    users.map(({ State }) => State),
    clients.map(() => 'connected'),
  );
  const addresses = await Promise.all(clients.map((client) => client.variable('INTERNAL_IP4_ADDRESS')));
  assert.deepEqual(
    addresses.map((address) => users.filter(({ IPv4 }) => IPv4 === address).map(hasDtls)),
    clients.map((_, index) => [!isTls(index)]),
  );
  assert.deepEqual(
    clients.map((client) => client.process.hasEnded()),
    clients.map(() => false),
  );
  assert.doesNotMatch(site.log(), /user disconnected/);

  await Promise.all(clients.map((client) => client.leave()));
  await until('the last session to end', async () => (await showUsers(site)).length === 0);
  await until('the last device to go', async () => (await tunnelDevices(site)).length === 0);
  assert.equal(site.log().match(/user disconnected \(reason: user disconnected/g)?.length, count);
});
