// DTLS with a real client when the network misbehaves: a NAT that changes the port, UDP refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork, type Namespace } from '../support/namespace.ts';
import { Site } from '../support/site.ts';

/** Pings the server through the tunnel, ten a second; returns how many of them were lost. */
async function lostPings(namespace: Namespace, count: number): Promise<number> {
  const { stdout } = await namespace.run([
    ...['ping', '-i', '0.1', '-w', String(count / 10 + 2), '-c', String(count), '192.168.77.1'],
  ]);
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  assert.ok(counts !== null, stdout);
  return Number(counts[1]) - Number(counts[2]);
}

test('a client whose NAT gives its DTLS another port goes on', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  await using client = await Client.connect({ site, namespace, server: network.serverAddress(0) });
  const { stdout } = await namespace.run(['ss', '-Hun']);
  const port = /:(\d+)\s+\S+:4443/.exec(stdout)?.[1] ?? /:(\d+)\s+\S+:\d+\s*$/m.exec(stdout)?.[1];
  assert.ok(port !== undefined, stdout);
  const server = /\s(\S+):(\d+)\s*$/m.exec(stdout)?.[2];
  assert.ok(server !== undefined, stdout);
  assert.equal(await lostPings(namespace, 10), 0);
  // A session's first datagrams are passed on once in three seconds; the ClientHello was one.
  await new Promise((resolve) => setTimeout(resolve, 3_100));
  // Stateless, for a stateful rule would not move a flow that is already known.
  await namespace.nft(`
    table ip moved {
      chain out { type filter hook output priority 0; udp dport ${server} udp sport set 7777; }
      chain in { type filter hook prerouting priority -300; udp dport 7777 udp dport set ${port}; }
    }`);
  assert.ok((await lostPings(namespace, 30)) <= 1);
  const sockets = await network.server.run(['ss', '-Hun']);
  assert.match(sockets.stdout, /:7777\s*$/m);
  assert.equal(client.process.hasEnded(), false);
});

test('with UDP refused in mid-session the packets go by TLS at once', async () => {
  await using network = await createNetwork();
  await using site = await Site.create({ namespace: network.server });
  await site.start();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  await using client = await Client.connect({ site, namespace, server: network.serverAddress(0) });
  assert.equal(await lostPings(namespace, 10), 0);
  const rule = `
    table ip blocked {
      chain out { type filter hook output priority 0; meta l4proto udp drop; }
    }`;
  await network.server.nft(rule);
  await namespace.nft(rule);
  assert.ok((await lostPings(namespace, 30)) <= 2);
  assert.equal(client.process.hasEnded(), false);
});
