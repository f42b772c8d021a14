// The control client as another program gets it: by the package's export, with types that hold.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

const program = `
import { connectControl, controlErrors, VarlinkError, type ControlEvent } from 'ocserv/control';

const control = await connectControl(process.argv[2] ?? '');
const { status } = (await control.call('GetStatus', {})).parameters;
const pid: number = status.serverPid;
const names: (string | undefined)[] = [];
for await (const { users } of control.stream('ListUsers', {})) names.push(...users.map((user) => user.username));
let refusal = '';
try {
  await control.call('DisconnectId', { id: 4711, terminate: false });
} catch (error) {
  if (error instanceof VarlinkError && error.error === controlErrors.NotFound) refusal = 'not found';
}
const first: ControlEvent[] = [];
for await (const { event } of control.stream('Watch', {})) {
  first.push(event);
  break;
}
console.log(JSON.stringify({ pid: pid > 0, names, refusal, first: first.map((event) => event.kind) }));
control.close();
`;

test('another program imports the client, is checked against its types, and uses every kind of call', async () => {
  await using scene = await Scene.open({ users: { alice: { password: 'secret' } } });
  await scene.connect();
  const folder = await mkdtemp(path.join(tmpdir(), 'ocserv-client-'));
  try {
    await mkdir(path.join(folder, 'node_modules/@types'), { recursive: true });
    await symlink(root, path.join(folder, 'node_modules/ocserv'));
    await symlink(path.join(root, 'node_modules/@types/node'), path.join(folder, 'node_modules/@types/node'));
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(folder, 'program.ts'), program);
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node'];
    await mustRun([
      'sh',
      '-c',
      `cd '${folder}' && exec '${process.execPath}' '${tsc}' ${options.join(' ')} program.ts`,
    ]);
    const said = await mustRun([
      process.execPath,
      path.join(folder, 'program.js'),
      `${scene.site.folder}/occtl.socket`,
    ]);
    assert.deepEqual(JSON.parse(said), {
      pid: true,
      names: ['alice'],
      refusal: 'not found',
      first: ['list'],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
