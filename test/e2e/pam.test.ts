// The pam method against Debian's libpam: pam_unix, pam_oath, pam_exec, and a module of the test's own for what those
// do not do. Services and accounts exist in the server's namespace alone.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type TOTP, URI } from 'otpauth';
import { mustRun, run, until } from '../support/command.ts';
import { buildPamModule, PamSetup, type PamAccount } from '../support/pam.ts';
import { Scene } from '../support/scene.ts';
import { root, type Site } from '../support/site.ts';

const accounts: readonly PamAccount[] = [
  { name: 'pam-alice', password: 'planted-alice', groups: ['pam-staff', 'pam-vpn'] },
  { name: 'pam-bob', password: 'planted-bob', groups: ['pam-vpn'] },
  { name: 'pam-carol', password: 'planted-carol', groups: ['pam-staff'], expiresOnDay: 1 },
];
const alice = { user: 'pam-alice', password: 'planted-alice' };
const bob = { user: 'pam-bob', password: 'planted-bob' };
const carol = { user: 'pam-carol', password: 'planted-carol' };
const unix = ['auth required pam_unix.so nodelay', 'account required pam_unix.so'];

interface PamScene extends AsyncDisposable {
  readonly scene: Scene;
  readonly site: Site;
  readonly pam: PamSetup;
}

async function open(
  config: string,
  services: (folder: string) => Promise<Readonly<Record<string, readonly string[]>>>,
): Promise<PamScene> {
  const stack = new AsyncDisposableStack();
  let pam: PamSetup | undefined;
  try {
    const scene = await Scene.open({
      config: `log-level = 9\n${config}`,
      prepare: async (site, network) => {
        pam = stack.use(await PamSetup.create(network.server, accounts));
        for (const [name, lines] of Object.entries(await services(site.folder))) await pam.write(name, lines);
      },
    });
    stack.use(scene);
    assert.ok(pam !== undefined);
    return { scene, site: scene.site, pam, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Nothing planted was logged, by whatever process. */
function keepsSecrets(site: Site, ...secrets: readonly string[]): void {
  for (const secret of ['planted-', ...secrets])
    assert.equal(site.log().includes(secret), false, 'a secret is in the log');
}

test('pam_unix: password, groups, a requested group, an expired account', async () => {
  await using it = await open('auth = "pam[service=test-unix]"', async () => ({ 'test-unix': unix }));
  const { scene, site } = it;
  const client = await scene.connect(alice);
  assert.ok(await client.ping('192.168.77.1'));
  const [row] = await site.occtlJson<{ Username: string; Groupname: string }[]>('show', 'users');
  assert.deepEqual([row?.Username, row?.Groupname], ['pam-alice', 'pam-staff']);

  assert.match(await scene.refused({ ...alice, password: 'planted-wrong' }), /HTTP\/1\.1 401/);
  await site.logged(
    /failed for user 'pam-alice' .*method: pam, reason: PAM authenticate: Authentication failure/,
  );
  await scene.refused({ user: 'nobody-we-know', password: 'planted-wrong' });
  await scene.refused(carol);
  await site.logged(/failed for user 'pam-carol' .*reason: PAM account: User account has expired/);
  const [ban] = await site.occtlJson<{ Score: number }[]>('show', 'ip', 'ban', 'points');
  assert.equal(ban?.Score, 30);
  await site.stop();
  keepsSecrets(site);
});

test('auto-select-group offers the system groups from gid-min on, and only members get in', async () => {
  const config = 'auth = "pam[service=test-unix,gid-min=45000]"\nauto-select-group = true';
  await using it = await open(config, async () => ({ 'test-unix': unix }));
  const { scene } = it;
  const output = await scene.refused({
    ...bob,
    args: ['--no-dtls', '--dump-http-traffic', '--authgroup', 'pam-staff'],
  });
  assert.match(output, /<option value="pam-staff">pam-staff<\/option>/);
  assert.match(output, /<option value="pam-vpn">pam-vpn<\/option>/);
  assert.doesNotMatch(output, /<option value="root">/);
  await scene.logIn({ ...alice, args: ['--authgroup', 'pam-vpn'] });
});

test('pam_oath after pam_unix: a code from the client, replay refused, the users file shared with our tools', async () => {
  let phone: TOTP | undefined;
  await using it = await open('auth = "pam[service=test-oath]"', async (folder) => {
    const oath = `${folder}/users.oath`;
    const uri = await mustRun([path.join(root, 'bin/ocpasswd'), '--otp', oath, alice.user]);
    phone = URI.parse(uri.trim()) as TOTP;
    return {
      'test-oath': [
        unix[0] ?? '',
        `auth required pam_oath.so usersfile=${oath} window=20 digits=6`,
        unix[1] ?? '',
      ],
    };
  });
  const { scene, site } = it;
  assert.ok(phone !== undefined);
  // openconnect makes the code itself, for the field "secondary_password".
  const token = ['--token-mode=totp', `--token-secret=base32:${phone.secret.base32}`];
  const client = await scene.connect({ ...alice, args: ['--no-dtls', ...token] });
  assert.match(client.output(), /One-time password \(OATH\) for `pam-alice'/);
  const used = phone.generate();
  await scene.refused({ ...alice, answers: [used] });
  await scene.logIn({ ...alice, answers: [phone.generate({ timestamp: Date.now() + 60_000 })] });
  await scene.refused({ ...alice, answers: ['000000'] });
  await site.stop();
  keepsSecrets(site, phone.secret.base32);
});

test('texts and several prompts of one call, an empty answer, an expired password, a changed name', async () => {
  await using it = await open('auth = "pam[service=test-fixture]"', async (folder) => {
    const module = await buildPamModule(folder);
    return {
      'test-fixture': [
        `auth required ${module} prompts`,
        `account required ${module} expired`,
        `password required ${module}`,
      ],
    };
  });
  const { scene, site, pam } = it;
  const visit = { user: 'pam-alice', password: 'one', answers: ['two', '', 'new', 'new'] };
  const shown = await scene.connect(visit);
  const output = shown.output();
  assert.match(output, /Welcome\. Mind <this> & that\. Second:\n.*Password1:/);
  assert.match(output, /Nearly there\. Third:\n.*Password2:/);
  assert.match(output, /Your password has expired\. Please enter the new password\.\n.*Password3:/);
  assert.match(output, /Again:\n.*Password4:/);
  await scene.refused({ ...visit, answers: ['two', '', 'new', 'other'] });
  await site.logged(/reason: PAM password: Authentication failure/);

  const module = path.join(site.folder, 'pam_fixture.so');
  await pam.write('test-fixture', [`auth required ${module} rename`, `account required ${module}`]);
  const args = ['--no-dtls', '--dump-http-traffic'];
  const renamed = await scene.connect({ ...visit, answers: [], device: 'tun1', args });
  assert.match(renamed.output(), /<banner>Your badge expires &lt;soon&gt;\.<\/banner>/);
  const users = await site.occtlJson<{ Username: string; Groupname: string }[]>('show', 'users');
  assert.deepEqual(users.map((user) => `${user.Username} ${user.Groupname}`).sort(), [
    'pam-alice pam-staff',
    'pam-bob pam-vpn',
  ]);
});

test("a module that crashes or uses the system's OpenSSL harms nobody", async () => {
  await using it = await open('auth = "pam[service=test-fixture]"', async (folder) => ({
    'test-fixture': [
      `auth required ${await buildPamModule(folder)} openssl`,
      'account required pam_permit.so',
    ],
  }));
  const { scene, site, pam } = it;
  const visit = { user: 'pam-alice', password: 'one', answers: ['two'] };
  const client = await scene.connect(visit);
  const [, version] = /OpenSSL (\d+\.\d+\.\d+) /.exec(client.output()) ?? [];
  assert.equal(version, /^OpenSSL (\S+)/.exec(await mustRun(['openssl', 'version']))?.[1]);

  await pam.write('test-fixture', [`auth required ${site.folder}/pam_fixture.so crash`]);
  const [before] = await site.children('ocserv-sm');
  await scene.refused(visit);
  await site.logged(/cannot authenticate user 'pam-alice' .*the PAM helper ended by SIGABRT/);
  assert.deepEqual(await site.children('ocserv-sm'), [before]);
  assert.ok(await client.ping('192.168.77.1'));
});

test('a module that hangs delays its own login alone and is ended at auth-timeout with what it started', async () => {
  // What the module runs; named by a number that nobody else sleeps for.
  const seconds = String(100_000 + randomBytes(3).readUIntBE(0, 3));
  await using it = await open('auth = "pam[service=test-exec]"\nauth-timeout = 6', async (folder) => {
    const script = path.join(folder, 'maybe-hang');
    await writeFile(script, `#!/bin/sh\n[ "$PAM_USER" != pam-bob ] || exec sleep ${seconds}\n`, {
      mode: 0o755,
    });
    return { 'test-exec': [`auth required pam_exec.so ${script}`, ...unix] };
  });
  const { scene, site } = it;
  const isAsleep = async (): Promise<boolean> =>
    (await run(['pgrep', '-xf', `sleep ${seconds}`])).stdout.trim() !== '';
  const hanging = scene.refused(bob);
  await until('the module to hang', isAsleep);
  const client = await scene.connect(alice);
  assert.ok(await client.ping('192.168.77.1'));
  assert.ok(await isAsleep());
  await hanging;
  await until('the module to be ended', async () => !(await isAsleep()));
  await site.logged(/cannot authenticate user 'pam-bob' .*ended while a PAM module was at work/);
});

test('acct = pam: the account is asked at CONNECT, whoever asked for the password', async () => {
  await using it = await open('acct = pam\nauth = "pam[service=test-unix]"', async () => ({
    'test-unix': [unix[0] ?? '', 'account required pam_permit.so'],
    ocserv: ['auth required pam_deny.so', 'account required pam_unix.so'],
  }));
  const { scene, site, pam } = it;
  const client = await scene.connect(alice);
  assert.ok(await client.ping('192.168.77.1'));
  // Her password is right, but her account has expired.
  assert.match(await scene.logIn(carol), /./);
  assert.match(await scene.refused(carol), /CONNECT response: HTTP\/1\.1 401 Cookie is not acceptable/);
  await site.logged(/user 'pam-carol' .* was refused: PAM account: User account has expired/);
  await pam.write('ocserv', ['account required /nowhere/pam_missing.so']);
  await scene.refused(alice);
  await site.logged(/user 'pam-alice' .* was refused: PAM account: /);
});
