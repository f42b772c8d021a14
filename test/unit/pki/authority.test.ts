// The certificates occert makes, read back by the runtime's OpenSSL and by the openssl program.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  createAuthority,
  exportPkcs12,
  issueClient,
  issueServer,
  keyTypes,
  listIssued,
  PkiError,
  type Folder,
} from '../../../core/pki/index.ts';

const base = mkdtempSync(path.join(tmpdir(), 'ocserv-pki-'));
after(() => {
  rmSync(base, { recursive: true, force: true });
});

function place(name: string, force = false): Folder {
  return { folder: path.join(base, name), force, now: new Date() };
}

const authority = {
  commonName: 'Test CA',
  organization: 'Test',
  keyType: 'ecdsa',
  days: 3650,
  pathLength: 0,
} as const;
const hosts = [
  { kind: 'dns', name: 'vpn.example.com' },
  { kind: 'ip', name: '192.0.2.4' },
] as const;

test('nothing is issued without an authority, and the message says what to do', async () => {
  await assert.rejects(
    issueServer(place('none'), { names: hosts, keyType: 'ecdsa', days: 1 }),
    (error: unknown) =>
      error instanceof PkiError && /no authority/.test(error.message) && /occert ca/.test(error.hint ?? ''),
  );
});

test('a folder the system refuses to make is an error with its path, below /proc too', async () => {
  for (const folder of ['/proc/pki', '/proc/self/deep/pki', '/dev/null/pki']) {
    await assert.rejects(createAuthority({ folder, force: false, now: new Date() }, authority), {
      path: folder === '/proc/self/deep/pki' ? '/proc/self/deep' : folder,
    });
  }
});

test('existing files are kept: refused without force, moved aside with it', async () => {
  await createAuthority(place('again'), authority);
  const before = readFileSync(path.join(base, 'again/ca/ca.pem'), 'utf8');
  await assert.rejects(createAuthority(place('again'), authority), /exists already/);
  assert.equal(readFileSync(path.join(base, 'again/ca/ca.pem'), 'utf8'), before);
  await createAuthority(place('again', true), authority);
  const kept = readdirSync(path.join(base, 'again/ca')).find((name) => name.startsWith('ca.pem.bak-'));
  assert.equal(readFileSync(path.join(base, 'again/ca', kept ?? ''), 'utf8'), before);
});

test('a lock of a living process is respected, one of a dead process is not', async () => {
  const folder = place('locked');
  await createAuthority(folder, authority);
  const { writeFileSync } = await import('node:fs');
  const lock = path.join(folder.folder, 'ca/lock');
  writeFileSync(lock, '1');
  await assert.rejects(
    issueServer(folder, { names: hosts, keyType: 'ecdsa', days: 1 }),
    /locked by process 1/,
  );
  const gone = spawnSync('true').pid;
  writeFileSync(lock, String(gone));
  await issueServer(folder, { names: hosts, keyType: 'ecdsa', days: 1 });
  assert.equal(existsSync(lock), false);
});

for (const keyType of keyTypes) {
  test(`a chain of ${keyType} keys verifies strictly, and key files are for the owner alone`, async () => {
    const folder = place(keyType);
    await createAuthority(folder, { ...authority, keyType });
    const server = await issueServer(folder, { names: hosts, organization: 'Test', keyType, days: 397 });
    const client = await issueClient(folder, {
      user: 'alice',
      commonName: 'Alice Ä',
      groups: ['dev', 'ops'],
      email: 'alice@example.com',
      keyType,
      days: 365,
    });
    const [serverKey = '', serverFile = ''] = server.files;
    const [clientKey = '', clientFile = ''] = client.files;
    const ca = path.join(folder.folder, 'ca/ca.pem');
    execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, serverFile]);
    execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca, clientFile]);
    execFileSync(
      'openssl',
      ['crl', '-in', path.join(folder.folder, 'ca/crl.pem'), '-CAfile', ca, '-noout', '-verify'],
      {
        stdio: 'ignore',
      },
    );
    for (const [certificate, key] of [
      [serverFile, serverKey],
      [clientFile, clientKey],
    ] as const) {
      assert.ok(
        new X509Certificate(readFileSync(certificate)).checkPrivateKey(createPrivateKey(readFileSync(key))),
      );
      assert.equal(statSync(key).mode & 0o777, 0o600);
    }
    const shown = new X509Certificate(readFileSync(serverFile));
    assert.equal(shown.subjectAltName, 'DNS:vpn.example.com, IP Address:192.0.2.4');
    assert.equal(
      new X509Certificate(readFileSync(clientFile)).subject,
      'UID=alice\nOU=dev\nOU=ops\nCN=Alice Ä',
    );
    assert.deepEqual(
      (await listIssued(folder)).map((entry) => [entry.kind, entry.name]),
      [
        ['ca', 'Test CA'],
        ['server', 'vpn.example.com'],
        ['client', 'alice'],
      ],
    );
  });

  for (const profile of ['modern', 'legacy'] as const) {
    test(`a ${profile} PKCS#12 with an ${keyType} key opens with its password alone`, async () => {
      const folder = place(keyType);
      const file = await exportPkcs12(folder, {
        user: 'alice',
        password: 'pässwörd',
        profile,
        file: path.join(base, `${keyType}-${profile}.p12`),
        withAuthority: true,
      });
      const open = (password: string): ReturnType<typeof spawnSync> =>
        spawnSync('openssl', ['pkcs12', '-in', file, '-passin', `pass:${password}`, '-nodes'], {
          encoding: 'utf8',
        });
      const opened = open('pässwörd');
      assert.equal(opened.status, 0, String(opened.stderr));
      assert.equal(String(opened.stdout).match(/BEGIN CERTIFICATE/g)?.length, 2);
      const key =
        /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(String(opened.stdout))?.[0] ?? '';
      const original = readFileSync(path.join(folder.folder, 'clients/alice/key.pem'), 'utf8');
      assert.deepEqual(
        createPrivateKey(key).export({ format: 'der', type: 'pkcs8' }),
        createPrivateKey(original).export({ format: 'der', type: 'pkcs8' }),
      );
      assert.notEqual(open('passwörd').status, 0);
      assert.equal(statSync(file).mode & 0o777, 0o600);
    });
  }
}

test('a leaf never outlives its authority', async () => {
  const folder = place('short');
  await createAuthority(folder, { ...authority, days: 10 });
  const { notAfter } = await issueServer(folder, { names: hosts, keyType: 'ecdsa', days: 397 });
  assert.equal(notAfter, (await listIssued(folder))[0]?.notAfter);
});
