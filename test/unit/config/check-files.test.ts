import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { formatDiagnostic, parseConfiguration } from '../../../core/config/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'check-files-'));
const DAY_MS = 86_400_000;

async function writePair(name: string, fromDays: number, toDays: number): Promise<void> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name}`,
      keys: keys as never,
      notBefore: new Date(Date.now() + fromDays * DAY_MS),
      notAfter: new Date(Date.now() + toDays * DAY_MS),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    webcrypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  writeFileSync(path.join(folder, `${name}.crt`), certificate.toString('pem'));
  const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
  writeFileSync(path.join(folder, `${name}.key`), pem, { mode: 0o600 });
}

before(async () => {
  await writePair('good', -1, 1);
  await writePair('other', -1, 1);
  await writePair('expired', -2, -1);
  await writePair('early', 1, 2);
  writeFileSync(path.join(folder, 'passwd'), '', { mode: 0o600 });
  writeFileSync(path.join(folder, 'open'), '', { mode: 0o644 });
  mkdirSync(path.join(folder, 'folder'));
});
after(() => rmSync(folder, { recursive: true }));

function problems(certificate: string, key: string, more = '', passwd = 'passwd'): string[] {
  const text = `auth = plain[passwd=${passwd}]\ntcp-port = 1\nsocket-file = s\nserver-cert = ${certificate}
server-key = ${key}\ndevice = vpns\nipv4-network = 10.0.0.0/24\n${more}`;
  return parseConfiguration('f', text, { checkFiles: true, folder })
    .diagnostics.filter(({ severity }) => severity !== 'note')
    .map(formatDiagnostic);
}

test('a certificate with its key is accepted without a word', () => {
  assert.deepEqual(problems('good.crt', 'good.key'), []);
});

const cases: readonly [
  what: string,
  pattern: RegExp,
  certificate: string,
  key: string,
  more?: string,
  passwd?: string,
][] = [
  [
    'a key of another certificate',
    /^error: f:5:14: server-key: the key .* does not belong to/,
    'good.crt',
    'other.key',
  ],
  ['a missing certificate', /^error: f:4:15: server-cert: cannot open file .*ENOENT/, 'no.crt', 'good.key'],
  ['a missing key', /^error: f:5:14: server-key: cannot open file .*ENOENT/, 'good.crt', 'no.key'],
  ['a folder as key', /^error: f:5:14: server-key: .*not a file/, 'good.crt', 'folder'],
  ['a key as certificate', /^error: f:4:15: server-cert: error loading file/, 'good.key', 'good.key'],
  ['a URL as certificate', /unsupported; expected a PEM file/, 'pkcs11:x', 'good.key'],
  ['a key in a token', /keys in tokens are not built/, 'good.crt', 'pkcs11:x'],
  ['an expired certificate', /^warning: .*is expired!/, 'expired.crt', 'expired.key'],
  ['a certificate of tomorrow', /^warning: .*is not yet active!/, 'early.crt', 'early.key'],
  [
    'an unknown account',
    /^error: f:8:15: run-as-user: unknown user: nobody-such/,
    'good.crt',
    'good.key',
    'run-as-user = nobody-such',
  ],
  [
    'a script that cannot run',
    /^warning: f:8:18: connect-script: cannot run/,
    'good.crt',
    'good.key',
    'connect-script = passwd',
  ],
  [
    'a missing folder',
    /^warning: f:8:19: config-per-user: cannot open folder/,
    'good.crt',
    'good.key',
    'config-per-user = none',
  ],
  [
    'a missing configuration of the RADIUS client',
    /^error: f:8:8: acct: cannot open file .*ENOENT.*; expected a configuration file of radcli/,
    'good.crt',
    'good.key',
    'acct = radius[config=/nowhere/radiusclient.conf]',
  ],
  [
    'a missing file of the OpenID provider',
    /^error: f:8:15: enable-auth: cannot open file .*ENOENT.*; expected a JSON file with openid_configuration_url/,
    'good.crt',
    'good.key',
    'enable-auth = oidc[config=/nowhere/oidc.json]',
  ],
  [
    'a missing password file',
    /^warning: f:1:8: auth: .*nobody can log in/,
    'good.crt',
    'good.key',
    '',
    'none',
  ],
  [
    'a password file open to all',
    /^warning: f:1:8: auth: the password file .* readable by others/,
    'good.crt',
    'good.key',
    '',
    'open',
  ],
];

for (const [what, pattern, certificate, key, more, passwd] of cases) {
  test(`files: ${what} is reported once`, () => {
    const found = problems(certificate, key, more, passwd);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', pattern);
  });
}

test('authorities and lists for client certificates are looked at where certificates are asked for, and only there', () => {
  const options = (authorities: string): string =>
    `cert-user-oid = 2.5.4.3\nca-cert = ${authorities}\ncrl = none.crl\n`;
  const asked = (authorities: string): string =>
    problems('good.crt', 'good.key', `enable-auth = certificate\n${options(authorities)}`).join('\n');
  assert.match(asked('open'), /^error: .*error setting the CA \(.*open\) file; expected PEM certificates/m);
  assert.match(asked('none.pem'), /^error: .*cannot open file .*none\.pem/m);
  assert.match(asked('good.crt'), /^error: .*cannot open file .*none\.crl/m);
  assert.doesNotMatch(asked('good.crt'), /setting the CA/);
  assert.doesNotMatch(problems('good.crt', 'good.key', options('open')).join('\n'), /^error/m);
});
