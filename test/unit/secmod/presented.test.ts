// A worker shows client certificates to the security module, honestly and otherwise. Real configuration, certificates
// and handshakes; only the clock is ours.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfiguration, serverKeyId } from '../../../core/config/index.ts';
import {
  createClientTrust,
  cryptPassword,
  cryptSetting,
  pamProblem,
  acquireGssapiCredentials,
  startPam,
  tryLockFile,
} from '../../../core/native/index.ts';
import { createAuthority, issueClient, issueServer } from '../../../core/pki/index.ts';
import type { SecmodEvent } from '../../../core/secmod/events.ts';
import { SignedHandshakes } from '../../../core/secmod/handshakes.ts';
import { SecurityModule } from '../../../core/secmod/security-module.ts';
import type { Ticket } from '../../../core/secmod/tickets.ts';
import { memorySessionStore } from '../../../core/store/index.ts';
import { recordHandshake } from '../../support/handshake.ts';
import { FakeClock } from './fake-clock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-presented-'));
const file = (name: string): string => path.join(folder, name);
const SERVER = file('server/vpn.example.net/cert.pem');
const LIMIT_MS = 240_000;

before(async () => {
  const place = { folder, force: false, now: new Date() };
  await createAuthority(place, { commonName: 'Test CA', keyType: 'ecdsa', days: 30, pathLength: 0 });
  await issueServer(place, { names: [{ kind: 'dns', name: 'vpn.example.net' }], keyType: 'rsa', days: 30 });
  for (const user of ['alice', 'bob']) {
    const texts = { commonName: user, organization: undefined, groups: ['staff'], email: undefined };
    await issueClient(place, { user, ...texts, keyType: 'ecdsa', days: 30 });
  }
  writeFileSync(
    file('ocserv.conf'),
    [
      'auth = certificate',
      `ca-cert = ${file('ca/ca.pem')}`,
      'cert-user-oid = 0.9.2342.19200300.100.1.1',
      'cert-group-oid = 2.5.4.11',
      'tcp-port = 443',
      `socket-file = ${file('socket')}`,
      `server-cert = ${SERVER}`,
      `server-key = ${file('server/vpn.example.net/key.pem')}`,
      'device = vpns',
      'ipv4-network = 192.168.77.0/24',
      '[vhost:other]',
      'cisco-client-compat = true',
    ].join('\n'),
  );
});
after(() => rmSync(folder, { recursive: true }));

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const keep = (text: string): void => void lines.push(text);
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
    openStore: () => memorySessionStore(),
    createTrust: createClientTrust,
    failureDelayMs: 0,
    onWork: () => undefined,
  });
  const { configuration, diagnostics } = loadConfiguration(file('ocserv.conf'), { checkFiles: false });
  assert.ok(configuration, JSON.stringify(diagnostics));
  const logging = { level: 3, stderr: false, syslog: false, syslogFacility: 'daemon' };
  assert.deepEqual(module.configure({ configuration, logging }, randomBytes(32)), []);
  const events: SecmodEvent[] = [];
  module.events.subscribe((event) => void events.push(event));
  const handshakes = new SignedHandshakes(clock, () => module.loginLimitMs);

  let connections = 0;
  const ticket = (): Ticket => ({
    workerId: 1,
    connectionId: ++connections,
    remoteAddress: '192.0.2.1',
    localAddress: '192.0.2.2',
    acceptedAt: clock.now(),
  });
  const shakeHands = (user: string): Promise<Buffer> =>
    recordHandshake({
      server: SERVER,
      keyId: serverKeyId(readFileSync(SERVER)),
      authorities: file('ca/ca.pem'),
      client: { certificate: file(`clients/${user}/cert.pem`), key: file(`clients/${user}/key.pem`) },
      connect: { ecdhCurve: 'P-384' },
      sign: async ({ keyId, scheme, input }) => {
        const result = await module.sign(keyId, scheme, input);
        assert.ok('signature' in result, JSON.stringify(result));
        handshakes.add(input);
        return result.signature;
      },
    });
  const present = (from: Ticket, proof: Buffer, vhost = '') =>
    module.presentCertificate(from, vhost, proof, (input) => handshakes.claim(input, from.connectionId));
  const logIn = (from: Ticket, vhost = '') =>
    module.startLogin(from, { vhost, method: 0, credentials: { username: '' } });
  const open = (cookie: string | undefined, { connectionId, remoteAddress }: Ticket, vhost = '') =>
    module.openSession({ cookie: cookie ?? '', vhost, remoteAddress, connectionId });
  return { module, configuration, logging, clock, lines, events, ticket, shakeHands, present, logIn, open };
}

test('a handshake that was proved logs its connection in, and no other one', async () => {
  const { ticket, shakeHands, present, logIn, lines } = setUp();
  const proof = await shakeHands('alice');
  const here = ticket();
  assert.deepEqual(present(here, proof), { username: 'alice', groups: ['staff'] });
  assert.deepEqual((await logIn(here)).username, 'alice');

  const elsewhere = ticket();
  assert.equal(present(elsewhere, proof), undefined, 'shown again for another connection');
  assert.equal((await logIn(elsewhere)).reason, 'No certificate');
  assert.ok(lines.some((line) => line.includes('(method: certificate, reason: it is no handshake of ours)')));
  assert.equal((await logIn(ticket(), '')).outcome, 'no');
});

test('a recorded handshake is worth nothing once a login would be over', async () => {
  const { clock, ticket, shakeHands, present, logIn } = setUp();
  const proof = await shakeHands('alice');
  clock.advance(LIMIT_MS + 1);
  assert.equal(present(ticket(), proof), undefined);

  const here = ticket();
  assert.ok(present(here, await shakeHands('alice')) !== undefined);
  clock.advance(LIMIT_MS + 1);
  assert.equal((await logIn(here)).reason, 'No certificate');
});

test('a certificate counts on the host it was shown for', async () => {
  const { ticket, shakeHands, present, logIn } = setUp();
  const here = ticket();
  assert.ok(present(here, await shakeHands('alice'), 'other') !== undefined);
  assert.equal((await logIn(here)).outcome, 'no');
  const there = ticket();
  assert.ok(present(there, await shakeHands('alice'), 'other') !== undefined);
  assert.equal((await logIn(there, 'other')).outcome, 'yes');
  assert.equal(present(ticket(), await shakeHands('alice'), 'unknown'), undefined);
});

test('a tunnel needs the certificate of its login again, of the same user; Cisco clients need not show it', async () => {
  const { ticket, shakeHands, present, logIn, open } = setUp();
  const show = async (user: string, vhost = ''): Promise<Ticket> => {
    const from = ticket();
    assert.ok(present(from, await shakeHands(user), vhost) !== undefined);
    return from;
  };
  const { cookie } = await logIn(await show('alice'));
  assert.deepEqual(await open(cookie, ticket()), { cookieRefused: 'certificate missing' });
  assert.deepEqual(await open(cookie, await show('bob')), { cookieRefused: 'certificate of another user' });
  assert.deepEqual(await open(cookie, await show('alice', 'other')), {
    cookieRefused: 'certificate missing',
  });
  assert.ok('grant' in (await open(cookie, await show('alice'))));

  const compatible = await logIn(await show('alice', 'other'), 'other');
  assert.ok('grant' in (await open(compatible.cookie, ticket(), 'other')));
  assert.deepEqual(await open(compatible.cookie, await show('bob', 'other'), 'other'), {
    cookieRefused: 'certificate of another user',
  });
});

test('what a refused certificate costs: points for a bad one, none for a handshake without', async () => {
  const { ticket, shakeHands, present, events } = setUp();
  const proof = await shakeHands('alice');
  const forged = Buffer.from(proof);
  forged[proof.length - 1] = (proof.at(-1) ?? 0) ^ 1;
  assert.equal(present(ticket(), forged), undefined);
  assert.equal(present(ticket(), Buffer.alloc(0)), undefined);
  assert.deepEqual(
    events.map(({ kind, points, reason }) => [kind, points, reason]),
    [
      ['failed', 0, 'the signature is not by the key of the certificate'],
      ['points', 10, 'the signature is not by the key of the certificate'],
      ['failed', 0, 'no certificate in the handshake'],
    ],
  );
});

test('configurations that are refused leave the keys in force as they are', async () => {
  const { module, configuration, logging, shakeHands } = setUp();
  const [host] = configuration.hosts;
  assert.ok(host);
  const settings = {
    ...host.settings,
    'ca-cert': file('ocserv.conf'),
    'server-cert': [file('clients/bob/cert.pem')],
    'server-key': [file('clients/bob/key.pem')],
  };
  const broken = { ...configuration, hosts: [{ ...host, settings }] };
  // Twice: the keys before the last change are kept once.
  for (let round = 0; round < 2; round++) {
    const problems = module.configure({ configuration: broken, logging }, randomBytes(32));
    assert.equal(problems.length, 1, problems.join('; '));
    assert.match(problems.join(), /ocserv.conf/);
  }
  assert.ok((await shakeHands('alice')).length > 0);
});
