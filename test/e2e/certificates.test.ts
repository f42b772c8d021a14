// Logging in with a certificate: every kind of key, alone and together with a password, as one way of several; and
// every reason to refuse one.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { groupOid, Pki, presenting, userOid, type Identity } from '../support/pki.ts';
import { Scene, type Visit } from '../support/scene.ts';
import type { Site } from '../support/site.ts';

interface UserRow {
  readonly Username: string;
  readonly Groupname: string;
}
interface BanRow {
  readonly IP: string;
  readonly Score: number;
}

const options = (folder: string, ...lines: readonly string[]): string =>
  [`ca-cert = ${folder}/pki/ca/ca.pem`, `cert-user-oid = ${userOid}`, ...lines].join('\n');

async function users(site: Site): Promise<string[][]> {
  const rows = await site.occtlJson<UserRow[]>('show', 'users');
  return rows.map(({ Username, Groupname }) => [Username, Groupname]);
}

async function score(site: Site): Promise<number> {
  const points = await site.occtlJson<BanRow[]>('show', 'ip', 'ban', 'points');
  return points.find(({ IP }) => IP === '10.80.0.2')?.Score ?? 0;
}

/** The words of the log for a certificate that was refused. */
const reasonOf = async (site: Site, user: string, reason: RegExp): Promise<void> => {
  const line = `login attempt failed for user '${user}' from '10.80.0.2' \\(method: certificate, reason: ${reason.source}`;
  await site.logged(new RegExp(line));
};

test('a certificate alone logs in, whatever its key and whoever made it; a bad one never does', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    config: (folder) =>
      options(folder, 'auth = certificate', `crl = ${folder}/pki/ca/crl.pem`, 'max-ban-score = 0'),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority();
    },
  });
  assert.ok(pki !== undefined);
  const { site } = scene;

  const good: Record<string, Identity> = {
    'ec by occert': await pki.occertUser('alice'),
    'ed25519 by occert': await pki.occertUser('bob', '--key-type', 'ed25519'),
    'rsa by certtool': await pki.certtoolUser('carol', 'carol', { keyType: 'rsa' }),
    'ec by certtool, of any purpose': await pki.certtoolUser('dora', 'dora', {
      keyType: 'ecdsa',
      template: ['key_purpose_oid = 2.5.29.37.0', 'signing_key'],
    }),
    'rsa-pss by certtool, no purpose named': await pki.certtoolUser('eric', 'eric', {
      keyType: 'rsa-pss',
      template: ['signing_key'],
    }),
  };
  for (const [what, identity] of Object.entries(good)) {
    assert.ok(await scene.logIn({ args: presenting(identity) }), what);
  }
  for (const name of ['alice', 'bob', 'carol', 'dora', 'eric']) {
    await site.logged(new RegExp(`auth complete for user '${name}'`));
  }
  const packed = await pki.occertPkcs12('frank', 'pässwörd');
  assert.ok(await scene.logIn({ args: [...packed, '--no-dtls'] }), 'PKCS#12');
  await site.logged(/auth complete for user 'frank'/);
  const tls12 = ['--gnutls-priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.2'];
  const alice = good['ec by occert'];
  const eric = good['rsa-pss by certtool, no purpose named'];
  const carol = good['rsa by certtool'];
  assert.ok(alice !== undefined && carol !== undefined && eric !== undefined);
  for (const identity of [alice, carol, eric]) {
    assert.ok(await scene.logIn({ args: [...presenting(identity), ...tls12] }), 'TLS 1.2');
  }

  const impostor = await pki.makeImpostor();
  const day = 'activation_date = "2020-01-01 00:00:00"';
  const bad: readonly (readonly [string, RegExp, Identity])[] = [
    [
      'alice',
      /unable to get local issuer certificate/,
      await pki.certtoolUser('i', 'alice', { issuer: impostor }),
    ],
    [
      'alice',
      /certificate has expired/,
      await pki.certtoolUser('old', 'alice', {
        template: ['tls_www_client', 'signing_key', day, 'expiration_date = "2020-02-01 00:00:00"'],
      }),
    ],
    [
      'alice',
      /(?:unsuitable|unsupported) certificate purpose/,
      await pki.certtoolUser('server', 'alice', { template: ['tls_www_server', 'signing_key'] }),
    ],
  ];
  for (const [user, reason, identity] of bad) {
    await scene.refused({ args: presenting(identity) });
    await reasonOf(site, user, reason);
  }
  await scene.refused({});
  await reasonOf(site, '', /no certificate in the handshake\)/);

  await pki.revoke([carol]);
  assert.match(await scene.refused({ args: presenting(carol) }), /401/);
  await reasonOf(site, 'carol', /certificate revoked/);
  assert.ok(await scene.logIn({ args: presenting(alice) }), 'others are not revoked');
  await pki.revoke(
    [carol, alice],
    ['crl_this_update_date = "2020-01-01 00:00:00"', 'crl_next_update_date = "2020-02-01 00:00:00"'],
    'der',
  );
  await scene.refused({ args: presenting(alice) });
  await site.logged(/the revocation list of "CN=Test CA" in .*crl\.pem is out of date; it stays in force/);
  assert.ok(await scene.logIn({ args: presenting(eric) }), 'an old list does not lock everybody out');
});

test('a chain with an authority between: complete it logs in, torn it does not', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    config: (folder) => options(folder, 'auth = certificate', 'max-ban-score = 0'),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority('--path-len', '1');
    },
  });
  assert.ok(pki !== undefined);
  const issuer = await pki.makeIntermediate();
  const alone = await pki.certtoolUser('gina', 'gina', { keyType: 'ecdsa', issuer });
  const read = (file: string): Promise<string> => readFile(file, 'utf8');
  const chain = { key: alone.key, certificate: `${pki.folder}/gina-chain.pem` };
  await writeFile(chain.certificate, `${await read(alone.certificate)}${await read(issuer.certificate)}`);
  for (const version of ['1.2', '1.3']) {
    const priority = ['--gnutls-priority', `NORMAL:-VERS-ALL:+VERS-TLS${version}`];
    assert.ok(await scene.logIn({ args: [...presenting(chain), ...priority] }), version);
  }
  await scene.site.logged(/auth complete for user 'gina'/);
  await scene.refused({ args: presenting(alone) });
  await reasonOf(scene.site, 'gina', /unable to get local issuer certificate/);
  // Who was certified as a user certifies nobody.
  const forged = await pki.certtoolUser('forged', 'alice', { keyType: 'ecdsa', issuer: alone });
  const long = { key: forged.key, certificate: `${pki.folder}/forged-chain.pem` };
  await writeFile(long.certificate, `${await read(forged.certificate)}${await read(chain.certificate)}`);
  await scene.refused({ args: presenting(long) });
  await reasonOf(scene.site, 'alice', /invalid CA certificate|unable to get|usage does not include/);
});

test('certificate and password must be of one user; the tunnel needs the certificate again', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    users: {
      alice: { password: 'secret', groups: 'staff,dev' },
      bob: { password: 'secret', groups: 'staff' },
    },
    config: (folder) =>
      options(
        folder,
        `auth = "plain[passwd=${folder}/passwd]"`,
        'auth = certificate',
        `cert-group-oid = ${groupOid}`,
        'select-group = staff',
        'select-group = dev[Developers]',
        'select-group-by-url = true',
        'max-ban-score = 0',
      ),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority();
    },
  });
  assert.ok(pki !== undefined);
  const { site } = scene;
  const alice = presenting(await pki.occertUser('alice', '--group', 'dev'));
  const bob = [...presenting(await pki.occertUser('bob', '--group', 'staff')), '--authgroup', 'staff'];

  await scene.refused({ user: 'alice', args: bob });
  await site.logged(/user 'alice' .* \(method: plain\+certificate, reason: certificate is for another user/);
  await scene.refused({ user: 'bob', args: bob, password: 'wrong' });
  await scene.refused({ user: 'alice', args: [...alice, '--authgroup', 'staff'] });
  await site.logged(/user 'alice' .* \(method: plain\+certificate, reason: certificate is for another group/);
  await scene.refused({ user: 'alice', args: ['--no-dtls', '--authgroup', 'staff'] });

  const visit: Visit = { user: 'alice', args: [...alice, '--authgroup', 'Developers'] };
  const client = await scene.connect(visit);
  assert.deepEqual(await users(site), [['alice', 'dev']]);
  await client.leave();

  const byUrl = await scene.connect({ user: 'alice', args: [...alice, '--usergroup', 'dev'] });
  assert.deepEqual(await users(site), [['alice', 'dev']]);
  await byUrl.leave();

  const cookie = await scene.logIn(visit);
  const stolen = await scene.refused({ cookie, args: bob });
  assert.match(stolen, /401 Cookie is not acceptable/);
  await site.logged(/user 'alice' .* \(method: cookie, reason: certificate of another user/);
  await scene.connect({ cookie, args: alice });
  assert.deepEqual(await users(site), [['alice', 'dev']]);
});

test('a certificate may be one way of several, name a mail address, and leave a choice of groups', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    clients: 2,
    config: (folder) =>
      [
        `ca-cert = ${folder}/pki/ca/ca.pem`,
        'cert-user-oid = SAN(rfc822name)',
        `cert-group-oid = ${groupOid}`,
        `auth = "plain[passwd=${folder}/passwd]"`,
        'enable-auth = certificate',
      ].join('\n'),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority();
    },
  });
  assert.ok(pki !== undefined);
  const { site } = scene;
  const single = presenting(
    await pki.occertUser('carol', '--email', 'carol@example.com', '--group', 'staff'),
  );
  const many = presenting(
    await pki.certtoolUser('dora', 'dora', {
      template: [
        'tls_www_client',
        'signing_key',
        'email = "dora@example.com"',
        'unit = "staff"',
        'unit = "dev"',
      ],
    }),
  );
  const nameless = presenting(await pki.occertUser('eve'));

  const byPassword = await scene.connect({ from: 1 });
  const byCertificate = await scene.connect({ args: single });
  assert.deepEqual((await users(site)).sort(), [
    ['alice', '(none)'],
    ['carol@example.com', 'staff'],
  ]);
  const cookie = await scene.logIn({ args: single });
  assert.match(await scene.refused({ cookie }), /VPN service unavailable/);
  await byPassword.leave();
  await byCertificate.leave();

  const form = await scene.refused({ args: many });
  assert.match(form, /Please select your group/);
  await scene.connect({ args: [...many, '--authgroup', 'dev'] });
  assert.deepEqual(await users(site), [['dora@example.com', 'dev']]);

  const before = await score(site);
  assert.match(await scene.refused({ args: nameless }), /401 Could not read certificate/);
  assert.ok((await score(site)) >= before + 10);
});

test('with cisco-client-compat the login needs the certificate, the tunnel does not; who has none is told', async () => {
  let pki: Pki | undefined;
  await using scene = await Scene.open({
    config: (folder) => options(folder, 'auth = certificate', 'cisco-client-compat = true'),
    async prepare({ folder }) {
      pki = new Pki(folder);
      await pki.makeAuthority();
    },
  });
  assert.ok(pki !== undefined);
  const { site } = scene;
  const alice = presenting(await pki.occertUser('alice'));
  const cookie = await scene.logIn({ args: alice });
  assert.match(scene.site.log(), /using 'certificate' authentication/);
  await scene.connect({ cookie });
  assert.deepEqual(await users(site), [['alice', '(none)']]);
  const before = await score(site);
  assert.match(await scene.refused({}), /401 No certificate/);
  assert.ok((await score(site)) >= before + 10);
  await reasonOf(site, '', /no certificate/);
});
