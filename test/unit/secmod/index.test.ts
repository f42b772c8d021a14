// The security module as a process: started like main starts it, killed, started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { loadConfiguration } from '../../../core/config/index.ts';
import {
  authenticatorDescription,
  securityModuleDescription,
  type AuthenticatorMethods,
  type SecurityModuleMethods,
} from '../../../core/interfaces/index.ts';
import {
  closeDescriptor,
  cryptPassword,
  cryptSetting,
  openDescriptorStream,
  socketPair,
} from '../../../core/native/index.ts';
import { addUser } from '../../../core/passwd/index.ts';
import { createAuthority, issueServer } from '../../../core/pki/index.ts';
import { createClient, descriptorTransport } from '../../../core/varlink/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-secmod-process-'));
const entry = path.join(import.meta.dirname, '../../../core/secmod/index.ts');
const PASSWORD = 'planted-password-2';
const running = new Set<ReturnType<typeof spawn>>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function start(key: Buffer) {
  const [ours, theirs] = socketPair();
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe', theirs], env: {} });
  running.add(child);
  closeDescriptor(theirs);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const options = { serials: true, maxMessageBytes: 1 << 20, timeoutMs: 10_000, closeDescriptor };
  const transport = (fd: number) => descriptorTransport(fd, openDescriptorStream);
  const main = createClient<SecurityModuleMethods>(transport(ours), securityModuleDescription, options);
  const { configuration } = loadConfiguration(path.join(folder, 'ocserv.conf'), { checkFiles: false });
  const logging = { level: 3, stderr: true, syslog: false, syslogFacility: 'daemon' };
  await main.call('Configure', {
    generation: 1,
    configuration: { configuration: JSON.parse(JSON.stringify(configuration)), logging },
    ticketKey: key.toString('base64'),
  });
  const [workerEnd, secmodEnd] = socketPair();
  await main.call('AttachWorker', { workerId: 1 }, { descriptors: [secmodEnd] });
  closeDescriptor(secmodEnd);
  const worker = createClient<AuthenticatorMethods>(transport(workerEnd), authenticatorDescription, options);
  const end = async (signal?: 'SIGKILL') => {
    const exited = once(child, 'exit');
    if (signal === undefined) await main.call('Stop', {});
    else child.kill(signal);
    const [code] = (await exited) as [number | null];
    running.delete(child);
    main.close();
    worker.close();
    return code;
  };
  return { main, worker, end, log: () => stderr };
}

test('the process logs people in, survives kill -9 without losing a cookie, and tells no secrets', async () => {
  const place = { folder, force: false, now: new Date() };
  await createAuthority(place, { commonName: 'CA', keyType: 'ecdsa', days: 9, pathLength: 0 });
  await issueServer(place, { names: [{ kind: 'dns', name: 'vpn.test' }], keyType: 'ecdsa', days: 9 });
  const hashing = { crypt: cryptPassword, makeSetting: cryptSetting };
  assert.equal(
    (await addUser(path.join(folder, 'passwd'), { name: 'alice', password: PASSWORD }, hashing)).outcome,
    'added',
  );
  mkdirSync(path.join(folder, 'state'));
  writeFileSync(
    path.join(folder, 'ocserv.conf'),
    `auth = "plain[passwd=${folder}/passwd]"\ntcp-port = 443\nsocket-file = ${folder}/s\nrun-as-user = nobody\n` +
      `run-as-group = nogroup\nserver-cert = ${folder}/server/vpn.test/cert.pem\nserver-key = ${folder}/server/vpn.test/key.pem\n` +
      `device = vpns\nipv4-network = 192.168.78.0/24\nstate-dir = ${folder}/state\n`,
  );
  const key = randomBytes(32);
  const statement = Buffer.from(
    JSON.stringify({
      workerId: 1,
      connectionId: 1,
      remoteAddress: '192.0.2.1',
      localAddress: '192.0.2.2',
      acceptedAt: Date.now(),
    }),
  ).toString('base64url');
  const ticket = `${statement}.${createHmac('sha256', key).update(statement).digest('base64url')}`;

  const first = await start(key);
  const login = (password: string) =>
    first.worker.call('Start', {
      ticket,
      vhost: '',
      method: 0,
      credentials: { username: 'alice', password },
    });
  const wrong = (await login('planted-wrong')).parameters.step;
  assert.equal(wrong.outcome, 'ask');
  const { step } = (
    await first.worker.call('Continue', { ticket, context: wrong.context ?? '', answer: PASSWORD })
  ).parameters;
  assert.equal(step.outcome, 'yes');
  const cookie = step.cookie ?? '';
  const open = { cookie, vhost: '', remoteAddress: '192.0.2.1', connectionId: 1 };
  const { grant } = (await first.main.call('OpenSession', open)).parameters;
  assert.equal(await first.end('SIGKILL'), null);

  const second = await start(key);
  const listed = (await second.main.call('ListSessions', {})).parameters.sessions;
  assert.deepEqual(
    listed.map(({ sessionId, inUse }) => [sessionId, inUse]),
    [[grant.sessionId, false]],
  );
  assert.equal((await second.main.call('OpenSession', open)).parameters.grant.sessionId, grant.sessionId);
  assert.equal(await second.end(), 0);

  const written = first.log() + second.log();
  assert.match(
    written,
    /^sec-mod: login attempt failed for user 'alice' from '192\.0\.2\.1' \(method: plain, reason: wrong password/m,
  );
  assert.match(written, /^sec-mod: initiating session for user 'alice' \(session: [A-Za-z0-9+/]{6}\)$/m);
  for (const secret of [PASSWORD, 'planted-wrong', cookie, wrong.context ?? '?', key.toString('base64')])
    assert.ok(!written.includes(secret));
  assert.ok(!/Warning|at .*\.ts:\d+/.test(written), written);
});
