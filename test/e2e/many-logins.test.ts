// Two hundred logins at once, of every method: a tenth of them wrong, a tenth ended half-way. The right ones get their own
// tunnel, nobody else gets anything, and an innocent session does not notice.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { HOTP, Secret, TOTP } from 'otpauth';
import { logIn } from '../support/client.ts';
import { mustRun, run, until } from '../support/command.ts';
import { LoginDialogue, type HttpReply } from '../support/login-dialogue.ts';
import { PamSetup } from '../support/pam.ts';
import { Pki, presenting, userOid, type Identity } from '../support/pki.ts';
import { FreeRadius, writeRadiusClient } from '../support/radius.ts';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';
import type { Site } from '../support/site.ts';
import { showUsers, tunnelDevices } from '../support/users.ts';

const count = 200;
const share = count / 10;
const random = seeded(160_20_20);

/** What is posted, form after form. */
type Forms = readonly Readonly<Record<string, string>>[];

interface Way {
  readonly host: string;
  readonly needsCertificate?: true;
  right(user: string): Forms;
  /** A person who would be right is `other`. */
  readonly wrong: readonly ((
    user: string,
    other: string,
  ) => Forms | { certificate: Certificate; forms: Forms })[];
}

type Certificate = 'none' | 'stranger' | 'expired' | 'other';

const passwordOf = (user: string): string => `right-${user}`;
const bytesOf = (user: string): Buffer => createHash('sha1').update(user).digest();
const usesTime = (user: string): boolean => Number(user.slice(-1)) % 2 === 0;

function codeOf(user: string, counter = 0): string {
  const secret = Secret.fromHex(bytesOf(user).toString('hex'));
  return usesTime(user)
    ? new TOTP({ secret, digits: 8, period: 60 }).generate()
    : new HOTP({ secret, digits: 8 }).generate({ counter });
}

const tokenCodeOf = (user: string): string => String(100_000 + (bytesOf(user).readUInt32BE() % 900_000));
const credentials = (username: string, password = passwordOf(username)) => ({ username, password });
const answer = (value: string) => ({ secondary_password: value });
/** As often as it is asked for. */
const thrice = (username: string, password: string): Forms => [
  { username, password },
  { password },
  { password },
];

const ways: Readonly<Record<string, Way>> = {
  plain: {
    host: 'vpn.test',
    right: (user) => [credentials(user)],
    wrong: [
      (user, other) => thrice(user, passwordOf(other)),
      () => thrice('nobody-we-know', 'right-plain'),
      (user) => thrice(user, `${passwordOf(user)}x`),
    ],
  },
  otp: {
    host: 'otp.test',
    right: (user) => [credentials(user), answer(codeOf(user))],
    wrong: [
      (user, other) => [credentials(user), answer(codeOf(other))],
      (user) => [credentials(user, 'wrong'), answer(codeOf(user)), answer(codeOf(user))],
      (user) => [{ username: user, password: codeOf(user) }, answer(codeOf(user)), answer(codeOf(user))],
    ],
  },
  pam: {
    host: 'pam.test',
    right: (user) => [credentials(user)],
    wrong: [
      (user, other) => [credentials(user, passwordOf(other))],
      () => [credentials('pam-expired')],
      () => [credentials('pam-nobody')],
    ],
  },
  radius: {
    host: 'radius.test',
    right: (user) => [credentials(user)],
    wrong: [(user, other) => thrice(user, passwordOf(other)), (user) => thrice(`${user}x`, passwordOf(user))],
  },
  token: {
    host: 'radius.test',
    right: (user) => [credentials(user, 'secret'), answer(tokenCodeOf(user))],
    wrong: [
      (user, other) => [credentials(user, 'secret'), answer(tokenCodeOf(other))],
      (user) => thrice(user, tokenCodeOf(user)),
    ],
  },
  certificate: {
    host: 'vpn.test',
    needsCertificate: true,
    right: () => [{}],
    wrong: [
      () => ({ certificate: 'stranger', forms: [{}] }),
      () => ({ certificate: 'expired', forms: [{}] }),
    ],
  },
  both: {
    host: 'both.test',
    needsCertificate: true,
    right: (user) => [credentials(user)],
    wrong: [
      (user) => ({ certificate: 'other', forms: [credentials(user)] }),
      (user) => ({ certificate: 'none', forms: [credentials(user)] }),
      (user) => thrice(user, 'wrong'),
      (user) => ({ certificate: 'stranger', forms: [credentials(user)] }),
    ],
  },
};

/** Where a client goes away, from its first packet to its last request. */
const stages = [
  'connection',
  'half a ClientHello',
  'in the handshake',
  'handshake',
  'form',
  'half a reply',
  'between prompts',
  'while the answer is judged',
  'cookie',
  'CONNECT',
] as const;
type Stage = (typeof stages)[number];

interface Attempt {
  readonly index: number;
  readonly name: string;
  readonly way: Way;
  readonly user: string;
  readonly certificate: Identity | undefined;
  readonly forms: () => Forms;
  readonly stage?: Stage;
}

function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    [result[last], result[chosen]] = [result[chosen] as T, result[last] as T];
  }
  return result;
}

/** Two more of each way rehearse. */
const wayNames = Object.keys(ways);
const userOf = (wayName: string, index: number): string => `${wayName}${String(index).padStart(3, '0')}`;
const usersOf = (wayName: string): string[] =>
  Array.from({ length: count + wayNames.length }, (_, index) => index)
    .filter((index) => wayNames[index % wayNames.length] === wayName)
    .map((index) => userOf(wayName, index));

const options = (folder: string): string => `
max-ban-score = 0
ca-cert = ${folder}/pki/ca/ca.pem
cert-user-oid = ${userOid}
enable-auth = certificate
[vhost:otp.test]
auth = "plain[passwd=${folder}/passwd,otp=${folder}/users.oath]"
[vhost:pam.test]
auth = "pam[service=test-unix]"
[vhost:radius.test]
auth = "radius[config=${folder}/radiusclient.conf]"
[vhost:both.test]
auth = "plain[passwd=${folder}/passwd]"
auth = certificate
`;

async function writeCertificate({ folder }: Site): Promise<void> {
  const names = ['vpn', 'otp', 'pam', 'radius', 'both'].map((name) => `DNS:${name}.test`);
  await mustRun([
    ...['openssl', 'req', '-x509', '-new', '-key', `${folder}/server-key.pem`, '-days', '30'],
    ...['-subj', '/CN=vpn.test', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-addext', `subjectAltName=${names.join(',')}`, '-out', `${folder}/server-cert.pem`],
  ]);
}

async function writeUsers({ folder }: Site): Promise<void> {
  const users = ['plain', 'otp', 'both'].flatMap(usersOf);
  const input = users.map((user) => `${passwordOf(user)}\n`).join('');
  const hashes = (await mustRun(['openssl', 'passwd', '-6', '-stdin'], { input })).trim().split('\n');
  const lines = users.map((user, index) => `${user}::${hashes[index] ?? ''}\n`);
  await appendFile(`${folder}/passwd`, lines.join(''));
  const tokens = usersOf('otp').map(
    (user) => `HOTP/${usesTime(user) ? 'T60' : 'E'}/8\t${user}\t-\t${bytesOf(user).toString('hex')}\n`,
  );
  await writeFile(`${folder}/users.oath`, tokens.join(''), { mode: 0o600 });
}

const radiusUsers = (): string =>
  [
    ...usersOf('radius').map((user) => `${user} Cleartext-Password := "${passwordOf(user)}"\n`),
    ...usersOf('token').map((user) => `${user} Cleartext-Password := "${tokenCodeOf(user)}"\n`),
  ].join('\n');

const pamAccounts = () => [
  ...usersOf('pam').map((name) => ({ name, password: passwordOf(name), groups: ['pam-logins'] })),
  { name: 'pam-expired', password: passwordOf('pam-expired'), groups: ['pam-logins'], expiresOnDay: 1 },
];

class Certificates {
  readonly #byUser = new Map<string, Identity>();

  async make({ folder }: Site): Promise<void> {
    const pki = new Pki(folder);
    await pki.makeAuthority();
    const issuer = await pki.makeImpostor();
    const queue = [...usersOf('certificate'), ...usersOf('both')];
    const worker = async (): Promise<void> => {
      for (let user = queue.shift(); user !== undefined; user = queue.shift()) {
        this.#byUser.set(user, await pki.certtoolUser(user, user, { keyType: 'ecdsa' }));
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    const user = userOf('certificate', wayNames.indexOf('certificate'));
    this.#byUser.set('stranger', await pki.certtoolUser('stranger', user, { keyType: 'ecdsa', issuer }));
    const dates = ['activation_date = "2020-01-01 00:00:00"', 'expiration_date = "2020-02-01 00:00:00"'];
    const template = ['tls_www_client', 'signing_key', ...dates];
    this.#byUser.set('expired', await pki.certtoolUser('expired', user, { keyType: 'ecdsa', template }));
  }

  of(user: string): Identity {
    const identity = this.#byUser.get(user);
    assert.ok(identity !== undefined, user);
    return identity;
  }
}

interface Plan {
  readonly rehearsal: readonly Attempt[];
  readonly right: readonly Attempt[];
  readonly wrong: readonly Attempt[];
  readonly aborted: readonly Attempt[];
}

function makePlan(certificates: Certificates): Plan {
  const right = (index: number): Attempt => {
    const wayName = wayNames[index % wayNames.length] ?? '';
    const way = ways[wayName];
    assert.ok(way !== undefined);
    const user = userOf(wayName, index);
    const certificate = way.needsCertificate === true ? certificates.of(user) : undefined;
    return { index, name: `${user}, right`, way, user, certificate, forms: () => way.right(user) };
  };
  const order = shuffled(Array.from({ length: count }, (_, index) => index));
  const kinds = new Map<Way, number>();
  const wrong = order.slice(0, share).map((index): Attempt => {
    const attempt = right(index);
    const { way, user } = attempt;
    const kind = kinds.get(way) ?? random.below(way.wrong.length);
    kinds.set(way, kind + 1);
    const step = wayNames.length;
    const other = right(index + step < count ? index + step : index - step).user;
    const made = way.wrong[kind % way.wrong.length]?.(user, other);
    assert.ok(made !== undefined);
    const name = `${user}, wrong in way ${String(kind % way.wrong.length)}`;
    if (!('certificate' in made)) return { ...attempt, name, forms: () => made };
    const shown = made.certificate === 'other' ? other : made.certificate;
    const certificate = shown === 'none' ? undefined : certificates.of(shown);
    return { ...attempt, name, certificate, forms: () => made.forms };
  });
  const left = new Set<Stage>(stages);
  const aborted = order.slice(share, 2 * share).map((index): Attempt => {
    const attempt = right(index);
    const possible = stages.filter((stage) => stage !== 'between prompts' || attempt.forms().length > 1);
    const fresh = possible.filter((stage) => left.has(stage));
    const stage = random.pick(fresh.length > 0 ? fresh : possible);
    left.delete(stage);
    return { ...attempt, name: `${attempt.user}, ended at: ${stage}`, stage };
  });
  assert.deepEqual([...left], [], 'clients go away at every stage');
  const rehearsal = wayNames.map((_, way) => right(count + way));
  return { rehearsal, right: order.slice(2 * share).map(right), wrong, aborted };
}

async function tlsOptions({ way, certificate }: Attempt): Promise<ConnectionOptions> {
  const servername = way.host;
  if (certificate === undefined) return { servername };
  const [cert, key] = await Promise.all([readFile(certificate.certificate), readFile(certificate.key)]);
  return { servername, cert, key };
}

interface Passed {
  readonly attempt: Attempt;
  readonly dialogue: LoginDialogue;
  readonly reply: HttpReply | undefined;
}

/** To a cookie, a refusal, or the end of the connection. */
async function attemptLogin(siege: Siege, attempt: Attempt): Promise<Passed> {
  const socket = siege.outpost.tls(Siege.address(attempt.index), false, await tlsOptions(attempt));
  const dialogue = new LoginDialogue(socket);
  let reply = await dialogue.begin();
  for (const form of attempt.forms()) {
    if (reply?.status !== 200 || reply.cookie !== undefined) break;
    reply = await dialogue.reply(form);
  }
  return { attempt, dialogue, reply };
}

async function abort(siege: Siege, attempt: Attempt): Promise<void> {
  const { stage } = attempt;
  const address = Siege.address(attempt.index);
  if (stage === 'connection' || stage === 'half a ClientHello') {
    const socket = siege.outpost.tcp(address, random.below(2) === 1);
    if (stage === 'half a ClientHello') socket.write(Buffer.from('16030100c8010000c40303aabbccdd', 'hex'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.end();
    return;
  }
  const socket = siege.outpost.tls(address, random.below(2) === 1, await tlsOptions(attempt));
  if (stage === 'in the handshake') {
    // The first secret is known when the server has spoken and the client has not.
    await new Promise((resolve) => socket.once('keylog', resolve));
    socket.destroy();
    return;
  }
  const dialogue = new LoginDialogue(socket);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const forms = [...attempt.forms()];
  const last = forms.pop() ?? {};
  if (stage !== 'handshake') await dialogue.begin();
  if (stage === 'half a reply') dialogue.sendReply(forms[0] ?? last, 150);
  if (stage === 'between prompts') await dialogue.reply(forms[0] ?? last);
  if (stage === 'while the answer is judged' || stage === 'cookie' || stage === 'CONNECT') {
    for (const form of forms) await dialogue.reply(form);
    if (stage === 'while the answer is judged') dialogue.sendReply(last);
    else {
      const { cookie } = (await dialogue.reply(last)) ?? {};
      assert.ok(cookie !== undefined, attempt.name);
      if (stage === 'CONNECT') dialogue.sendConnect(cookie);
    }
  }
  // What was written is on its way.
  await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
}

/** One of each way logs in with the real client; the tunnel is opened by ours. */
async function logInWithOpenconnect(siege: Siege, attempt: Attempt): Promise<Passed> {
  const { way, user, certificate } = attempt;
  const [first = {}, second] = attempt.forms();
  const namespace = siege.network.clients[1];
  assert.ok(namespace !== undefined);
  const args = certificate === undefined ? ['--no-dtls'] : presenting(certificate);
  const later = second?.['secondary_password'];
  const cookie = await logIn({
    ...{ site: siege.site, namespace, server: siege.network.serverAddress(1), host: way.host },
    ...{
      user,
      password: first['password'] ?? '',
      args,
      ...(later === undefined ? {} : { answers: [later] }),
    },
  });
  const value = /(?:^|webvpn=)([A-Za-z0-9+/]{43}=)/.exec(cookie)?.[1];
  const socket = siege.outpost.tls(Siege.address(attempt.index), false, await tlsOptions(attempt));
  const reply = { status: 200, head: '', body: '', cookie: value };
  return { attempt, dialogue: new LoginDialogue(socket), reply };
}

async function openTunnels(passed: readonly Passed[]): Promise<void> {
  const refused = await Promise.all(
    passed.map(async ({ attempt, dialogue, reply }) => {
      const opened = await dialogue.connect(reply?.cookie ?? '');
      return opened?.status === 200 ? [] : [`${attempt.name}: ${opened?.head ?? 'no answer'}`];
    }),
  );
  assert.deepEqual(refused.flat(), [], 'every cookie opens a tunnel');
}

async function leaveTunnels(site: Site, passed: readonly Passed[]): Promise<void> {
  for (const { dialogue } of passed) dialogue.leave();
  await until('the tunnels to end', async () => (await showUsers(site)).length === 1, 30_000, 500);
  await until('their devices to go', async () => (await tunnelDevices(site)).length === 1);
}

const outcomeOf = ({ attempt, reply }: Passed): string =>
  `${attempt.name}: ${reply === undefined ? 'no answer' : (reply.head.split('\r\n')[0] ?? '')}`;

test(`${String(count)} logins at once: the right ones get tunnels, nobody else does, nothing leaks`, async () => {
  await using stack = new AsyncDisposableStack();
  const certificates = new Certificates();
  const siege = stack.use(
    await Siege.begin({
      config: options,
      async prepare(site, { server }) {
        await Promise.all([writeCertificate(site), writeUsers(site), certificates.make(site)]);
        const pam = stack.use(await PamSetup.create(server, pamAccounts()));
        await pam.write('test-unix', ['auth required pam_unix.so nodelay', 'account required pam_unix.so']);
        await writeRadiusClient(site.folder, { timeout: 5 });
        stack.use(await FreeRadius.start({ namespace: server, users: radiusUsers() }));
      },
    }),
  );
  const { site } = siege;
  const plan = makePlan(certificates);
  assert.deepEqual([plan.right.length, plan.wrong.length, plan.aborted.length], [160, 20, 20]);
  {
    const passed = await Promise.all(plan.rehearsal.map((attempt) => attemptLogin(siege, attempt)));
    assert.deepEqual(passed.filter(({ reply }) => reply?.cookie === undefined).map(outcomeOf), []);
    await openTunnels(passed);
    await leaveTunnels(site, passed);
  }
  await siege.takeFootprint();

  const byOpenconnect = new Set(
    Object.values(ways).map((way) => plan.right.find((attempt) => attempt.way === way)),
  );
  const [right, wrong] = await Promise.all([
    Promise.all(
      plan.right.map((attempt) =>
        byOpenconnect.has(attempt) ? logInWithOpenconnect(siege, attempt) : attemptLogin(siege, attempt),
      ),
    ),
    Promise.all(plan.wrong.map((attempt) => attemptLogin(siege, attempt))),
    Promise.all(plan.aborted.map((attempt) => abort(siege, attempt))),
  ]);
  assert.deepEqual(right.filter(({ reply }) => reply?.cookie === undefined).map(outcomeOf), []);
  assert.deepEqual(wrong.filter(({ reply }) => reply?.cookie !== undefined).map(outcomeOf), []);
  // Who lacks a good certificate gets an alert instead.
  const isRefused = ({ attempt, reply }: Passed): boolean =>
    reply === undefined ? attempt.way.needsCertificate === true : reply.status === 401;
  assert.deepEqual(wrong.filter((passed) => !isRefused(passed)).map(outcomeOf), []);
  assert.equal(new Set(right.map(({ reply }) => reply?.cookie)).size, right.length, 'a cookie each');

  await openTunnels(right);
  const userNames = async () => (await showUsers(site)).map(({ Username }) => Username);
  // Who went away at CONNECT may have had a session for a moment.
  await until('the others to be gone', async () => (await userNames()).length <= right.length + 1);
  const users = await userNames();
  assert.deepEqual(
    users.toSorted(),
    [...plan.right.map(({ user }) => user), 'alice'].toSorted(),
    'each has the tunnel of their own, and only they',
  );
  await leaveTunnels(site, right);

  const failed = (address: string): number =>
    siege.lines(address).filter((line) => line.includes('login attempt failed')).length;
  assert.deepEqual(
    plan.wrong.filter(({ index }) => failed(Siege.address(index)) === 0).map(({ name }) => name),
    [],
    'a line for every wrong one',
  );
  assert.deepEqual(
    plan.right.filter(({ index }) => failed(Siege.address(index)) > 0).map(({ name }) => name),
    [],
    'and for no right one',
  );
  const [securityModule] = await site.children('ocserv-sm');
  const { stdout: helpers } = await run(['ps', '-o', 'args=', '--ppid', String(securityModule)]);
  assert.equal(helpers, '', 'no conversation goes on');
  const sessions = await site.occtlJson<{ Username: string }[]>('show', 'sessions', 'all');
  const { 'Sec-mod client entries': entries } = await site.occtlJson<Record<string, unknown>>(
    '--debug',
    'show',
    'status',
  );
  assert.equal(entries, sessions.length, 'no login goes on');
  const mayHaveCookie = new Set(['alice', ...plan.aborted.map(({ user }) => user)]);
  assert.deepEqual(
    sessions.map(({ Username }) => Username).filter((user) => !mayHaveCookie.has(user)),
    [],
  );
  await siege.endure({ descriptorsMore: 0 });
});
