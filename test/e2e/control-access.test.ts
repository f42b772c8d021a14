// Who may use the control socket: root, a group, a group that may only look. Any Varlink client can; changes are logged.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { run } from '../support/command.ts';
import { asNobody } from '../support/nobody.ts';
import { Scene } from '../support/scene.ts';

/** Any Varlink client: one call, its answers as they come. */
function callRaw(socketFile: string, message: object, answers = 1): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketFile);
    let text = '';
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const messages = text.split('\0').slice(0, -1);
      if (messages.length < answers) return;
      socket.destroy();
      resolve(messages.map((one) => JSON.parse(one) as Record<string, unknown>));
    });
    socket.write(`${JSON.stringify(message)}\0`);
  });
}

test('the groups of the caller decide what occtl may do, and each change names who made it', async () => {
  await using scene = await Scene.open({
    users: { alice: { password: 'secret' } },
    // Groups that Debian and others have from the start.
    config: () => 'occtl-socket-group = adm\nocctl-read-only-group = games',
    prepare: async (site) => {
      await run(['chmod', '755', site.folder]);
    },
  });
  const { site } = scene;
  const socketFile = `${site.folder}/occtl.socket`;
  assert.equal(((await stat(socketFile)).mode & 0o777).toString(8), '666');
  await scene.connect();
  const as = async (groups: readonly string[], ...words: readonly string[]) =>
    run(asNobody(site.folder, 'occtl', ['-s', socketFile, ...words], groups));

  const none = await as([], 'show', 'users');
  assert.deepEqual([none.status, none.stdout], [1, '']);
  assert.match(none.stderr, /possibly insufficient permissions/);
  await site.logged(/ctl: refused a connection of uid 65534/);

  const reader = await as(['games'], 'show', 'users');
  assert.equal(reader.status, 0, reader.stderr);
  assert.match(reader.stdout, /alice/);
  const refused = await as(['games'], 'disconnect', 'user', 'alice');
  assert.deepEqual([refused.status, refused.stdout], [1, '']);
  assert.match(refused.stderr, /occtl-socket-group/);
  await site.logged(/ctl: refused disconnect user 'alice' \(uid 65534, process \d+\)/);
  assert.match((await as(['games'], 'show', 'users')).stdout, /alice/, 'still there');

  const admin = await as(['adm'], 'disconnect', 'user', 'alice');
  assert.deepEqual([admin.status, admin.stdout], [0, "user 'alice' was disconnected\n"]);
  await site.logged(/ctl: disconnect user 'alice' \(uid 65534, process \d+\)/);
});

test('the interface describes itself, streams, and refuses by name', async () => {
  await using scene = await Scene.open({ users: { alice: { password: 'secret' } } });
  const { site } = scene;
  const socketFile = `${site.folder}/occtl.socket`;
  assert.equal(((await stat(socketFile)).mode & 0o777).toString(8), '600');
  const call = async (method: string, parameters: object = {}, extra: object = {}, answers = 1) =>
    callRaw(socketFile, { method, parameters, ...extra }, answers);
  const control = 'org.ocserv.Control';

  const [info] = await call('org.varlink.service.GetInfo');
  const { interfaces } = info?.['parameters'] as { interfaces: string[] };
  assert.deepEqual(interfaces, ['org.varlink.service', control]);
  for (const name of interfaces) {
    const [answer] = await call('org.varlink.service.GetInterfaceDescription', { interface: name });
    const { description } = answer?.['parameters'] as { description: string };
    assert.match(description, new RegExp(`^interface ${name.replaceAll('.', '\\.')}$`, 'm'));
  }

  await scene.connect();
  const statistics = await call(`${control}.WatchStatistics`, { intervalMs: 500 }, { more: true }, 3);
  for (const reply of statistics) {
    const { flows } = (reply['parameters'] as { statistics: { flows: Record<string, unknown>[] } })
      .statistics;
    assert.deepEqual([flows.length, flows[0]?.['username'], flows[0]?.['channel']], [1, 'alice', 'tls']);
    assert.equal(reply['continues'], true);
  }
  for (const method of ['Watch', 'WatchStatistics'])
    assert.equal((await call(`${control}.${method}`))[0]?.['error'], 'org.varlink.service.ExpectedMore');
  const [wrong] = await call(`${control}.WatchStatistics`, { intervalMs: 1 }, { more: true });
  assert.deepEqual(wrong, {
    error: 'org.varlink.service.InvalidParameter',
    parameters: { parameter: 'intervalMs' },
  });
  const [nobody] = await call(`${control}.DisconnectUser`, { username: 'nobody', terminate: false });
  assert.equal(nobody?.['error'], `${control}.NotFound`);

  // A watch taken up again where it was left.
  const events = async (...more: readonly string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await site.occtl('--json', 'show', 'events', ...more);
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const [list] = await events('--no-follow');
  assert.equal(list?.['event'], 'list');
  const before = list['number'] as number;
  await site.occtl('disconnect', 'user', 'alice');
  const [end, ...rest] = await events('--no-follow', '--since', String(before));
  assert.deepEqual([end?.['event'], end?.['number'], rest], ['disconnect', before + 1, []]);
  assert.deepEqual(await events('--no-follow', '--since', String(before + 1)), []);
  const [missed] = await events('--no-follow', '--since', '5');
  assert.deepEqual([missed?.['event'], missed?.['missed']], ['list', true]);
});
