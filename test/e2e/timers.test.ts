// What ends or renews a session by the clock.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Scene } from '../support/scene.ts';

const users = Object.fromEntries(['alice', 'bob', 'carol'].map((name) => [name, { password: 'secret' }]));

test('idle-timeout ends a silent session and not its cookie, session-timeout ends both', async () => {
  await using scene = await Scene.open({
    clients: 3,
    users,
    config: (folder) => `config-per-user = ${folder}/users`,
    async prepare({ folder }) {
      await mkdir(path.join(folder, 'users'));
      await writeFile(path.join(folder, 'users/alice'), 'idle-timeout = 3\n');
      await writeFile(path.join(folder, 'users/bob'), 'session-timeout = 6\n');
      await writeFile(path.join(folder, 'users/carol'), 'idle-timeout = 3\n');
    },
  });
  const { site } = scene;
  const cookies = {
    alice: await scene.logIn({ user: 'alice' }),
    bob: await scene.logIn({ user: 'bob', from: 1 }),
  };
  const alice = await scene.connect({ cookie: cookies.alice });
  const bob = await scene.connect({ cookie: cookies.bob, from: 1 });
  const carol = await scene.connect({ user: 'carol', from: 2, args: [] });
  // UDP to a closed port is traffic; what comes back is an ICMP message, which is none.
  const busy = scene
    .namespace(2)
    .start(['bash', '-c', 'while :; do echo x >/dev/udp/192.168.77.1/9; sleep 0.5; done']);
  try {
    assert.match(alice.output(), /X-CSTP-Idle-Timeout: 3\b/);
    assert.match(bob.output(), /X-CSTP-Session-Timeout: 6\b/);
    await site.logged(/main\[alice\].*user disconnected \(reason: idle timeout/);
    await site.logged(/main\[bob\].*user disconnected \(reason: session timeout/);
    await site.logged(/worker\[alice\]: 10\.80\.0\.2 idle timeout reached for process \(3 secs\)/);
    await site.logged(/worker\[bob\]: 10\.80\.1\.2 session timeout reached for process \([56] secs\)/);
    await Promise.all([alice.process.ended, bob.process.ended]);
    assert.equal(carol.process.hasEnded(), false, 'traffic keeps a session');
  } finally {
    await busy.stop('SIGKILL');
  }
  await site.logged(/main\[carol\].*user disconnected \(reason: idle timeout/);
  await scene.connect({ cookie: cookies.alice });
  await scene.refused({ cookie: cookies.bob, from: 1 });
  const status = await site.occtlJson<Record<string, unknown>>('show', 'status');
  assert.equal(status['Timed out sessions'], 1);
  assert.equal(status['Timed out (idle) sessions'], 2);
});

test('both ways of rekeying, with DTLS and without, lose no packet', async () => {
  const config = (method: string): string => `rekey-time = 4\nrekey-method = ${method}`;
  await using scene = await Scene.open({ clients: 4, users, config: config('new-tunnel') });
  const { site } = scene;
  const renewed = [await scene.connect({ args: [] }), await scene.connect({ from: 1 })];
  await site.configure(config('ssl'));
  assert.equal((await site.occtl('reload')).status, 0);
  const rekeyed = [await scene.connect({ from: 2, args: [] }), await scene.connect({ from: 3 })];
  const clients = [...renewed, ...rekeyed];
  const came = await Promise.all(clients.map((client) => client.ping('192.168.77.1', { count: 60 })));
  assert.deepEqual(
    came,
    [true, true, true, true],
    `${clients.map((client) => client.output()).join('\n\n')}`,
  );
  const connects = (output: string): number => output.match(/Got CONNECT response/g)?.length ?? 0;
  for (const client of renewed) {
    assert.match(client.output(), /X-CSTP-Rekey-Method: new-tunnel/);
    assert.ok(connects(client.output()) > 1, 'a new tunnel');
  }
  for (const client of rekeyed) {
    assert.match(client.output(), /X-CSTP-Rekey-Method: ssl/);
    assert.match(client.output(), /CSTP rekey due/);
    assert.equal(connects(client.output()), 1, 'the tunnel stays');
  }
  for (const client of clients) assert.equal(client.process.hasEnded(), false);
});
