// The whole security module behind its doors, with main and a worker at the other ends: real configuration,
// real crypt(3), real certificates; only the clock is ours.
import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, randomBytes, verify, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfiguration, serverKeyId } from '../../../core/config/index.ts';
import {
  authenticatorDescription,
  securityModuleDescription,
  type AuthenticatorMethods,
  type SecurityModuleEvent,
  type SecurityModuleMethods,
} from '../../../core/interfaces/index.ts';
import {
  closeDescriptor,
  createClientTrust,
  cryptPassword,
  cryptSetting,
  pamProblem,
  acquireGssapiCredentials,
  startPam,
  tryLockFile,
  openDescriptorStream,
  socketPair,
} from '../../../core/native/index.ts';
import { addUser, lockUser } from '../../../core/passwd/index.ts';
import { createAuthority, issueServer } from '../../../core/pki/index.ts';
import { openDoors } from '../../../core/secmod/doors.ts';
import { SecurityModule } from '../../../core/secmod/security-module.ts';
import { openSessionStore } from '../../../core/store/index.ts';
import { createClient, descriptorTransport, serve, VarlinkError } from '../../../core/varlink/index.ts';
import { FakeClock } from './fake-clock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-secmod-'));
const file = (...parts: string[]): string => path.join(folder, ...parts);
const KEY = file('server/vpn.example.net/key.pem');
const CERTIFICATE = file('server/vpn.example.net/cert.pem');
const PASSWORD = 'planted-password-1';
const hashing = { crypt: cryptPassword, makeSetting: (prefix: string) => cryptSetting(prefix, 5000) };
const transport = (fd: number) => descriptorTransport(fd, openDescriptorStream);

before(async () => {
  const place = { folder, force: false, now: new Date() };
  await createAuthority(place, { commonName: 'Test CA', keyType: 'ecdsa', days: 30, pathLength: 0 });
  await issueServer(place, { names: [{ kind: 'dns', name: 'vpn.example.net' }], keyType: 'rsa', days: 30 });
  await addUser(file('passwd'), { name: 'alice', password: PASSWORD, groups: ['staff', 'vpn'] }, hashing);
  await addUser(file('passwd'), { name: 'bob', password: PASSWORD }, hashing);
  await lockUser(file('passwd'), 'bob');
  for (const name of ['users', 'groups', 'state']) mkdirSync(file(name));
  writeFileSync(
    file('ocserv.conf'),
    [
      `auth = "plain[passwd=${file('passwd')}]"`,
      'tcp-port = 443',
      'udp-port = 443',
      'run-as-user = nobody',
      'run-as-group = nogroup',
      `socket-file = ${file('socket')}`,
      `server-cert = ${CERTIFICATE}`,
      `server-key = ${KEY}`,
      'device = vpns',
      'ipv4-network = 192.168.77.0/24',
      'cookie-timeout = 300',
      `config-per-user = ${file('users')}/`,
      `config-per-group = ${file('groups')}/`,
      `state-dir = ${file('state')}`,
    ].join('\n'),
  );
});
after(() => rmSync(folder, { recursive: true }));

const WORKER = 3;

/** A running module with main and worker 3 connected to it. */
async function start(clock = new FakeClock(), openStore = openSessionStore) {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const module = new SecurityModule({
    clock,
    log,
    crypt: cryptPassword,
    makeSetting: cryptSetting,
    tryLock: tryLockFile,
    startPam,
    pamProblem,
    acquireGssapi: acquireGssapiCredentials,
    openStore,
    createTrust: createClientTrust,
    failureDelayMs: 0,
    onWork: () => undefined,
  });
  const doors = openDoors({
    module,
    log,
    closeDescriptor,
    now: () => clock.now(),
    openTransport: transport,
    applyLogging: () => {},
    onStop: () => {},
  });
  const [mine, theirs] = socketPair();
  serve<SecurityModuleMethods>(transport(theirs), securityModuleDescription, doors.handlers, {
    serials: true,
    maxMessageBytes: 1 << 20,
    closeDescriptor,
  });
  const main = createClient<SecurityModuleMethods>(transport(mine), securityModuleDescription, {
    serials: true,
    maxMessageBytes: 1 << 20,
    timeoutMs: 10_000,
  });
  const key = randomBytes(32);
  const configure = (ticketKey = key.toString('base64')) => {
    const { configuration, diagnostics } = loadConfiguration(file('ocserv.conf'), { checkFiles: false });
    assert.ok(configuration, JSON.stringify(diagnostics));
    const logging = { level: 3, stderr: false, syslog: false, syslogFacility: 'daemon' };
    return main.call('Configure', {
      generation: 1,
      configuration: { configuration: JSON.parse(JSON.stringify(configuration)), logging },
      ticketKey,
    });
  };
  await configure().catch((error: unknown) => {
    main.close();
    throw error;
  });
  const [workerEnd, secmodEnd] = socketPair();
  await main.call('AttachWorker', { workerId: WORKER }, { descriptors: [secmodEnd] });
  closeDescriptor(secmodEnd);
  const worker = createClient<AuthenticatorMethods>(transport(workerEnd), authenticatorDescription, {
    serials: true,
    maxMessageBytes: 1 << 16,
    timeoutMs: 10_000,
  });
  let connections = 0;
  const ticket = (change: object = {}) => {
    const statement = {
      workerId: WORKER,
      connectionId: ++connections,
      remoteAddress: '192.0.2.1',
      localAddress: '192.0.2.2',
      acceptedAt: clock.now(),
      ...change,
    };
    const text = Buffer.from(JSON.stringify(statement)).toString('base64url');
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const login = async (username = 'alice', password = PASSWORD, group?: string) => {
    const credentials = { username, password, ...(group === undefined ? {} : { group }) };
    const { parameters } = await worker.call('Start', {
      ticket: ticket(),
      vhost: '',
      method: 0,
      credentials,
    });
    return parameters.step;
  };
  const open = (cookie: string | undefined, remoteAddress = '192.0.2.1') =>
    main
      .call('OpenSession', { cookie: cookie ?? '', vhost: '', remoteAddress, connectionId: connections })
      .then(({ parameters }) => parameters.grant);
  const end = () => {
    main.close();
    worker.close();
    doors.close();
  };
  return { clock, lines, module, main, worker, ticket, login, open, configure, end };
}

const refused = (error: string, text?: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof VarlinkError, String(thrown));
  assert.equal(thrown.error.split('.').at(-1), error);
  if (text !== undefined) assert.match(JSON.stringify(thrown.parameters), text);
  return true;
};

test('login, session, roaming, goodbye: a cookie from its birth to its end', async () => {
  const { main, login, open, end } = await start();
  const step = await login();
  assert.equal(step.outcome, 'yes');
  const grant = await open(step.cookie);
  assert.equal(grant.username, 'alice');
  assert.equal(grant.groupname, 'staff');
  assert.equal(grant.vhost, 'default');
  assert.equal(grant.loginAddress, '192.0.2.1');
  assert.match(grant.sessionId, /^[A-Za-z0-9+/]{27}=$/);
  assert.equal((await open(step.cookie, '203.0.113.5')).sessionId, grant.sessionId);
  const counters = { rxBytes: 1, txBytes: 2 };
  const { sessionId } = grant;
  await main.call('CloseSession', { sessionId, keepCookie: true, reason: 'takeover', counters, seconds: 1 });
  const listed = (await main.call('ListSessions', {})).parameters.sessions;
  assert.deepEqual(
    listed.map(({ username, inUse, remoteAddress, expiresAt }) => [
      username,
      inUse,
      remoteAddress,
      expiresAt,
    ]),
    [['alice', true, '203.0.113.5', undefined]],
  );
  await main.call('CloseSession', {
    sessionId,
    keepCookie: false,
    reason: 'userDisconnect',
    counters,
    seconds: 1,
  });
  await assert.rejects(open(step.cookie), refused('CookieRefused', /unknown or expired/));
  await assert.rejects(
    main.call('ReportCounters', { sessionId, openedAt: 1, counters, isInterim: false }),
    refused('UnknownSession'),
  );
  end();
});

test('a profile is named with the cookie and read with it, as the session of the user has it', async () => {
  const { worker, ticket, login, open, end, lines } = await start();
  writeFileSync(file('profile.xml'), '<AnyConnectProfile/>');
  writeFileSync(file('users', 'alice'), `user-profile = ${file('profile.xml')}\n`);
  try {
    const step = await login();
    assert.equal(step.profile?.name, file('profile.xml'));
    const sha1 = createHash('sha1').update('<AnyConnectProfile/>').digest('hex').toUpperCase();
    assert.equal(step.profile?.sha1, sha1);
    const ask = { ticket: ticket(), vhost: '', cookie: step.cookie ?? '' };
    assert.equal((await worker.call('CheckCookie', ask)).parameters.isValid, true);
    const { profile } = (await worker.call('ReadProfile', ask)).parameters;
    assert.equal(Buffer.from(profile ?? '', 'base64').toString(), '<AnyConnectProfile/>');
    // Asking opens nothing: the cookie is as good as before.
    assert.equal((await open(step.cookie)).username, 'alice');

    const unknown = { ...ask, cookie: randomBytes(32).toString('base64') };
    assert.equal((await worker.call('CheckCookie', unknown)).parameters.isValid, false);
    await assert.rejects(worker.call('ReadProfile', unknown), refused('CookieRefused'));
    await assert.rejects(
      worker.call('ReadProfile', { ...ask, vhost: 'elsewhere' }),
      refused('CookieRefused'),
    );
    await assert.rejects(worker.call('ReadProfile', { ...ask, ticket: 'x.y' }), refused('BadTicket'));
    await assert.rejects(worker.call('CheckCookie', { ...ask, ticket: 'x.y' }), refused('BadTicket'));

    rmSync(file('profile.xml'));
    assert.equal((await login()).profile, undefined);
    assert.ok(lines.some((line) => /profile\.xml: cannot read the profile \(ENOENT\)/.test(line)));
    assert.equal((await worker.call('ReadProfile', ask)).parameters.profile, undefined);
  } finally {
    rmSync(file('users', 'alice'));
    end();
  }
});

test('tickets of another worker, another key and another day are refused', async () => {
  const { clock, worker, ticket, end } = await start();
  const credentials = { username: 'alice', password: PASSWORD };
  for (const bad of [
    '',
    'x.y',
    ticket({ workerId: 4 }),
    ticket({ acceptedAt: clock.now() - 240_001 }),
    `${ticket()}A`,
  ]) {
    await assert.rejects(
      worker.call('Start', { ticket: bad, vhost: '', method: 0, credentials }),
      refused('BadTicket'),
    );
  }
  await assert.rejects(
    worker.call('Continue', { ticket: ticket(), context: 'x', answer: 'x' }),
    refused('UnknownContext'),
  );
  end();
});

test('failed logins reach main as events; the right password of a locked account is one of them', async () => {
  const { main, worker, login, end } = await start();
  const events: SecurityModuleEvent[] = [];
  main.watch('Watch', {}, ({ event }) => void events.push(event));
  for (const username of ['alice', 'nobody', 'bob'])
    assert.equal((await login(username, username === 'bob' ? PASSWORD : 'wrong')).outcome, 'ask');
  await worker.call('ListGroups', { vhost: '' });
  await main.call('Maintain', {});
  assert.deepEqual(
    events.map(({ kind, username, points, address }) => [kind, username, points, address]),
    ['alice', 'nobody', 'bob'].flatMap((username) => [
      ['failed', username, 0, '192.0.2.1'],
      ['points', username, 10, '192.0.2.1'],
    ]),
  );
  assert.equal((await main.call('GetStatistics', {})).parameters.statistics.authenticationFailures, 3);
  end();
});

test('a killed security module costs nobody a login; terminated users stay out', async () => {
  const first = await start();
  const unused = (await first.login()).cookie;
  const used = (await first.login()).cookie;
  const grant = await first.open(used);
  // No stop: the next one finds what a kill leaves.
  first.end();
  const second = await start(first.clock);
  assert.equal((await second.open(unused)).username, 'alice');
  assert.equal((await second.open(used)).sessionId, grant.sessionId);
  const { sessionIds } = (await second.main.call('TerminateUser', { username: 'alice' })).parameters;
  assert.ok(sessionIds.includes(grant.sessionId));
  await assert.rejects(second.open(used), refused('CookieRefused'));
  second.end();
  const third = await start(first.clock);
  await assert.rejects(third.open(unused), refused('CookieRefused'));
  third.end();
});

test('a store that cannot be written costs nobody a login and is told in the log', async () => {
  const broken = () => {
    throw new Error('disk is full');
  };
  const store = { put: broken, delete: broken, get: () => undefined, list: () => [], close: broken };
  const { lines, clock, login, open, end } = await start(new FakeClock(), () => store);
  const { cookie } = await login();
  assert.equal((await open(cookie)).username, 'alice');
  await login();
  clock.advance(1_000_000);
  assert.match(lines.join('\n'), /cannot write .*sessions-[0-9a-f]{8}\.db: disk is full/);
  end();
});

test('one session is terminated by the beginning of its id', async () => {
  const { main, login, open, end } = await start();
  const one = (await login()).cookie;
  const two = (await login()).cookie;
  const { sessionId } = await open(one);
  assert.deepEqual((await main.call('TerminateSession', { sessionId: '' })).parameters.sessionIds, []);
  assert.deepEqual(
    (await main.call('TerminateSession', { sessionId: sessionId.slice(0, 6) })).parameters.sessionIds,
    [sessionId],
  );
  await assert.rejects(open(one), refused('CookieRefused'));
  await open(two);
  await main.call('TerminateUser', { username: 'alice' });
  end();
});

test('files of group and user set the session; a mistake refuses it and says where', async () => {
  const { login, open, end } = await start();
  const { cookie } = await login();
  writeFileSync(file('groups/staff'), 'idle-timeout = 77\nmtu = 1300\n');
  writeFileSync(file('users/alice'), 'mtu = 1280\nroute = 10.1.0.0/16\n');
  const { settings } = await open(cookie);
  assert.equal(settings['idle-timeout'], 77);
  assert.equal(settings['mtu'], 1280);
  assert.deepEqual(JSON.stringify(settings['route']).includes('10.1.0.0'), true);
  writeFileSync(file('users/alice'), 'mtu = 1280\nroute = 10.1.0.0/99\n');
  await assert.rejects(open(cookie), refused('SettingsRefused', /users\/alice:2:\d+/));
  writeFileSync(file('users/alice'), 'deny-roaming = true\n');
  await assert.rejects(open(cookie, '192.0.2.99'), refused('CookieRefused', /roaming/));
  await open(cookie, '192.0.2.1');
  rmSync(file('users/alice'));
  symlinkSync('/etc/passwd', file('users/alice'));
  await open(cookie);
  rmSync(file('users/alice'));
  rmSync(file('groups/staff'));
  end();
});

test('session-timeout counts from the login, over reconnects', async () => {
  const { clock, login, open, end } = await start();
  const { cookie } = await login();
  writeFileSync(file('users/alice'), 'session-timeout = 100\n');
  await open(cookie);
  clock.advance(99_999);
  await open(cookie);
  clock.advance(1);
  await assert.rejects(open(cookie), refused('CookieRefused', /session timeout/));
  await assert.rejects(open(cookie), refused('CookieRefused', /unknown/));
  rmSync(file('users/alice'));
  end();
});

test('a handshake is signed, anything else is not, and a key that went bad at a reload stays in force', async () => {
  const { worker, configure, lines, end } = await start();
  const certificate = readFileSync(CERTIFICATE);
  const keyId = serverKeyId(certificate);
  const input = Buffer.concat([
    Buffer.alloc(64, 0x20),
    Buffer.from('TLS 1.3, server CertificateVerify\0'),
    randomBytes(32),
  ]);
  const sign = (scheme: number, content: Buffer, id = keyId) =>
    worker.call('Sign', { keyId: id, scheme, input: content.toString('base64') });
  const check = async () => {
    const signature = Buffer.from((await sign(0x0804, input)).parameters.signature, 'base64');
    const publicKey = createPublicKey(
      new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
    );
    return verify('sha256', input, { key: publicKey, padding: 6, saltLength: 32 }, signature);
  };
  assert.equal(await check(), true);
  await assert.rejects(sign(0x0804, randomBytes(130)), refused('SignatureRefused', /no handshake signature/));
  await assert.rejects(sign(0x0401, input), refused('SignatureRefused', /not for TLS 1.3/));
  await assert.rejects(sign(0x0804, input, 'other'), refused('SignatureRefused', /unknown key/));
  const key = readFileSync(KEY);
  writeFileSync(KEY, 'garbage');
  await configure();
  assert.match(lines.join('\n'), /the former key stays in force/);
  assert.equal(await check(), true);
  await assert.rejects(start(), refused('ConfigurationRefused', /cannot load the private key/));
  writeFileSync(KEY, key);
  end();
});

test('nothing secret is ever logged', async () => {
  const { main, lines, login, open, end } = await start();
  const failing = await login('alice', 'planted-wrong-password');
  const { cookie = '' } = await login('alice', PASSWORD, 'vpn');
  await login('alice', PASSWORD, 'admins');
  const { sessionId } = await open(cookie);
  await main.call('TerminateSession', { sessionId });
  await assert.rejects(open(cookie));
  const key = readFileSync(KEY, 'utf8').split('\n')[1] ?? '?';
  const hash = readFileSync(file('passwd'), 'utf8').split(/[:\n]/)[2] ?? '?';
  const written = lines.join('\n');
  assert.ok(lines.length > 8);
  for (const secret of [
    PASSWORD,
    'planted-wrong-password',
    cookie,
    failing.context ?? '?',
    key,
    hash,
    sessionId,
  ]) {
    assert.ok(!written.includes(secret), secret);
  }
  end();
});
