// A server whose key is encrypted: its PIN in the configuration or in a file, and what it says without.
import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

test('openconnect logs in to a server with an encrypted key', async () => {
  const pin = 'planted pin 7';
  await using scene = await Scene.open({
    config: (folder) => `pin-file = ${folder}/pin`,
    async prepare({ folder }) {
      await writeFile(path.join(folder, 'pin'), `${pin}\n`, { mode: 0o600 });
      const key = `${folder}/server-key.pem`;
      const words = [
        'pkcs8',
        '-topk8',
        '-v2',
        'aes-256-cbc',
        '-in',
        key,
        '-out',
        `${key}.new`,
        '-passout',
        `file:${folder}/pin`,
      ];
      await mustRun(['openssl', ...words]);
      await rename(`${key}.new`, key);
    },
  });
  const { site } = scene;
  const client = await scene.connect();
  assert.ok(await client.ping('192.168.77.1'), client.output());
  await client.leave();
  await site.stop();

  await site.configure(`key-pin = "${pin}"`);
  await site.start();
  assert.ok((await scene.logIn()) !== '');
  await site.stop();

  const refused = async (config: string): Promise<string> => {
    await site.configure(config);
    const outcome = await site.namespace.run([
      ...[path.join(root, 'bin/ocserv'), '--foreground', '--config', site.configFile],
    ]);
    assert.equal(outcome.status, 1);
    assert.ok(!outcome.stderr.includes('another one'), outcome.stderr);
    return outcome.stderr;
  };
  assert.match(await refused(''), /server-key\.pem'; expected key-pin or pin-file, as the key is encrypted/);
  assert.match(
    await refused('key-pin = another one'),
    /server-key\.pem'; expected a PEM private key, and its PIN/,
  );
  assert.match(await refused(`pin-file = ${site.folder}/nowhere`), /nowhere.*expected a file with the PIN/);
  assert.ok(!site.log().includes(pin));
});
