// DTLS by resumption of a session that never was, as AnyConnect and openconnect before 7.08 have it, with Debian's openconnect.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/client.ts';
import { until } from '../support/command.ts';
import { createNetwork } from '../support/namespace.ts';
import { createRoutedPath } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { insideServer, pingSeries } from '../support/traffic.ts';
import { hasDtls, showUser } from '../support/users.ts';

describe('legacy DTLS', { concurrency: 2 }, () => {
  for (const [name, args, config, header, suite] of [
    [
      'of openconnect',
      ['--dtls-ciphers=OC-DTLS1_2-AES256-GCM', '--dtls12-ciphers=none'],
      '',
      /X-DTLS-CipherSuite: OC-DTLS1_2-AES256-GCM/,
      '(DTLS1.2)-(RSA)-(AES-256-GCM)',
    ],
    [
      'of AnyConnect',
      ['--dtls12-ciphers=AES128-GCM-SHA256', '--dtls-ciphers=none'],
      '',
      /X-DTLS12-CipherSuite: AES128-GCM-SHA256/,
      '(DTLS1.2)-(RSA)-(AES-128-GCM)',
    ],
    [
      'where PSK is off',
      [],
      'dtls-psk = false',
      /X-DTLS12-CipherSuite: ECDHE-RSA-AES256-GCM-SHA384/,
      '(DTLS1.2)-(ECDHE-RSA)-(AES-256-GCM)',
    ],
  ] as const) {
    test(`a suite ${name}: the session is resumed, packets of every size pass`, async () => {
      await using network = await createNetwork();
      const [namespace] = network.clients;
      assert.ok(namespace !== undefined);
      await using site = await Site.create({ namespace: network.server, config });
      await site.start();
      const server = network.serverAddress(0);
      await using client = await Client.connect({ site, namespace, server, args: [...args] });
      assert.match(client.output(), header);
      assert.match(client.output(), /X-DTLS-Session-ID: [0-9a-f]{64}/);
      assert.match(client.output(), /X-DTLS-MTU: 1434/);
      assert.doesNotMatch(client.output(), /X-DTLS-App-ID/);
      assert.ok(await client.ping('192.168.77.1'), client.output());
      assert.ok(await client.ping('192.168.77.1', { bytes: 1406 }), client.output());
      const user = await showUser(site);
      assert.equal(user['DTLS cipher'], suite);
      await client.leave();
      assert.doesNotMatch(site.log(), /DTLS handshake/);
    });
  }

  test('flights are lost: the handshake is made all the same, and no packet after it', async () => {
    await using path = await createRoutedPath();
    await using site = await Site.create({ namespace: path.server, config: 'dtls-psk = false' });
    await site.start();
    await path.router.nft(`
      table inet lost {
        chain forward {
          type filter hook forward priority 0
          udp dport 4443 numgen inc mod 1000000 { 0, 2 } drop
          udp sport 4443 numgen inc mod 1000000 { 0 } drop
        }
      }`);
    const namespace = path.client;
    await using client = await Client.connect({ site, namespace, server: path.serverAddress });
    await until('DTLS', async () => hasDtls(await showUser(site)), 20_000);
    const series = await pingSeries(namespace, insideServer, { count: 10 });
    assert.equal(series.received, 10, series.text + client.output());
  });

  test('clients with nothing but the pre-standard protocol go by TLS, and so does everybody with dtls-legacy = false', async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using site = await Site.create({ namespace: network.server });
    await site.start();
    const options = { site, namespace, server: network.serverAddress(0) };
    const connect = async (args: readonly string[]): Promise<string> => {
      await using client = await Client.start({ ...options, args });
      await client.ready(false);
      assert.ok(await client.ping('192.168.77.1'), client.output());
      assert.ok(!hasDtls(await showUser(site)));
      await client.leave();
      return client.output();
    };
    assert.doesNotMatch(await connect(['--dtls-ciphers=AES128-SHA', '--dtls12-ciphers=none']), /X-DTLS-/);
    await site.stop();
    await site.configure('dtls-psk = false\ndtls-legacy = false');
    await site.start();
    assert.doesNotMatch(await connect([]), /X-DTLS-/);
  });
});
