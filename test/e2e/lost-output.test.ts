// The reader of the server's log goes away (a collector that restarts, `ocserv -f -e | head`): the server serves on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

test('a server whose log nobody reads any more goes on serving', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const before = [await site.children('ocserv-sm'), await site.children('ocserv-worker')];
  site.server?.child.stdout?.destroy();
  site.server?.child.stderr?.destroy();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  const client = await Client.connect({ site, namespace, server: network.serverAddress(0) });
  await using _client = client;
  assert.ok(await client.ping('192.168.77.1'), client.output());
  const users = await site.occtlJson<{ Username: string }[]>('show', 'users');
  assert.deepEqual(
    users.map(({ Username }) => Username),
    ['alice'],
  );
  assert.deepEqual([await site.children('ocserv-sm'), await site.children('ocserv-worker')], before);
  assert.equal(await site.stop(), 0);
});
