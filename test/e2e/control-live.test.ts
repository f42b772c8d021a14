// occtl top and --watch: once on a pipe, live on a terminal, which is given back as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start, until } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

test('the live views show who is there, on a pipe and on a terminal', async () => {
  await using scene = await Scene.open({ users: { alice: { password: 'secret' } } });
  const { site } = scene;
  const socketFile = `${site.folder}/occtl.socket`;
  const alice = await scene.connect({ args: [] });
  assert.ok(await alice.ping('192.168.77.1'));
  await until('DTLS', async () => (await site.occtl('show', 'users')).stdout.includes('AES'));

  const once = await site.occtl('top');
  assert.equal(once.status, 0, once.stderr);
  assert.match(
    once.stdout,
    /^1 tunnels, 1 connections, .*\nuser .*\nalice +192\.168\.77\.\d+ .* \d+ms dtls AES/,
  );
  const json = JSON.parse((await site.occtl('--json', 'top')).stdout) as { flows: { username: string }[] };
  assert.deepEqual(
    json.flows.map(({ username }) => username),
    ['alice'],
  );
  assert.match((await site.occtl('top', '--sort', 'shoe-size')).stderr, /--sort=shoe-size/);

  const watch = site.startOcctl('--watch=1', 'show', 'users');
  await until('the second table', () => (watch.output().match(/ alice /g) ?? []).length >= 2);
  await watch.stop('SIGINT');
  assert.equal(await watch.ended, 0);

  // script(1) makes the terminal; q comes a while after the start.
  const command = `stty cols 80 rows 24; '${root}/bin/occtl' -s '${socketFile}' top; echo "status $?"`;
  const terminal = start(
    [
      'sh',
      '-c',
      `{ sleep 4; printf q; sleep 1; } | script -qec "${command.replaceAll('"', '\\"').replaceAll('$', '\\$')}" /dev/null`,
    ],
    {},
  );
  await terminal.ended;
  const seen = terminal.output();
  assert.match(seen, /\u001b\[\?1049h[\s\S]*alice +192\.168\.77\.\d+[\s\S]*q quit[\s\S]*\u001b\[\?1049l/);
  assert.match(seen, /status 0/);
});
