// occtl on a running server: whom it sends away, what becomes of their cookies, what it shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';

const users = { alice: { password: 'secret' }, bob: { password: 'secret' } };

test('occtl ends users, connections and sessions, and shows who comes and goes', async () => {
  await using scene = await Scene.open({ clients: 2, users });
  const { site } = scene;
  const text = site.startOcctl('show', 'events');
  const json = site.startOcctl('-j', 'show', 'events');
  await until('both watches', () => text.output().includes("Press 'q'") && json.output().includes('"list"'));
  const told = async (...args: readonly string[]): Promise<[number | null, string]> => {
    const { status, stdout } = await site.occtl(...args);
    return [status, stdout.trim()];
  };
  const idOf = async (user: string): Promise<string> => {
    const rows = await site.occtlJson<{ ID: number }[]>('show', 'user', user);
    return String(rows[0]?.ID);
  };

  // disconnect: the tunnel and, without persistent-cookies, the cookie.
  let cookie = await scene.logIn();
  let alice = await scene.connect({ cookie });
  assert.deepEqual(await told('disconnect', 'user', 'alice'), [0, "user 'alice' was disconnected"]);
  await alice.process.ended;
  assert.match(alice.output(), /Received server disconnect/);
  await scene.refused({ cookie });
  alice = await scene.connect();
  const id = await idOf('alice');
  assert.deepEqual(await told('disconnect', 'id', id), [0, `connection ID '${id}' was disconnected`]);
  await alice.process.ended;
  assert.deepEqual(await told('disconnect', 'user', 'alice'), [1, "could not disconnect user 'alice'"]);
  assert.deepEqual(await told('disconnect', 'id', id), [1, `could not disconnect ID '${id}'`]);

  // terminate session: the cookie alone; terminate id and user: both.
  cookie = await scene.logIn();
  alice = await scene.connect({ cookie });
  const [session] = await site.occtlJson<{ Session: string; 'Full session': string }[]>(
    'show',
    'sessions',
    'valid',
  );
  assert.ok(session !== undefined);
  const [status, sentence] = await told('terminate', 'session', session['Full session']);
  assert.deepEqual([status, sentence], [0, `session '${session.Session}' was terminated`]);
  assert.ok(await alice.ping('192.168.77.1'), 'the tunnel is left running');
  await scene.refused({ cookie, from: 1 });
  const connection = await idOf('alice');
  assert.deepEqual(await told('terminate', 'id', connection), [
    0,
    `connection ID '${connection}' was terminated (session invalidated)`,
  ]);
  await alice.process.ended;

  const bobs = [await scene.logIn({ user: 'bob' }), await scene.logIn({ user: 'bob', from: 1 })];
  const bob = await scene.connect({ user: 'bob', cookie: bobs[0] ?? '' });
  assert.deepEqual(await told('terminate', 'user', 'bob'), [
    0,
    "user 'bob' was terminated (session invalidated)",
  ]);
  await bob.process.ended;
  for (const dead of bobs) await scene.refused({ cookie: dead });
  assert.deepEqual(await site.occtlJson('show', 'sessions', 'all'), []);

  // What the watches saw.
  await until('the last event', () => /disconnect user 'bob'/.test(text.output()));
  assert.match(
    text.output(),
    /^default: connected user 'alice' \(\d+\) from 10\.80\.0\.2 with IP 192\.168\.77\.\d+$/m,
  );
  assert.match(
    text.output(),
    /^default: disconnect user 'alice' \(\d+\) from 10\.80\.0\.2 with IP 192\.168\.77\.\d+ \(reason: server disconnected, time: +\d+s\)$/m,
  );
  await until('the last event', () => json.output().trim().split('\n').length === 9);
  const seen = json
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; user?: { Username: string } });
  assert.deepEqual(
    seen.map(({ event, user }) => (user === undefined ? event : `${event} ${user.Username}`)),
    [
      'list',
      ...['alice', 'alice', 'alice', 'bob'].flatMap((user) => [`connect ${user}`, `disconnect ${user}`]),
    ],
  );
  await text.stop('SIGINT');
  await json.stop('SIGINT');
  assert.deepEqual([await text.ended, await json.ended], [0, 0]);

  // Everything occtl prints as JSON is JSON.
  await scene.connect({ args: [] });
  const views = [
    'status',
    'users',
    'user alice',
    'id 1',
    'iroutes',
    'ip bans',
    'ip ban points',
    'sessions all',
  ];
  for (const what of [...views, 'sessions valid', 'session abcdef']) {
    const { stdout } = await site.occtl('-j', 'show', ...what.split(' '));
    assert.doesNotThrow(() => JSON.parse(stdout) as unknown, `${what}: ${stdout}`);
  }
});
