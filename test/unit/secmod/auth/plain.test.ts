import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { plainBackend } from '../../../../core/secmod/auth/plain.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-plain-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

function setUp(content: string | undefined, mode = 0o600) {
  const passwordFile = path.join(folder, `passwd${++count}`);
  const write = (text: string) => {
    writeFileSync(passwordFile, text);
    chmodSync(passwordFile, mode);
  };
  if (content !== undefined) write(content);
  const lines: string[] = [];
  const settings: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const backend = plainBackend({
    passwordFile,
    makeSetting: (prefix) => `${prefix}fresh$`,
    // The hash of a password is the password itself after the salt.
    crypt: (password, setting) => {
      if (password !== 'calibration') settings.push(setting);
      return Promise.resolve(setting.slice(0, setting.lastIndexOf('$') + 1) + password);
    },
    log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
  });
  const login = async (username: string, password: string, hasCertificate = false) => {
    const reply = await backend
      .begin({
        username,
        remoteAddress: '192.0.2.1',
        localAddress: '192.0.2.2',
        userAgent: undefined,
        sessionId: 'id',
        hasCertificate,
      })
      .answer(password);
    return reply.kind === 'rejected' || reply.kind === 'unavailable'
      ? `${reply.kind}: ${reply.reason}`
      : reply.kind;
  };
  return { write, login, lines, settings, backend, passwordFile };
}

test('a file that is missing, no file, or writable by everybody lets nobody in and says so once', async () => {
  const missing = setUp(undefined);
  assert.equal(await missing.login('alice', 'pw'), 'unavailable: the password file cannot be read');
  await missing.login('alice', 'pw');
  assert.deepEqual(missing.lines, [`plain-auth: ${missing.passwordFile}: cannot be read (ENOENT)`]);
  const open = setUp('alice:*:$6$s$pw\n', 0o602);
  assert.equal(await open.login('alice', 'pw'), 'unavailable: the password file cannot be read');
  assert.match(open.lines.join(), /is writable by everybody/);
  const grouped = setUp('alice:*:$6$s$pw\n', 0o660);
  assert.equal(await grouped.login('alice', 'pw'), 'accepted');
  assert.match(grouped.lines.join(), /is writable by its group/);
});

test('every answer costs one hash of the kind the file has, whoever is asked for', async () => {
  const { login, settings } = setUp(
    'alice:*:$6$s$pw\nlocked:*:!$6$s$pw\nempty:*:\nbare:*:!\nmallory:*:$1$s$x\nbob:*:$6$s$x\n',
  );
  assert.equal(await login('alice', 'pw'), 'accepted');
  assert.equal(await login('alice', 'no'), 'rejected: wrong password');
  assert.equal(await login('nobody', 'pw'), 'rejected: unknown user');
  assert.equal(await login('locked', 'pw'), 'rejected: locked');
  assert.equal(await login('bare', ''), 'rejected: locked');
  assert.equal(await login('empty', ''), 'rejected: no hash');
  assert.equal(await login('Alice', 'pw'), 'rejected: unknown user');
  assert.equal(await login('', 'pw'), 'rejected: unknown user');
  assert.deepEqual(
    settings,
    Array.from({ length: 8 }, () => '$6$s$pw'),
  );
});

test('where hashes of several kinds are mixed a wrong answer takes as long as the dearest', async () => {
  const passwordFile = path.join(folder, 'mixed');
  writeFileSync(passwordFile, 'cheap:*:$1$s$pw\ndear:*:$6$s$pw\ndear2:*:$6$s$pw\n', { mode: 0o600 });
  const quiet = () => {};
  const backend = plainBackend({
    passwordFile,
    makeSetting: (prefix) => `${prefix}fresh$`,
    crypt: (_password, setting) =>
      new Promise((resolve) => setTimeout(() => resolve('*'), setting.startsWith('$6$') ? 60 : 1)),
    log: { error: quiet, warning: quiet, notice: quiet, info: quiet, debug: quiet },
  });
  const takes = async (username: string): Promise<number> => {
    const begunAt = performance.now();
    await backend
      .begin({
        username,
        remoteAddress: '192.0.2.1',
        localAddress: '192.0.2.2',
        userAgent: undefined,
        sessionId: 'id',
        hasCertificate: false,
      })
      .answer('wrong');
    return performance.now() - begunAt;
  };
  await takes('cheap');
  for (const username of ['cheap', 'dear', 'nobody']) assert.ok((await takes(username)) >= 60, username);
});

test('an entry without hash maps groups beside a certificate and is refused otherwise', async () => {
  const { login } = setUp('empty:staff:\n');
  assert.equal(await login('empty', 'anything', true), 'accepted');
  assert.equal(await login('nobody', 'anything', true), 'rejected: unknown user');
  assert.equal(await login('empty', 'anything', false), 'rejected: no hash');
});

test('an edit of the file counts at the next login', async () => {
  const { login, write, backend } = setUp('alice:staff:$6$s$pw\n');
  assert.equal(await login('alice', 'pw'), 'accepted');
  write('alice:staff,vpn:$6$s$newer\n');
  assert.equal(await login('alice', 'pw'), 'rejected: wrong password');
  assert.equal(await login('alice', 'newer'), 'accepted');
  assert.deepEqual(await backend.listGroups(), ['staff', 'vpn']);
});

test('many logins at once are all answered', async () => {
  const { login } = setUp('alice:*:$6$s$pw\n');
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, index) => login('alice', index % 2 === 0 ? 'pw' : 'no')),
  );
  assert.equal(replies.filter((reply) => reply === 'accepted').length, 25);
});
