// Accounting when something ends that should not: an outage of the RADIUS server, the death of our own processes, and the
// stop of the whole server. No record is lost, against the detail file of a real FreeRADIUS.
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAccounted, password, story, users } from '../support/accounted-scene.ts';
import { until } from '../support/command.ts';
import { FreeRadius, writeRadiusClient } from '../support/radius.ts';
import { Scene } from '../support/scene.ts';

test('an outage of the server loses nothing, not even when our process dies in it', async () => {
  await using scene = await openAccounted();
  const { site, network } = scene;
  await using radius = await FreeRadius.start({ namespace: network.server, users });
  const client = await scene.connect({ password });
  await radius.record('Start');
  await radius.stop();
  await site.logged(
    /accounting: no RADIUS server gave an answer: 127\.0\.0\.1:1813 .*; records are kept until a server takes them/,
  );
  const [secmod] = await site.children('ocserv-sm');
  assert.ok(secmod !== undefined);
  process.kill(secmod, 'SIGKILL');
  await until('a new security module', async () =>
    (await site.children('ocserv-sm')).some((pid) => pid !== secmod),
  );
  assert.ok(await client.ping('192.168.77.1', { bytes: 1000 }));
  await client.leave();
  await site.logged(/user disconnected \(reason: user disconnected/);
  await radius.start();
  const stop = await radius.record('Stop', 'alice', 40_000);
  assert.equal(stop['Acct-Terminate-Cause'], 'User-Request');
  assert.ok(Number(stop['Acct-Input-Octets']) >= 3084, JSON.stringify(stop));
  assert.ok(Number(stop['Acct-Delay-Time']) >= 1);
  const kinds = story(await radius.records());
  assert.deepEqual(
    [kinds[0], kinds.at(-1), kinds.filter((kind) => kind !== 'Interim-Update').length],
    ['Start', 'Stop', 2],
  );
  await site.logged(/accounting: records are taken again/);
});

// OCSERV_OUTAGE_SECONDS=60 node --test test/e2e/radius-accounting-failures.test.ts
const outageSeconds = Math.max(1, Number.parseInt(process.env['OCSERV_OUTAGE_SECONDS'] ?? '6', 10));

test(`an outage of ${String(outageSeconds)} s: what goes on in it is not held up, and every record comes once`, async () => {
  await using scene = await Scene.open({
    clients: 2,
    config: (folder) =>
      [
        'auth = plain[passwd=FOLDER/passwd]'.replace('FOLDER', folder),
        `acct = "radius[config=${folder}/radiusclient.conf]"`,
        'stats-report-time = 2',
        'log-level = 3',
      ].join('\n'),
    users: Object.fromEntries(['stays', 'leaves', 'comes', 'passes'].map((name) => [name, { password }])),
    async prepare(site) {
      await writeRadiusClient(site.folder, { timeout: 1, retries: 0 });
    },
  });
  const { site, network } = scene;
  await using radius = await FreeRadius.start({ namespace: network.server, users });
  const connect = (user: string, from: number, device: string) =>
    scene.connect({ user, password, from, device });
  const stays = await connect('stays', 0, 'tun0');
  const leaves = await connect('leaves', 1, 'tun1');
  await radius.record('Start', 'stays');
  await radius.record('Start', 'leaves');
  await radius.stop();
  const over = sleep(outageSeconds * 1000);
  const comes = await connect('comes', 1, 'tun2');
  assert.ok(await comes.ping('192.168.77.1', { bytes: 1000 }));
  await leaves.leave();
  const passes = await connect('passes', 1, 'tun3');
  await passes.leave();
  await site.logged(/records are kept until a server takes them/);
  await over;
  assert.ok(await stays.ping('192.168.77.1'));
  await radius.start();
  // The pause between tries grows with the outage.
  const patienceMs = 40_000 + outageSeconds * 1000;
  for (const user of ['leaves', 'passes']) {
    const stop = await radius.record('Stop', user, patienceMs);
    assert.equal(stop['Acct-Terminate-Cause'], 'User-Request', user);
    assert.ok(Number(stop['Acct-Delay-Time']) >= 1, JSON.stringify(stop));
  }
  await comes.leave();
  await stays.leave();
  for (const user of ['stays', 'comes']) await radius.record('Stop', user, patienceMs);
  const records = await radius.records();
  for (const user of ['stays', 'leaves', 'comes', 'passes']) {
    const kinds = story(records.filter((record) => record['User-Name'] === user));
    assert.deepEqual([kinds[0], kinds.at(-1)], ['Start', 'Stop'], user);
    assert.equal(kinds.filter((kind) => kind !== 'Interim-Update').length, 2, `${user}: ${kinds.join(' ')}`);
  }
});

test('a session that died with the server gets its Stop at the next start; one that comes back goes on', async () => {
  await using scene = await openAccounted('cookie-timeout = 3');
  const { site, network } = scene;
  await using radius = await FreeRadius.start({ namespace: network.server, users });
  const client = await scene.connect({ password });
  await radius.record('Start');
  await client.ping('192.168.77.1');
  await until('an update with counters', async () =>
    (await radius.records()).some(({ 'Acct-Input-Octets': octets }) => Number(octets) > 0),
  );
  await site.stop('SIGKILL');
  await site.start();
  await site.logged(/user logged in[\s\S]*user logged in/, 30_000);
  assert.deepEqual(
    story(await radius.records()).filter((kind) => kind !== 'Interim-Update'),
    ['Start'],
  );
  await site.stop('SIGKILL');
  await client.process.stop('SIGKILL');
  await site.start();
  // Cookie time and its slack of 15 seconds.
  const stop = await radius.record('Stop', 'alice', 30_000);
  assert.equal(stop['Acct-Terminate-Cause'], 'NAS-Reboot');
  assert.ok(Number(stop['Acct-Input-Octets']) > 0, JSON.stringify(stop));
});

test('the stop of the server ends all sessions; one that comes back begins anew', async () => {
  await using scene = await openAccounted();
  const { site, network } = scene;
  await using radius = await FreeRadius.start({ namespace: network.server, users });
  const cookie = await scene.logIn({ password });
  await scene.connect({ cookie });
  const first = await radius.record('Start');
  await site.stop();
  const stop = await radius.record('Stop');
  assert.equal(stop['Acct-Terminate-Cause'], 'Admin-Reboot');
  await site.start();
  const client = await scene.connect({ cookie });
  const again = await until(
    'a second Start',
    async () => (await radius.records()).filter((record) => record['Acct-Status-Type'] === 'Start')[1],
    30_000,
  );
  assert.notEqual(again['Acct-Session-Id'], first['Acct-Session-Id']);
  await client.leave();
  await until('its Stop', async () =>
    (await radius.records()).some(
      (record) =>
        record['Acct-Status-Type'] === 'Stop' && record['Acct-Session-Id'] === again['Acct-Session-Id'],
    ),
  );
});
