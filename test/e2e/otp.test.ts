// One-time passwords beside the password file, with tokens that ocpasswd enrolled and codes that a phone would show.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type HOTP, TOTP, URI } from 'otpauth';
import { mustRun } from '../support/command.ts';
import { Scene } from '../support/scene.ts';
import { root } from '../support/site.ts';

interface BanRow {
  readonly IP: string;
  readonly Score: number;
}

/** What a phone makes of the QR code. */
async function enrol(folder: string, user: string, ...more: readonly string[]): Promise<TOTP | HOTP> {
  const command = [path.join(root, 'bin/ocpasswd'), '--otp', `${folder}/users.oath`, ...more, user];
  return URI.parse((await mustRun(command)).trim());
}

const codeOf = (phone: TOTP | HOTP, move = 0): string =>
  phone instanceof TOTP
    ? phone.generate({ timestamp: Date.now() + move * phone.period * 1000 })
    : phone.generate({ counter: move });

test('password, then code: two prompts; wrong, replayed and missing codes are refused and count', async () => {
  let alice: TOTP | HOTP | undefined;
  let bob: TOTP | HOTP | undefined;
  await using scene = await Scene.open({
    users: {
      alice: { password: 'planted-password-a', groups: 'staff' },
      bob: { password: 'planted-password-b' },
      carol: { password: 'planted-password-c' },
    },
    config: (folder) => `auth = "plain[passwd=${folder}/passwd,otp=${folder}/users.oath]"\nlog-level = 9`,
    prepare: async ({ folder }) => {
      // Of a minute, so that a step does not end between two looks at the clock all too often.
      alice = await enrol(folder, 'alice', '--otp-step', '60', '--otp-digits', '8');
      bob = await enrol(folder, 'bob', '--otp-type', 'hotp', '--otp-digits', '8');
    },
  });
  const { site } = scene;
  assert.ok(alice !== undefined && bob !== undefined);
  const asAlice = { user: 'alice', password: 'planted-password-a' };
  const asBob = { user: 'bob', password: 'planted-password-b' };

  const first = codeOf(alice);
  const client = await scene.connect({ ...asAlice, answers: [first] });
  assert.match(client.output(), /Please enter your OTP password\./);
  assert.ok(await client.ping('192.168.77.1'));
  const [row] = await site.occtlJson<{ Username: string; Groupname: string }[]>('show', 'users');
  assert.deepEqual([row?.Username, row?.Groupname], ['alice', 'staff']);

  assert.match(await scene.refused({ ...asAlice, answers: [first] }), /HTTP\/1\.1 401/);
  await site.logged(/failed for user 'alice' .*reason: replayed one-time password/);
  await scene.logIn({ ...asAlice, answers: [codeOf(alice, 1)] });
  assert.match(await scene.refused({ ...asAlice, answers: ['12345678'] }), /HTTP\/1\.1 401/);
  await site.logged(/failed for user 'alice' .*reason: wrong one-time password/);
  const [ban] = await site.occtlJson<BanRow[]>('show', 'ip', 'ban', 'points');
  assert.equal(ban?.Score, 20);

  // By press of a button: two were not used.
  await scene.logIn({ ...asBob, answers: [codeOf(bob, 0)] });
  await scene.logIn({ ...asBob, answers: [codeOf(bob, 3)] });
  await scene.refused({ ...asBob, answers: [codeOf(bob, 2)] });
  // No token, and a wrong password before the code is asked for.
  await scene.refused({ user: 'carol', password: 'planted-password-c', answers: [codeOf(bob, 4)] });
  await site.logged(/failed for user 'carol' .*reason: no token/);
  assert.match(
    await scene.refused({ ...asBob, password: 'planted-wrong', answers: ['planted-wrong', 'planted-wrong'] }),
    /Login failed/,
  );

  const file = path.join(site.folder, 'users.oath');
  assert.match(
    await readFile(file, 'utf8'),
    /^HOTP\/T60\/8\talice\t-\t\S+\t1\t\d{8}\t\S+L\nHOTP\/E\/8\tbob\t-\t\S+\t3\t/,
  );
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await scene.site.stop();
  const log = site.log();
  for (const secret of ['planted-', codeOf(alice), codeOf(alice, 1), first, alice.secret.hex, codeOf(bob, 3)])
    assert.equal(log.includes(secret), false, 'a secret is in the log');
});

test('a users file alone: the first password is the code', async () => {
  let phone: TOTP | HOTP | undefined;
  await using scene = await Scene.open({
    config: (folder) => `auth = "plain[otp=${folder}/users.oath]"`,
    prepare: async ({ folder }) => {
      phone = await enrol(folder, 'alice');
    },
  });
  assert.ok(phone !== undefined);
  await scene.refused({ password: 'secret' });
  await scene.logIn({ password: codeOf(phone) });
  await scene.refused({ password: codeOf(phone) });
});
