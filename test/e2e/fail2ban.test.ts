// The filter in contrib/fail2ban against the log of a running server, as fail2ban itself reads it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mustRun } from '../support/command.ts';
import { Pki, presenting, userOid } from '../support/pki.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

const filter = path.join(root, 'contrib/fail2ban/filter.d/ocserv.conf');

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
  const visitor = await scene.connect();
  await visitor.leave();
  await scene.refused({ cookie: 'AARaP0cTul3W4IWbmHticRGp0H6nLuzREMf1/ZC6lKk=' });
  await site.logged(/method: cookie/);

  const lines = site.log().split('\n').filter(Boolean);
  const attempts = lines.filter((line) => line.includes('login attempt failed')).length;
  assert.equal(attempts, 5, site.log());
  // As syslog writes it.
  const log = path.join(site.folder, 'syslog');
  await writeFile(log, lines.map((line) => `Nov 25 10:00:00 vpn ocserv[4711]: ${line}\n`).join(''));
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
