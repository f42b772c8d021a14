// A reload under running sessions: what is new holds for new ones, what is wrong changes nothing.
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun, until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';

test('new sessions see the new values, old ones go on with theirs', async () => {
  await using scene = await Scene.open({
    clients: 3,
    config: 'banner = first words\nroute = 10.1.0.0/16\ndns = 192.168.77.1\nmax-clients = 1',
  });
  const { site } = scene;
  const old = await scene.connect();
  assert.equal(await old.variable('CISCO_SPLIT_INC_0_ADDR'), '10.1.0.0');
  await scene.refused({ from: 1 });

  await site.configure('banner = other words\nroute = 10.2.0.0/16\ndns = 192.168.77.53\nmax-clients = 8');
  assert.ok(site.server !== undefined);
  process.kill(site.server.pid, 'SIGHUP');
  await site.logged(/reloading configuration/);
  const young = await until('the new values', async () => {
    const client = await scene.connect({ from: 1 });
    if ((await client.variable('CISCO_BANNER')) === 'other words') return client;
    await client.leave();
    return undefined;
  });
  assert.equal(await young.variable('CISCO_SPLIT_INC_0_ADDR'), '10.2.0.0');
  assert.equal(await young.variable('INTERNAL_IP4_DNS'), '192.168.77.53');
  for (const client of [old, young]) assert.ok(await client.ping('192.168.77.1'));
  const users = await site.occtlJson<{ Routes: string[] }[]>('show', 'users');
  assert.deepEqual(users.map(({ Routes }) => Routes).flat(), [
    '10.2.0.0/255.255.0.0',
    '10.1.0.0/255.255.0.0',
  ]);
  assert.equal(old.process.hasEnded(), false);
  assert.doesNotMatch(old.output(), /reconnect/i);
});

test('a configuration with mistakes changes nothing, and occtl names them', async () => {
  await using scene = await Scene.open({ clients: 2, config: 'banner = first words' });
  const { site } = scene;
  const old = await scene.connect();
  await site.configure('banner = other words\nrekey-method = sll\ncookie-timout = 5');
  const { status, stdout, stderr } = await site.occtl('reload');
  assert.equal(status, 1);
  assert.match(stdout, /^Error scheduling reload$/m);
  assert.match(stderr, /ocserv\.conf:\d+:\d+: rekey-method: found "sll"/);
  assert.match(stderr, /the running configuration stays in force/);
  assert.ok(site.server !== undefined);
  process.kill(site.server.pid, 'SIGHUP');
  await site.logged(
    /the configuration was not reloaded; the former one stays in force[^]*the configuration was not reloaded/,
  );
  await site.logged(/skipping unknown option 'cookie-timout'/);

  await site.configure('banner = other words\nserver-key = /nowhere/key.pem');
  assert.equal((await site.occtl('reload')).status, 1);
  await site.configure(`banner = other words\nserver-key = ${site.configFile}`);
  assert.equal((await site.occtl('reload')).status, 1, 'no key');

  const young = await scene.connect({ from: 1 });
  assert.equal(await young.variable('CISCO_BANNER'), 'first words');
  for (const client of [old, young]) assert.ok(await client.ping('192.168.77.1'));
});

test('a changed certificate is what new handshakes get; an option that needs a restart is named', async () => {
  await using scene = await Scene.open({ clients: 2 });
  const { site } = scene;
  const old = await scene.connect();
  const former = path.join(site.folder, 'former.pem');
  await copyFile(path.join(site.folder, 'server-cert.pem'), former);
  await mustRun([
    ...['openssl', 'req', '-x509', '-nodes', '-days', '30', '-subj', '/CN=vpn.test', '-newkey', 'rsa:2048'],
    ...['-addext', 'subjectAltName=DNS:vpn.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-keyout', `${site.folder}/server-key.pem`, '-out', `${site.folder}/server-cert.pem`],
  ]);
  await site.configure('udp-port = 5555\ntcp-port = 4443');
  const { status, stderr } = await site.occtl('reload');
  assert.equal(status, 0);
  assert.match(stderr, /"udp-port" takes effect after a restart/);
  await scene.refused({ from: 1, certificate: former });
  const young = await scene.connect({ from: 1, args: [] });
  assert.ok(young.hasDtls(), 'the announced port is the one that is open');
  for (const client of [old, young]) assert.ok(await client.ping('192.168.77.1'));

  // A pair that does not fit must not take the place of one that works.
  await copyFile(former, path.join(site.folder, 'server-cert.pem'));
  assert.equal((await site.occtl('reload')).status, 1);
  await young.leave();
  await writeFile(path.join(site.folder, 'server-cert.pem'), await readFile(former));
  await scene.refused({ from: 1, certificate: former });
});
