// The built occert from the first key to the last list; everything it writes is read by openssl and by certtool.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const program = path.resolve(import.meta.dirname, '../../../bin/occert');
const base = mkdtempSync(path.join(tmpdir(), 'ocserv-occert-'));
after(() => {
  rmSync(base, { recursive: true, force: true });
});

const file = (...parts: readonly string[]): string => path.join(base, ...parts);

function call(folder: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, [...args, '--dir', file(folder)], {
    input: '',
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function must(folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = call(folder, ...args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const certtool = (...args: readonly string[]): string =>
  execFileSync('certtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

interface Listed {
  readonly serial: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
}
const list = (folder: string, ...flags: readonly string[]): Listed[] =>
  JSON.parse(must(folder, 'list', '--json', ...flags)) as Listed[];

/** Both libraries accept the certificate, and refuse it once it is on the list. */
function verdicts(folder: string, certificate: string): string[] {
  const [ca, crl] = [file(folder, 'ca/ca.pem'), file(folder, 'ca/crl.pem')];
  const one = spawnSync(
    'openssl',
    ['verify', '-x509_strict', '-crl_check', '-CAfile', ca, '-CRLfile', crl, certificate],
    { encoding: 'utf8' },
  );
  const two = spawnSync(
    'certtool',
    ['--verify', '--load-ca-certificate', ca, '--load-crl', crl, '--infile', certificate],
    { encoding: 'utf8' },
  );
  return [
    one.status === 0 ? 'good' : /certificate revoked/.test(one.stderr) ? 'revoked' : one.stderr,
    two.status === 0 ? 'good' : /revoked/.test(two.stdout) ? 'revoked' : two.stdout,
  ];
}

for (const keyType of ['ecdsa', 'rsa', 'ed25519', 'rsa-pss']) {
  test(`${keyType}: issued, revoked, renewed, as openssl and certtool see it`, () => {
    const folder = keyType;
    must(folder, 'ca', '--cn', 'Test CA', '--key-type', keyType);
    must(folder, 'client', 'alice', '--key-type', keyType);
    must(folder, 'client', 'bob', '--key-type', keyType);
    must(folder, 'server', 'vpn.example.com', '192.0.2.4', '--key-type', keyType);
    const [alice, bob, server] = [
      file(folder, 'clients/alice/cert.pem'),
      file(folder, 'clients/bob/cert.pem'),
      file(folder, 'server/vpn.example.com/cert.pem'),
    ];
    for (const one of [alice, bob, server]) assert.deepEqual(verdicts(folder, one), ['good', 'good']);
    must(folder, 'revoke', 'alice', '--reason', 'keyCompromise');
    assert.deepEqual(verdicts(folder, alice), ['revoked', 'revoked']);
    assert.deepEqual(verdicts(folder, bob), ['good', 'good']);
    const crl = file(folder, 'ca/crl.pem');
    assert.match(openssl('crl', '-in', crl, '-noout', '-text'), /CRL Number: \s*2\s[^]*Key Compromise/);
    assert.match(
      certtool('--crl-info', '--infile', crl),
      /CRL Number \(not critical\): 02[^]*Revoked certificates \(1\)/,
    );

    const before = readFileSync(server, 'utf8');
    must(folder, 'renew', 'vpn.example.com', '--revoke-old');
    writeFileSync(file('old.pem'), before);
    assert.deepEqual(verdicts(folder, server), ['good', 'good']);
    assert.deepEqual(verdicts(folder, file('old.pem')), ['revoked', 'revoked']);
    assert.match(
      openssl('x509', '-in', server, '-noout', '-ext', 'subjectAltName'),
      /DNS:vpn\.example\.com, IP Address:192\.0\.2\.4/,
    );
    assert.deepEqual(
      list(folder).map(({ kind, name, state, reason }) => [kind, name, state, reason]),
      [
        ['ca', 'Test CA', 'valid', undefined],
        ['client', 'alice', 'revoked', 'keyCompromise'],
        ['client', 'bob', 'valid', undefined],
        ['server', 'vpn.example.com', 'revoked', 'superseded'],
        ['server', 'vpn.example.com', 'valid', undefined],
      ],
    );
  });
}

test('the key stays with --keep-key, and a revoked certificate can be named by serial or file', () => {
  const key = file('ecdsa/clients/bob/key.pem');
  const before = readFileSync(key);
  must('ecdsa', 'renew', 'bob', '--keep-key', '--days', '30');
  assert.deepEqual(readFileSync(key), before);
  must('ecdsa', 'client', 'carol');
  const carol = list('ecdsa').find(({ name }) => name === 'carol');
  must('ecdsa', 'revoke', carol?.serial ?? '');
  must('ecdsa', 'revoke', file('ecdsa/clients/bob/cert.pem'));
  assert.deepEqual(
    list('ecdsa', '--revoked')
      .map(({ name }) => name)
      .sort(),
    ['alice', 'bob', 'carol', 'vpn.example.com'],
  );
});

test('list numbers never go back, and its next update is as asked', () => {
  const refused = call('rsa', 'crl', '--number', '1');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^occert: the number must be above \d+, that of the last list\nhint: /);
  must('rsa', 'crl', '--number', '70', '--days', '10');
  const text = openssl('crl', '-in', file('rsa/ca/crl.pem'), '-noout', '-crlnumber', '-nextupdate');
  const next = Date.parse(/nextUpdate=(.*)/.exec(text)?.[1] ?? '');
  assert.match(text, /crlNumber=0x46/);
  assert.ok(Math.abs(next - Date.now() - 10 * 86_400_000) < 600_000, text);
});

test('check is silent while all is well, and names what ends soon with status 1', () => {
  assert.deepEqual(call('ed25519', 'check'), { status: 0, stdout: '', stderr: '' });
  const due = call('ed25519', 'check', '--within', '366');
  assert.equal(due.status, 1);
  assert.match(
    due.stdout,
    /^client "bob" expires on \d{4}-\d\d-\d\d \(occert renew bob\)\nthe revocation list wants a successor by [\d-]+ \(occert crl\)\n$/,
  );
  assert.deepEqual(
    list('ed25519', '--expiring', '366').map(({ name }) => name),
    ['bob'],
  );
  assert.equal(call('nothing', 'check').status, 1);
});

test('an encrypted key of the authority wants its password, and no program opens it without', () => {
  const [right, wrong] = [file('right'), file('wrong')];
  writeFileSync(right, 'pässwörd\n', { mode: 0o600 });
  writeFileSync(wrong, 'other\n', { mode: 0o600 });
  must('sealed', 'ca', '--cn', 'Sealed', '--encrypt-key', '--ca-password-file', right);
  const key = file('sealed/ca/ca-key.pem');
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.match(readFileSync(key, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  openssl('pkey', '-in', key, '-passin', `file:${right}`, '-noout');
  certtool('--key-info', '--infile', key, '--password', 'pässwörd');
  assert.throws(() => openssl('pkey', '-in', key, '-passin', `file:${wrong}`, '-noout'));
  assert.deepEqual(call('sealed', 'client', 'alice'), {
    status: 1,
    stdout: '',
    stderr: "occert: the authority's key is encrypted\nhint: give its password with --ca-password-file\n",
  });
  const mistaken = call('sealed', 'client', 'alice', '--ca-password-file', wrong);
  assert.deepEqual(
    [mistaken.status, mistaken.stderr],
    [1, `occert: cannot read the authority's key ${key}: the password is wrong\n`],
  );
  must('sealed', 'client', 'alice', '--ca-password-file', right);
});

test("certtool's templates are understood; the command line counts more; the rest is named", () => {
  const template = (name: string, ...lines: readonly string[]): string => {
    writeFileSync(file(name), `${lines.join('\n')}\n`);
    return file(name);
  };
  const ca = template(
    'ca.tmpl',
    'cn = "VPN CA"',
    'organization = "Big Corp"',
    'serial = 1',
    'expiration_days = -1',
    'ca',
    'signing_key',
    'cert_signing_key',
    'crl_signing_key',
  );
  must('template', 'ca', '--template', ca);
  const server = template(
    'server.tmpl',
    '# the server',
    'cn = "VPN server"',
    'dns_name = "www.example.com"',
    'dns_name = "vpn1.example.com"',
    'ip_address = 192.0.2.4',
    'expiration_days = 30',
    'signing_key',
    'encryption_key',
    'tls_www_server',
  );
  must('template', 'server', '--template', server);
  const client = template(
    'client.tmpl',
    'dn = "cn=Full Name,O=Example Org,UID=username"',
    'email = "username@example.com"',
    "unit = 'staff'",
    'expiration_days = 365',
    'signing_key',
    'tls_www_client',
    'pkcs12_key_name = x',
  );
  const { stderr } = call('template', 'client', '--template', client, '--org', 'Other Org');
  assert.equal(stderr, `occert: warning: ${client}: without effect here: pkcs12_key_name\n`);
  assert.match(
    openssl('x509', '-in', file('template/clients/username/cert.pem'), '-noout', '-subject', '-email'),
    /UID = username, O = Other Org, OU = staff, CN = Full Name\nusername@example\.com/,
  );
  assert.match(
    openssl(
      'x509',
      '-in',
      file('template/server/www.example.com/cert.pem'),
      '-noout',
      '-ext',
      'subjectAltName',
      '-issuer',
    ),
    /DNS:www\.example\.com, DNS:vpn1\.example\.com, IP Address:192\.0\.2\.4\nissuer=O = Big Corp, CN = VPN CA/,
  );
  const broken = call('template', 'server', '--template', template('broken.tmpl', 'cn = "x"', '<html>'));
  assert.deepEqual(
    [broken.status, broken.stderr],
    [1, `occert: ${file('broken.tmpl')}:2: expected "name = value", found "<html>"\n`],
  );
});

test('a request is signed elsewhere and its answer installed with the chain in order', () => {
  must('foreign', 'ca', '--cn', 'Root', '--path-len', '1');
  must('asking', 'csr', 'vpn.example.net', '--org', 'Example', '--key-type', 'ecdsa');
  const request = file('asking/server/vpn.example.net/request.csr');
  assert.match(openssl('req', '-in', request, '-noout', '-verify', '-text'), /DNS:vpn\.example\.net/);
  assert.match(certtool('--crq-info', '--infile', request), /Self signature: verified/);
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    '-CA',
    file('foreign/ca/ca.pem'),
    '-CAkey',
    file('foreign/ca/ca-key.pem'),
    '-copy_extensions',
    'copy',
    '-days',
    '90',
    '-out',
    file('answer.pem'),
  );
  const wrong = call('asking', 'csr', 'vpn.example.net', '--install', file('foreign/ca/ca.pem'));
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /is for the key of "vpn\.example\.net"/);
  must(
    'asking',
    'csr',
    'vpn.example.net',
    '--install',
    file('foreign/ca/ca.pem'),
    '--install',
    file('answer.pem'),
  );
  const chain = readFileSync(file('asking/server/vpn.example.net/fullchain.pem'), 'utf8').match(
    /BEGIN CERTIFICATE/g,
  );
  assert.equal(chain?.length, 2);
  openssl(
    'verify',
    '-CAfile',
    file('foreign/ca/ca.pem'),
    file('asking/server/vpn.example.net/fullchain.pem'),
  );
});

test('phones get a profile: for Apple with the key in it, for AnyConnect with the server', () => {
  writeFileSync(file('pin'), '123456\n', { mode: 0o600 });
  must('ecdsa', 'client', 'paula', '--p12', '--profile', 'legacy', '--password-file', file('pin'));
  must('ecdsa', 'profile', 'paula', '--server', 'vpn.example.com:4443');
  const apple = file('ecdsa/clients/paula/paula.mobileconfig');
  assert.equal(statSync(apple).mode & 0o777, 0o600);
  const reader =
    'import plistlib,sys,json; d=plistlib.load(open(sys.argv[1],"rb")); c=d["PayloadContent"]; sys.stdout.write(json.dumps([[p["PayloadType"] for p in c], c[2]["VPN"]["RemoteAddress"], c[2]["VPN"]["PayloadCertificateUUID"]==c[1]["PayloadUUID"]])); open(sys.argv[2],"wb").write(c[1]["PayloadContent"])';
  const facts: unknown = JSON.parse(
    execFileSync('python3', ['-c', reader, apple, file('phone.p12')], { encoding: 'utf8' }),
  );
  assert.deepEqual(facts, [
    ['com.apple.security.root', 'com.apple.security.pkcs12', 'com.apple.vpn.managed'],
    'vpn.example.com:4443',
    true,
  ]);
  openssl('pkcs12', '-in', file('phone.p12'), '-passin', 'pass:123456', '-nodes', '-noout');
  certtool('--p12-info', '--inder', '--infile', file('phone.p12'), '--password', '123456');
  must('ecdsa', 'profile', 'paula', '--server', 'a&b.example', '--form', 'anyconnect');
  assert.match(
    readFileSync(file('ecdsa/clients/paula/paula.xml'), 'utf8'),
    /<HostAddress>a&amp;b\.example<\/HostAddress>/,
  );
});

test('show says what stands in a certificate', () => {
  const facts = JSON.parse(must('ecdsa', 'show', '--json', 'paula')) as Record<string, string>;
  assert.deepEqual(
    [facts['subject'], facts['key'], facts['authority']],
    ['UID=paula, CN=paula', 'ec prime256v1', 'no'],
  );
  const { status, stderr } = call('ecdsa', 'show', 'nobody');
  assert.deepEqual([status, /^occert: there is no certificate of "nobody"/.test(stderr)], [1, true]);
});

test('a reload goes to the server of the pid file and to nobody else', () => {
  writeFileSync(file('pid'), `${String(process.pid)}\n`);
  const { status, stderr } = call('ecdsa', 'crl', '--reload', file('pid'));
  assert.equal(status, 1);
  assert.match(stderr, /names no running server\nhint: the files are written/);
});

test('what is piped in is a password, never a name', () => {
  for (const [command, missing] of [
    ['client', 'USER'],
    ['server', 'NAME'],
  ] as const) {
    const { status, stderr } = spawnSync(program, [command], { input: 'secret\n', encoding: 'utf8' });
    assert.deepEqual([status, stderr], [2, `occert: missing ${missing}\nhint: see "occert --help"\n`]);
  }
});
