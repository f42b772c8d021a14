// The main job: a real openconnect logs in, moves packets over DTLS and over TLS alone, and leaves nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

interface UserRow {
  readonly Username: string;
  readonly State: string;
  readonly 'DTLS cipher'?: string;
  readonly IPv4?: string;
}

test('openconnect connects with DTLS, pings both ways of addressing, and occtl shows it', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  await using client = await Client.connect({ site, namespace, server: network.serverAddress(0) });
  assert.ok(await client.ping('192.168.77.1'), client.output());
  assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), 'large packets');
  assert.ok(await client.ping('fda9:77::1', { ipv6: true }), 'IPv6');
  const users = await site.occtlJson<UserRow[]>('show', 'users');
  assert.deepEqual(
    users.map((user) => [user.Username, user.State, user['DTLS cipher'] !== undefined]),
    [['alice', 'connected', true]],
  );
  await client.leave();
  await site.logged(/user disconnected \(reason: user disconnected/);
  assert.equal(await site.stop(), 0);
  const { stdout } = await network.server.run(['ip', '-br', 'link']);
  assert.doesNotMatch(stdout, /vpns/);
});

test('openconnect connects without DTLS', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  await using client = await Client.connect({
    site,
    namespace,
    server: network.serverAddress(0),
    args: ['--no-dtls'],
  });
  assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), client.output());
});

test('a wrong password and an unknown user are refused alike', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  for (const [user, password] of [
    ['alice', 'wrong'],
    ['nobody-we-know', 'secret'],
  ] as const) {
    await using client = await Client.start({
      site,
      namespace,
      server: network.serverAddress(0),
      user,
      password,
    });
    assert.notEqual(await client.process.ended, 0);
    assert.doesNotMatch(client.output(), /Got CONNECT response: HTTP\/1\.1 200/);
  }
});
