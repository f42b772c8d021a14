// The filter in contrib/fail2ban against the log of a running server, as fail2ban itself reads it.
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/command.ts';
import { Pki, presenting, userOid } from '../support/pki.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

const shipped = path.join(root, 'contrib/fail2ban/filter.d/ocserv.conf');

test('fail2ban finds every failed attempt and nothing else, and nobody can put another’s address into it', async () => {
  await using scene = await Scene.open({
    clients: 2,
    config: (folder) =>
      [
        `auth = "plain[passwd=${folder}/passwd]"`,
        'enable-auth = certificate',
        `ca-cert = ${folder}/pki/ca/ca.pem`,
        `cert-user-oid = ${userOid}`,
        'max-ban-score = 0',
      ].join('\n'),
    prepare: ({ folder }) => new Pki(folder).makeAuthority(),
  });
  const { site } = scene;
  const pki = new Pki(site.folder);
  const stranger = await pki.certtoolUser('stranger', 'alice', { issuer: await pki.makeImpostor() });

  await scene.refused({ password: 'wrong' });
  await scene.refused({ user: "x' from '198.51.100.1' (method: plain, reason: y)" });
  await scene.refused({ user: 'bob\nsec-mod: login attempt failed' });
  await scene.refused({ from: 1, args: presenting(stranger) });
  await site.logged(/method: certificate/);
  const cookie = await scene.logIn();
  const visitor = await scene.connect({ cookie });
  await visitor.leave();
  await site.logged(/invalidating session of user 'alice'/);
  await scene.refused({ cookie });
  await site.logged(/method: cookie/);

  const lines = site.log().split('\n').filter(Boolean);
  const attempts = lines.filter((line) => line.startsWith('sec-mod: login attempt failed for user')).length;
  assert.equal(attempts, 5, site.log());
  // As syslog writes it.
  const log = path.join(site.folder, 'syslog');
  await writeFile(log, lines.map((line) => `Nov 25 10:00:00 vpn ocserv[4711]: ${line}\n`).join(''));
  // Beside the file it includes, as it is installed, but without touching the machine's configuration.
  const filter = path.join(site.folder, 'ocserv-filter.conf');
  await copyFile(shipped, filter);
  await copyFile('/etc/fail2ban/filter.d/common.conf', path.join(site.folder, 'common.conf'));
  const found = await mustRun(['fail2ban-regex', '--out', 'ip', log, filter]);
  assert.deepEqual(found.split('\n').filter(Boolean).sort(), [
    '10.80.0.2',
    '10.80.0.2',
    '10.80.0.2',
    '10.80.1.2',
  ]);
  const summary = await mustRun(['fail2ban-regex', log, filter]);
  assert.match(summary, /, 0 ignored, 4 matched, /);
});
