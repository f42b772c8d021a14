// Addresses: the same ones again, none left, one family left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';

const users = Object.fromEntries(['test', 'alice', 'bob'].map((name) => [name, { password: 'secret' }]));

test('a user has the addresses that follow from the name, a second session the next ones', async () => {
  await using scene = await Scene.open({ clients: 2, users });
  // Check values: the C program gives these in these networks.
  const first = await scene.connect({ user: 'test' });
  assert.equal(await first.variable('INTERNAL_IP4_ADDRESS'), '192.168.77.190');
  assert.equal(await first.variable('INTERNAL_IP6_NETMASK'), 'fda9:77:0:caf0:1950:2c2b:bd9d:6cef/128');
  const second = await scene.connect({ user: 'test', from: 1 });
  assert.equal(await second.variable('INTERNAL_IP4_ADDRESS'), '192.168.77.76');
  await first.leave();
  await scene.site.logged(/user disconnected \(reason: user disconnected/);
  const again = await scene.connect({ user: 'test' });
  assert.equal(await again.variable('INTERNAL_IP4_ADDRESS'), '192.168.77.190');
});

test('with all addresses in use a client is told so, and gets in as soon as another leaves', async () => {
  await using scene = await Scene.open({
    clients: 3,
    users,
    // Network, server, one client, broadcast.
    config: 'ipv4-network = 192.168.78.0/30',
    without: ['ipv6-network', 'ipv6-subnet-prefix'],
  });
  const { site } = scene;
  const alice = await scene.connect({ user: 'alice' });
  assert.equal(await alice.variable('INTERNAL_IP4_ADDRESS'), '192.168.78.2');
  const cookie = await scene.logIn({ user: 'bob', from: 1 });
  const output = await scene.refused({ cookie, from: 1 });
  // What openconnect says to a 503 with X-Reason.
  assert.match(output, /VPN service unavailable; reason: No free address/);
  await site.logged(/main\[bob\].*could not figure out a valid IPv4 IP/);
  const { stdout } = await scene.network.server.run(['ip', '-br', 'link']);
  assert.equal(stdout.match(/vpns/g)?.length, 1, 'nothing is left of the refused one');

  await alice.leave();
  await site.logged(/user disconnected \(reason: user disconnected/);
  const bob = await scene.connect({ cookie, from: 1 });
  assert.equal(await bob.variable('INTERNAL_IP4_ADDRESS'), '192.168.78.2');
  assert.ok(await bob.ping('192.168.78.1'), 'the cookie of the refused login is as good as before');
});

test('one family without free addresses leaves the client the other one', async () => {
  await using scene = await Scene.open({
    clients: 3,
    users,
    config: 'ipv4-network = 192.168.78.0/30\nipv6-network = fda9:77::/48',
  });
  const { site } = scene;
  const alice = await scene.connect({ user: 'alice' });
  const bob = await scene.connect({ user: 'bob', from: 1 });
  assert.equal(await alice.variable('INTERNAL_IP4_ADDRESS'), '192.168.78.2');
  assert.equal(await bob.variable('INTERNAL_IP4_ADDRESS'), undefined);
  assert.ok(await bob.ping('fda9:77::1', { ipv6: true }), bob.output());
  await site.logged(/main\[bob\].*could not figure out a valid IPv4 IP.*IPv6 alone/);

  await site.configure('ipv4-network = 192.168.77.0/24\nipv6-network = fda9:79::/126\ndpd = 30');
  assert.equal((await site.occtl('reload')).status, 0);
  for (const client of [alice, bob]) await client.leave();
  await until('both to be gone', async () => (await site.occtlJson<unknown[]>('show', 'users')).length === 0);
  const holders = [await scene.connect({ user: 'alice' }), await scene.connect({ user: 'bob', from: 1 })];
  for (const holder of holders)
    assert.match((await holder.variable('INTERNAL_IP6_NETMASK')) ?? '', /^fda9:79::[23]\/128$/);
  const without = await scene.connect({ user: 'test', from: 2 });
  assert.equal(await without.variable('INTERNAL_IP6_NETMASK'), undefined);
  assert.ok(await without.ping('192.168.77.1'));
  await site.logged(/main\[test\].*could not figure out a valid IPv6 IP.*IPv4 alone/);
});
