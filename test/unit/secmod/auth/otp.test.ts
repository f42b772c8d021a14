import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { HOTP, Secret } from 'otpauth';
import { tryLockFile } from '../../../../core/native/index.ts';
import { otpChecker } from '../../../../core/secmod/auth/otp.ts';
import { plainBackend } from '../../../../core/secmod/auth/plain.ts';

const SECRET = '3132333435363738393031323334353637383930';
const secret = Secret.fromHex(SECRET);
const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-otp-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
let now = 1_700_000_000_000;
const code = (steps = 0): string => HOTP.generate({ secret, counter: Math.floor(now / 30_000) + steps });

function setUp(users: string | undefined, passwords?: string) {
  const file = path.join(folder, `users${++count}.oath`);
  if (users !== undefined) writeFileSync(file, users, { mode: 0o600 });
  const passwordFile = passwords === undefined ? undefined : path.join(folder, `passwd${count}`);
  if (passwordFile !== undefined) writeFileSync(passwordFile, passwords ?? '', { mode: 0o600 });
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const check = otpChecker({ file, windowSteps: 1, tryLock: tryLockFile, now: () => now, log });
  const backend = plainBackend({
    passwordFile,
    checkOtp: check,
    makeSetting: (prefix) => `${prefix}fresh$`,
    crypt: (password, setting) => Promise.resolve(setting.slice(0, setting.lastIndexOf('$') + 1) + password),
    log,
  });
  const begin = (username: string) => {
    const conversation = backend.begin({
      username,
      remoteAddress: '192.0.2.1',
      localAddress: '192.0.2.2',
      userAgent: undefined,
      sessionId: 'id',
      hasCertificate: false,
    });
    return async (text: string): Promise<string> => {
      const reply = await conversation.answer(text);
      if (reply.kind === 'accepted') return `accepted ${(reply.groups ?? []).join()}`;
      if (reply.kind === 'prompted') return `prompted ${reply.promptNumber}: ${reply.prompt}`;
      return `${reply.kind}${reply.kind === 'rejected' && reply.isFinal ? ' for good' : ''}: ${reply.reason}`;
    };
  };
  return { file, check, lines, begin };
}

test('a file that is missing, malformed, or writable by everybody is said once', async () => {
  const missing = setUp(undefined);
  assert.equal(await missing.check('alice', code()), 'unavailable');
  assert.equal(await missing.check('alice', code()), 'unavailable');
  assert.deepEqual(missing.lines, [`plain-auth: ${missing.file}: cannot be read and written back (ENOENT)`]);
  const open = setUp(`HOTP/T30 alice - ${SECRET}\n`);
  chmodSync(open.file, 0o602);
  assert.equal(await open.check('alice', code()), 'unavailable');
  assert.match(open.lines.join(), /is writable by everybody/);
  const odd = setUp(`HOTP/T30 alice 77 ${SECRET}\nTOTP bob - ${SECRET}\n`);
  assert.equal(await odd.check('alice', code()), 'right');
  assert.deepEqual(odd.lines, [
    `plain-auth: ${odd.file}: line 2 is ignored: unknown token type; expected HOTP, HOTP/E or HOTP/T30`,
    `plain-auth: ${odd.file}: the PIN in line 1 is not checked; the password file holds the second secret`,
  ]);
});

test('a right code is written down with mode kept, and of many logins with it one succeeds', async () => {
  const { check, file } = setUp(`HOTP/T30 alice - ${SECRET}\n`);
  chmodSync(file, 0o400);
  const replies = await Promise.all(Array.from({ length: 20 }, () => check('alice', code())));
  assert.deepEqual(
    [
      replies.filter((reply) => reply === 'right').length,
      replies.filter((reply) => reply === 'replayed').length,
    ],
    [1, 19],
  );
  assert.match(
    readFileSync(file, 'utf8'),
    new RegExp(`^HOTP/T30\talice\t-\t${SECRET}\t0\t${code()}\t.*L\n$`),
  );
  assert.equal(statSync(file).mode & 0o777, 0o400);
});

test('the password comes first, the code second, and that is asked once', async () => {
  const { begin } = setUp(`HOTP/T30 alice - ${SECRET}\n`, 'alice:staff:$6$s$pw\nbare:*:$6$s$pw\n');
  now += 60_000;
  const wrong = begin('alice');
  assert.equal(await wrong('no'), 'rejected: wrong password');
  assert.equal(await wrong(code()), 'rejected: wrong password');
  assert.equal(await wrong('pw'), 'prompted 0: Please enter your OTP password.');
  assert.equal(await wrong('000000'), 'rejected for good: wrong one-time password');
  const right = begin('alice');
  assert.equal(await right('pw'), 'prompted 0: Please enter your OTP password.');
  assert.equal(await right(code()), 'accepted staff');
  const again = begin('alice');
  await again('pw');
  assert.equal(await again(code()), 'rejected for good: replayed one-time password');
  const bare = begin('bare');
  assert.equal(await bare('pw'), 'prompted 0: Please enter your OTP password.');
  assert.equal(await bare(code()), 'rejected for good: no token');
});

test('an entry without a hash, and a missing password file, leave the code alone', async () => {
  now += 60_000;
  const hashless = setUp(`HOTP/T30 alice - ${SECRET}\n`, 'alice:staff:\n');
  assert.equal(await hashless.begin('alice')(code()), 'accepted staff');
  assert.equal(await hashless.begin('alice')(code()), 'rejected for good: replayed one-time password');
  assert.equal(await hashless.begin('bob')(code()), 'rejected: unknown user');
  const alone = setUp(`HOTP/T30 alice - ${SECRET}\n`);
  assert.equal(await alone.begin('alice')('pw'), 'rejected for good: wrong one-time password');
  assert.equal(await alone.begin('alice')(code()), 'accepted ');
  assert.equal(await alone.begin('bob')(code()), 'rejected for good: no token');
});

test('a token with a wrong clock is named in the log, its code is not', async () => {
  const { check, lines } = setUp(`HOTP/T30 alice - ${SECRET}\n`);
  assert.equal(await check('alice', code(-4)), 'wrong');
  assert.deepEqual(lines, [
    "plain-auth: the token of user 'alice' is 4 steps behind the server's clock; otp-window=4 would accept that",
  ]);
});

test('a code that cannot be written down does not count', async () => {
  const { check, file, lines } = setUp(`HOTP/T30 alice - ${SECRET}\n`);
  const before = readFileSync(file, 'utf8');
  assert.equal(
    await otpChecker({
      file,
      windowSteps: 1,
      tryLock: () => false,
      lockWaitMs: 30,
      now: () => now,
      log: { error: (text) => void lines.push(text), warning() {}, notice() {}, info() {}, debug() {} },
    })('alice', code()),
    'unavailable',
  );
  assert.match(lines.join(), /is locked by another program/);
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal(await check('alice', code()), 'right');
});
