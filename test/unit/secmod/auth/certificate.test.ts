// The certificate method with real authorities, lists and certificates, made by OpenSSL; the key's proof is tested
// elsewhere (client-proof.test.ts).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createClientTrust } from '../../../../core/native/index.ts';
import { CertificateMethod } from '../../../../core/secmod/auth/certificate.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-certificate-'));
const file = (name: string): string => path.join(folder, name);
const CN = '2.5.4.3';
const OU = '2.5.4.11';

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
};
const newKey = (name: string): string[] => [
  ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`],
];

function makeAuthority(name: string, subject = `/CN=${name}`): void {
  openssl('req', '-x509', ...newKey(name), '-days', '9', '-subj', subject, '-out', `${name}.pem`);
}

function issue(name: string, subject: string, extensions: readonly string[] = [], issuer = 'root'): void {
  writeFileSync(file(`${name}.ext`), extensions.join('\n'));
  openssl('req', '-utf8', ...newKey(name), '-subj', subject, '-out', `${name}.csr`);
  const signing = [
    '-CA',
    `${issuer}.pem`,
    '-CAkey',
    `${issuer}.key`,
    '-days',
    '9',
    '-extfile',
    `${name}.ext`,
  ];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`);
}

function makeList(
  name: string,
  revoked: readonly string[],
  issuer = 'root',
  dates: readonly string[] = [],
): void {
  rmSync(file('index.txt'), { force: true });
  writeFileSync(file('index.txt'), '');
  writeFileSync(file('ca.conf'), '[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\n');
  const ca = ['ca', '-config', 'ca.conf', '-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`];
  for (const one of revoked) openssl(...ca, '-revoke', `${one}.pem`);
  const when = dates.length > 0 ? dates : ['-crldays', '9'];
  openssl(...ca, '-gencrl', ...when, '-out', name);
}

const OLD = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200201000000Z'];
const der = (name: string): Buffer => new X509Certificate(readFileSync(file(`${name}.pem`))).raw;

before(() => {
  makeAuthority('root');
  makeAuthority('stranger');
  issue('middle', '/CN=middle', ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign']);
  issue('alice', '/CN=alice/OU=staff/OU=vpn/OU=a\u0001b', ['extendedKeyUsage=clientAuth']);
  issue('bob', '/CN=bob', [], 'middle');
  issue('mail', '/CN=x', ['subjectAltName=DNS:x.example,email:carol@example.com,email:second@example.com']);
  issue('host', '/CN=host', ['extendedKeyUsage=serverAuth']);
  issue('any', '/CN=any', ['extendedKeyUsage=serverAuth,anyExtendedKeyUsage']);
  issue('foreign', '/CN=alice', [], 'stranger');
  issue('two', '/CN=first/CN=second');
  issue('broken', '/CN=al\u0001ice');
  issue('long', `/CN=${'x'.repeat(64)}`);
});
after(() => {
  rmSync(folder, { recursive: true });
});

function method(settings: object = {}) {
  const lines: string[] = [];
  const keep = (text: string): void => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const all = { 'ca-cert': file('root.pem'), 'cert-user-oid': CN, 'cert-group-oid': OU, ...settings };
  const made = new CertificateMethod({
    settings: all as unknown as ConstructorParameters<typeof CertificateMethod>[0]['settings'],
    logPrefix: '',
    log,
    createTrust: createClientTrust,
  });
  const judge = (...names: readonly string[]) => made.judge(names.map(der));
  return { lines, made, judge };
}

test('user and groups come from the attributes that are configured, the first user, all groups that are fit', () => {
  const { judge } = method();
  assert.deepEqual(judge('alice'), {
    certificate: { username: 'alice', groups: ['staff', 'vpn'] },
    problem: undefined,
  });
  assert.deepEqual(judge('two').certificate, { username: 'first', groups: [] });
  assert.equal(method({ 'cert-user-oid': OU }).judge('alice').certificate.username, 'staff');
  assert.equal(method({ 'cert-user-oid': '1.2.3' }).judge('alice').certificate.username, undefined);
  assert.deepEqual(method({ 'cert-group-oid': undefined }).judge('alice').certificate.groups, []);
});

test('a mail address of the subjectAltName may be the user, the first one', () => {
  const { judge } = method({ 'cert-user-oid': 'SAN(rfc822name)' });
  assert.equal(judge('mail').certificate.username, 'carol@example.com');
  assert.equal(judge('alice').certificate.username, undefined);
});

test('a name that no log or file can take is no name', () => {
  const { judge } = method();
  assert.equal(judge('broken').certificate.username, undefined);
  assert.equal(judge('long').certificate.username, undefined);
});

test('chain and purpose are judged', () => {
  const { judge, made } = method();
  assert.match(judge('foreign').problem ?? '', /unable to get local issuer certificate/);
  assert.match(judge('bob').problem ?? '', /unable to get local issuer certificate/);
  assert.equal(judge('bob', 'middle').problem, undefined);
  assert.match(judge('host').problem ?? '', /purpose/);
  assert.equal(judge('any').problem, undefined);
  assert.equal(made.judge([]).problem, 'no certificate');
  assert.equal(made.judge([Buffer.from('x')]).problem, 'not a certificate');
  assert.equal(made.judge([Buffer.concat([der('alice'), Buffer.from([0])])]).problem, 'not a certificate');
  assert.equal(method({ 'ca-cert': file('middle.pem') }).judge('bob').problem, undefined, 'trusted as it is');
});

test('a revoked certificate is refused from the moment the list says so, PEM or DER, up to date or not', () => {
  makeList('list.pem', []);
  const { judge, lines } = method({ crl: file('list.pem') });
  assert.equal(judge('alice').problem, undefined);
  makeList('list.pem', ['alice']);
  assert.equal(judge('alice').problem, 'certificate revoked');
  assert.equal(judge('two').problem, undefined);
  assert.ok(lines.some((line) => line.includes('reloaded the revocation list')));

  makeList('old.pem', ['two'], 'root', OLD);
  openssl('crl', '-in', 'old.pem', '-outform', 'DER', '-out', 'list.pem');
  assert.equal(judge('two').problem, 'certificate revoked');
  assert.equal(judge('alice').problem, undefined, 'nobody else is locked out');
  const warnings = lines.filter((line) => line.includes('"CN=root"') && line.includes('is out of date'));
  assert.equal(warnings.length, 1, lines.join('\n'));
});

test('a list that cannot be used stops the start; later the former one stays in force', () => {
  writeFileSync(file('garbage.pem'), 'garbage');
  assert.throws(
    () => method({ crl: file('garbage.pem') }),
    /error reading the CRL \(.*garbage\.pem\) file: revocation list/,
  );
  assert.throws(
    () => method({ crl: file('none.pem') }),
    /error reading the CRL \(.*none\.pem\) file: ENOENT/,
  );
  assert.throws(
    () => method({ 'ca-cert': file('garbage.pem') }),
    /error setting the CA \(.*garbage\.pem\) file: client authorities/,
  );
  assert.throws(() => method({ 'ca-cert': undefined }), /expected ca-cert = FILE/);

  makeList('good.pem', ['alice']);
  const { judge, lines } = method({ crl: file('good.pem') });
  writeFileSync(file('good.pem'), 'garbage');
  assert.equal(judge('alice').problem, 'certificate revoked');
  assert.equal(judge('alice').problem, 'certificate revoked');
  rmSync(file('good.pem'));
  assert.equal(judge('alice').problem, 'certificate revoked');
  assert.deepEqual(
    lines.map((line) =>
      /(revocation list: .*|ENOENT); the former list stays in force$/.exec(line)?.[1]?.slice(0, 10),
    ),
    ['revocation', 'ENOENT'],
  );
});

test('a list that says it is of an authority and is not is refused', () => {
  makeAuthority('forger', '/CN=root');
  makeList('forged.pem', [], 'forger');
  assert.throws(() => method({ crl: file('forged.pem') }), /not signed by CN=root/);
  makeList('other.pem', [], 'stranger');
  assert.equal(method({ crl: file('other.pem') }).judge('alice').problem, undefined, 'of nobody we know');
});

test('a file that did not change is not read again', () => {
  makeList('same.pem', ['alice']);
  const { judge, lines } = method({ crl: file('same.pem') });
  judge('alice');
  assert.deepEqual(lines, []);
  utimesSync(file('same.pem'), 1, 1);
  judge('alice');
  assert.equal(lines.length, 1);
});
