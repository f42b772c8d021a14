// Processes that are killed under a running client: it comes back with its cookie, without a new login.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

const comebackMs = 15_000;

async function connected(): Promise<{
  network: Awaited<ReturnType<typeof createNetwork>>;
  site: Site;
  client: Client;
}> {
  const network = await createNetwork();
  const site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  const client = await Client.connect({ site, namespace, server: network.serverAddress(0) });
  return { network, site, client };
}

test('a killed worker is replaced, and its client is back with its cookie and its address', async () => {
  const { network, site, client } = await connected();
  await using _network = network;
  await using _site = site;
  await using _client = client;
  const workers = await site.children('ocserv-worker');
  assert.ok(workers.length > 0, site.log());
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  await until('the client to be back', () => client.ping('192.168.77.1', { count: 1 }), comebackMs);
  assert.equal(client.process.hasEnded(), false, client.output());
  const logins = site.log().match(/user logged in/g)?.length ?? 0;
  assert.ok(logins >= 2, site.log());
});

test('a killed security module is replaced; the tunnel does not notice, and the cookie outlives it', async () => {
  const { network, site, client } = await connected();
  await using _network = network;
  await using _site = site;
  await using _client = client;
  const [secmod] = await site.children('ocserv-sm');
  assert.ok(secmod !== undefined, site.log());
  process.kill(secmod, 'SIGKILL');
  assert.ok(await client.ping('192.168.77.1', { count: 5 }), 'the tunnel goes on');
  await until('a new security module', async () => {
    const [replacement] = await site.children('ocserv-sm');
    return replacement !== undefined && replacement !== secmod;
  });
  for (const pid of await site.children('ocserv-worker')) process.kill(pid, 'SIGKILL');
  await until('the client to be back', () => client.ping('192.168.77.1', { count: 1 }), comebackMs);
});

test('main is killed and started again: nothing is left over and the client comes back', async () => {
  const { network, site, client } = await connected();
  await using _network = network;
  await using _site = site;
  await using _client = client;
  await site.stop('SIGKILL');
  await until('the devices to be gone', async () => {
    const { stdout } = await network.server.run(['ip', '-br', 'link']);
    return !stdout.includes('vpns');
  });
  await site.start();
  await until('the client to be back', () => client.ping('192.168.77.1', { count: 1 }), 40_000);
});
