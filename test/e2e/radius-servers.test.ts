// RADIUS servers that are dead, silent or lying: another one is asked, or the login fails in bounded time, with a
// clear line in the log and without blame for the client.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { until, type Running } from '../support/command.ts';
import type { Namespace } from '../support/namespace.ts';
import { FreeRadius, radiusSecret, writeRadiusClient } from '../support/radius.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

const users = 'alice Cleartext-Password := "planted-password"\n';
const password = 'planted-password';
const authPort = 2812;
const good = `127.0.0.1:${String(authPort)}`;

function open(client: Parameters<typeof writeRadiusClient>[1]): Promise<Scene> {
  return Scene.open({
    config: (folder) => `auth = "radius[config=${folder}/radiusclient.conf]"\nlog-level = 9`,
    async prepare(site) {
      await writeRadiusClient(site.folder, client);
    },
  });
}

async function responder(namespace: Namespace, mode: 'silent' | 'lying', port: number): Promise<Running> {
  const script = path.join(root, 'test/e2e/fixtures/radius-responder.ts');
  const running = namespace.start([process.execPath, script, mode, String(port)]);
  await until('the responder', () => running.output().includes('ready'));
  return running;
}

test('a dead first server costs no login, nor does a silent one', async () => {
  await using scene = await open({
    auth: ['127.0.0.1:1', '127.0.0.1:1912', good],
    timeout: 1,
    retries: 0,
    more: 'radius_deadtime 60',
  });
  const { site, network } = scene;
  await using _silent = await responder(network.server, 'silent', 1912);
  await using _radius = await FreeRadius.start({ namespace: network.server, users, authPort });
  const client = await scene.connect({ password });
  await site.logged(/radius: server 127\.0\.0\.1:1 is not running/);
  await site.logged(/radius: server 127\.0\.0\.1:1912 gave no answer \(1 try\)/);
  await client.leave();
  // Both are asked last now.
  await scene.logIn({ password });
  assert.equal(site.log().match(/127\.0\.0\.1:1912 gave no answer/g)?.length, 1);
});

test('every address of a server’s name is asked', async () => {
  await using scene = await Scene.open({
    config: (folder) => `auth = "radius[config=${folder}/radiusclient.conf]"\nlog-level = 9`,
    async prepare(site, { server }) {
      // On the first, which comes first everywhere (RFC 6724), nobody listens.
      await server.setHosts('127.0.0.1 localhost\n::1 radius.test\n127.0.0.1 radius.test');
      await writeRadiusClient(site.folder, {
        auth: [`radius.test:${authPort}:${radiusSecret}`],
        timeout: 1,
        retries: 0,
      });
    },
  });
  await using _radius = await FreeRadius.start({ namespace: scene.network.server, users, authPort });
  await scene.logIn({ password });
  assert.doesNotMatch(scene.site.log(), /radius: server/);
});

test('silent servers: the login fails in bounded time, is told apart from a wrong password and costs no points', async () => {
  await using scene = await open({ auth: ['127.0.0.1:1912'], timeout: 1, retries: 1 });
  const { site, network } = scene;
  await using _silent = await responder(network.server, 'silent', 1912);
  const output = await scene.refused({ password });
  assert.match(output, /HTTP\/1\.1 401 Internal error/);
  await site.logged(
    /cannot authenticate user 'alice' \(session: \S+\): no RADIUS server gave an answer: 127\.0\.0\.1:1912 gave no answer \(2 tries\)/,
  );
  const points = await site.occtlJson<{ Score: number }[]>('show', 'ip', 'ban', 'points');
  assert.deepEqual(
    points.filter(({ Score }) => Score >= 10),
    [],
  );
  // It comes to life: the next login is let in.
  await _silent.stop();
  await using _radius = await FreeRadius.start({ namespace: network.server, users, authPort: 1912 });
  await scene.logIn({ password });
});

test('a lying server lets nobody in, and its lies are named in the log', async () => {
  await using scene = await open({ auth: ['127.0.0.1:1912'], timeout: 1, retries: 0 });
  const { site, network } = scene;
  await using _liar = await responder(network.server, 'lying', 1912);
  await scene.refused({ password });
  await site.logged(/radius: an answer of 127\.0\.0\.1:1912 is ignored: the response authenticator is wrong/);
  await site.stop();
  assert.doesNotMatch(site.log(), new RegExp(`planted|${radiusSecret}`));
});

test('a configuration that cannot be used keeps the server from starting, and says where it is wrong', async () => {
  await using scene = await open({});
  const { site } = scene;
  await site.stop();
  await writeRadiusClient(site.folder, { more: 'serv-type tls\nradius_deadtime soon' });
  await assert.rejects(
    site.start(),
    /radiusclient\.conf:10: serv-type: expected udp, found "tls"[\s\S]*radiusclient\.conf:11: radius_deadtime: expected 0…86400, found "soon"/,
  );
});
