// Behind haproxy: who the client is, is told by the PROXY header, and everything goes by it. DTLS comes past the front end.
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, logIn } from '../support/client.ts';
import { until } from '../support/command.ts';
import { startFrontEnd } from '../support/front-end.ts';
import { createNetwork } from '../support/namespace.ts';
import { Outpost } from '../support/outpost.ts';
import { createRoutedPath } from '../support/routed-path.ts';
import { Site } from '../support/site.ts';
import { hasDtls, showUser } from '../support/users.ts';

const behind = (address: string): string =>
  [
    ...['listen-host = 127.0.0.1', `udp-listen-host = ${address}`],
    ...['listen-proxy-proto = true', 'proxy-proto-trusted = 127.0.0.0/8'],
  ].join('\n');

describe('PROXY protocol', { concurrency: 2 }, () => {
  for (const words of ['send-proxy', 'send-proxy-v2 proxy-v2-options crc32c,unique-id']) {
    test(`openconnect through haproxy (${words}), DTLS beside it; log, occtl and scripts name the client`, async () => {
      await using network = await createNetwork();
      const address = network.serverAddress(0);
      await using site = await Site.create({ namespace: network.server });
      await site.configure(`${behind(address)}\nconnect-script = ${site.folder}/script`);
      await writeFile(path.join(site.folder, 'script'), `#!/bin/sh\nenv >${site.folder}/environment\n`);
      await chmod(path.join(site.folder, 'script'), 0o700);
      await site.start();
      const binds = [`${address}:4443`];
      const server = '127.0.0.1:4443';
      const { folder } = site;
      await using _ = await startFrontEnd({ namespace: network.server, folder, binds, server, words });
      const [namespace] = network.clients;
      assert.ok(namespace !== undefined);
      await using client = await Client.connect({ site, namespace, server: address });
      assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), client.output());
      const user = await showUser(site);
      assert.equal(user['Remote IP'], '10.80.0.2');
      assert.ok(hasDtls(user));
      const environment = (await readFile(path.join(site.folder, 'environment'), 'utf8')).split('\n');
      assert.ok(environment.includes('IP_REAL=10.80.0.2'), environment.join('\n'));
      assert.ok(environment.includes(`IP_REAL_LOCAL=${address}`), environment.join('\n'));
      await client.leave();
      await site.logged(/worker\[alice\]: 10\.80\.0\.2 received BYE packet/);
      await site.logged(/10\.80\.0\.2:\d+ user disconnected \(reason: user disconnected/);
      assert.doesNotMatch(site.log(), /worker.*: 127\.0\.0\.1/);
    });
  }

  test('an IPv6 client of a front end that speaks IPv4 with the server', async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    const address = network.serverAddress6(0);
    await using site = await Site.create({ namespace: network.server, config: behind(address) });
    await site.start();
    await using _ = await startFrontEnd({
      namespace: network.server,
      folder: site.folder,
      binds: [`[${address}]:4443`],
      server: '127.0.0.1:4443',
      words: 'send-proxy-v2',
    });
    await using client = await Client.connect({ site, namespace, server: address });
    assert.ok(await client.ping('192.168.77.1', { bytes: 1300 }), client.output());
    const user = await showUser(site);
    assert.equal(user['Remote IP'], 'fd80::2');
    assert.ok(hasDtls(user));
  });

  test('wrong passwords ban the client; the front end and its health checks are left alone', async () => {
    await using network = await createRoutedPath();
    await using site = await Site.create({
      namespace: network.server,
      config: `${behind(network.serverAddress)}\nmax-ban-score = 20\nban-time = 60`,
    });
    await site.start();
    await using _ = await startFrontEnd({
      namespace: network.server,
      folder: site.folder,
      binds: [`${network.serverAddress}:4443`],
      server: '127.0.0.1:4443',
      words: 'send-proxy-v2 check inter 50ms check-send-proxy',
    });
    await network.client.mustRun(['ip', 'addr', 'add', '10.81.0.77/24', 'dev', 'eth0']);
    const options = { site, namespace: network.client, server: network.serverAddress };
    await sleep(1500);
    await using refused = await Client.start({ ...options, password: 'wrong', answers: ['wrong', 'wrong'] });
    assert.notEqual(await refused.process.ended, 0);
    await site.logged(/added IP '10\.81\.0\.2' \(with score \d+\) to ban list/);
    await using banned = await Client.start(options);
    assert.notEqual(await banned.process.ended, 0);
    await site.logged(/rejected connection from banned IP: 10\.81\.0\.2/);
    // From its other address the same front end brings it in.
    await network.client.mustRun([
      ...['ip', 'route', 'replace', 'default', 'via', '10.81.0.1', 'src', '10.81.0.77'],
    ]);
    assert.ok((await logIn(options)) !== '');
    const { stdout } = await site.occtl('show', 'ip', 'ban', 'points');
    assert.doesNotMatch(stdout, /127\.0\.0\.1/);
    assert.doesNotMatch(site.log(), /no PROXY header|ends in the middle/);
  });

  test('without header, with a false one, or from somebody who is not believed: closed, one line each', async () => {
    await using network = await createNetwork();
    const address = network.serverAddress(0);
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    await using site = await Site.create({
      namespace: network.server,
      config: 'listen-proxy-proto = true\nproxy-proto-trusted = 10.80.0.3',
    });
    await site.start();
    for (const host of ['10.80.0.3', '10.80.0.4']) {
      await namespace.mustRun(['ip', 'addr', 'add', `${host}/24`, 'dev', 'eth0']);
    }
    await using outpost = await Outpost.open(namespace, address);
    const spoofed = 'PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n';
    for (const [from, bytes, words] of [
      ['10.80.0.3', 'GET / HTTP/1.1\r\n\r\n', /rejected connection from 10\.80\.0\.3:\d+: no PROXY header/],
      ['10.80.0.3', 'PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n', /10\.80\.0\.3:\d+: a malformed PROXY line/],
      ['10.80.0.4', spoofed, /rejected connection from 10\.80\.0\.4: it is not in proxy-proto-trusted/],
    ] as const) {
      const socket = outpost.tcp(from);
      socket.write(bytes, 'latin1');
      await site.logged(words);
      socket.destroy();
    }
    // Believed: what is wrong from here on is the business of the address it names.
    const socket = outpost.tcp('10.80.0.3');
    socket.write(`${spoofed}no ClientHello`, 'latin1');
    await site.logged(/worker: 192\.0\.2\.7 TLS handshake failed/);
    socket.destroy();
    await until('nothing to be left', async () => {
      const { stdout } = await site.namespace.run(['ss', '-Htn', 'state', 'established', 'sport = :4443']);
      return stdout.trim() === '';
    });
  });
});
