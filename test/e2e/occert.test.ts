// What occert makes, in use: server and users of its authority, PKCS#12 of both kinds, a renewed server certificate after
// a reload, and a user who is refused once revoked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/command.ts';
import { Pki, presenting, userOid } from '../support/pki.ts';
import { Scene } from '../support/scene.ts';

test('clients of every kind of key and file log in; a revoked one does not; a renewed server is served', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    config: (folder) =>
      [
        'auth = certificate',
        'max-ban-score = 0',
        `ca-cert = ${folder}/pki/ca/ca.pem`,
        `crl = ${folder}/pki/ca/crl.pem`,
        `cert-user-oid = ${userOid}`,
        `server-cert = ${folder}/pki/server/vpn.test/fullchain.pem`,
        `server-key = ${folder}/pki/server/vpn.test/key.pem`,
      ].join('\n'),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority();
      await pki.occert('server', 'vpn.test');
    },
  });
  assert.ok(pki !== undefined);
  const { site } = scene;
  const certificate = `${pki.folder}/ca/ca.pem`;

  const alice = presenting(await pki.occertUser('alice', '--key-type', 'rsa-pss'));
  assert.ok(await scene.logIn({ certificate, args: alice }));
  const modern = [...(await pki.occertPkcs12('bob', 'pässwörd')), '--no-dtls'];
  const legacy = [...(await pki.occertPkcs12('carol', '123456', 'legacy')), '--no-dtls'];
  for (const args of [modern, legacy]) assert.ok(await scene.logIn({ certificate, args }));

  await pki.occert('revoke', 'carol', '--reload', `${site.folder}/ocserv.pid`);
  await scene.refused({ certificate, args: legacy });
  await site.logged(/user 'carol' .*certificate revoked/);
  assert.ok(await scene.logIn({ certificate, args: modern }), 'others are not revoked');

  const served = (): Promise<string> =>
    scene
      .namespace(0)
      .mustRun([
        'sh',
        '-c',
        `openssl s_client -connect ${scene.network.serverAddress(0)}:4443 </dev/null 2>/dev/null | openssl x509 -noout -serial`,
      ]);
  const before = await served();
  await pki.occert('renew', 'vpn.test', '--reload', `${site.folder}/ocserv.pid`);
  await until('the renewed certificate to be served', async () => (await served()) !== before);

  const client = await scene.connect({ certificate, args: modern });
  assert.ok(await client.ping('192.168.77.1'));
});
