// Secrets stay where they belong. Every kind of secret is planted with a word of its own, used rightly and wrongly at the
// highest log level, and looked for in everything that can be read afterwards: log, arguments and environments of all
// processes, scripts, state, accounting, occtl, messages of the tools. In plain, base64, hexadecimal and URL spelling.
import assert from 'node:assert/strict';
import { appendFile, chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOTP, URI, type TOTP } from 'otpauth';
import { run, type Outcome } from '../support/command.ts';
import { LoginDialogue } from '../support/login-dialogue.ts';
import type { Namespace } from '../support/namespace.ts';
import { Outpost } from '../support/outpost.ts';
import { PamSetup } from '../support/pam.ts';
import { Pki, userOid, type Identity } from '../support/pki.ts';
import { FreeRadius, radiusSecret, writeRadiusClient } from '../support/radius.ts';
import { Scene } from '../support/scene.ts';
import { root, type Site } from '../support/site.ts';

/** Names of secrets and their values. */
type Planted = Map<string, string>;

const password = {
  plain: 'planted+plain/Right&1',
  plainWrong: 'planted+plain/Wrong&2',
  otp: 'planted+otp/Right&3',
  pam: 'planted+pam/Right&4',
  pamWrong: 'planted+pam/Wrong&5',
  radius: 'planted+radius/Right&6',
  radiusWrong: 'planted+radius/Wrong&7',
} as const;

const asXml = (text: string): string => text.replaceAll('&', '&amp;');

/** What a secret may look like. Base64 of a longer text has it at one of three places. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The characters at both ends depend on the neighbours.
    return text.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  const url = encodeURIComponent(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    ...[secret, url, url.toLowerCase(), json, asXml(secret), bytes.toString('hex')],
    ...[bytes.toString('hex').toUpperCase(), ...base64],
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Which secrets stand in which text. */
function found(planted: Planted, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([place, text]) =>
    [...planted]
      .filter(([, secret]) => spellings(secret).some((spelling) => text.includes(spelling)))
      .map(([name]) => `${name} in ${place}`),
  );
}

/** Arguments and environments of everything that ever runs in a namespace. */
class ProcessWatch implements AsyncDisposable {
  readonly #seen = new Set<string>();
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(namespace: Namespace) {
    this.#done = this.#watch(namespace);
  }

  get text(): string {
    return [...this.#seen].join('\n');
  }

  async #watch({ name }: Namespace): Promise<void> {
    while (!this.#isOver) {
      const { stdout } = await run(['ip', 'netns', 'pids', name]);
      for (const pid of stdout.split('\n').filter(Boolean)) {
        for (const file of ['cmdline', 'environ']) {
          const text = await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
          if (text !== '') this.#seen.add(`${file} ${text}`);
        }
      }
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

/** Key material of a PEM file: its longest lines. */
async function keyLines(file: string): Promise<[string, string][]> {
  const lines = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line));
  return lines.map((line, index) => [`line ${String(index)} of ${path.basename(file)}`, line]);
}

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'latin1')]),
  );
  return Object.fromEntries(contents);
}

const options = (folder: string): string => `
log-level = 9
max-ban-score = 0
connect-script = ${folder}/script
disconnect-script = ${folder}/script
ca-cert = ${folder}/pki/ca/ca.pem
cert-user-oid = ${userOid}
enable-auth = certificate
acct = "radius[config=${folder}/radiusclient.conf]"
[vhost:otp.test]
auth = "plain[passwd=${folder}/passwd,otp=${folder}/users.oath]"
[vhost:pam.test]
auth = "pam[service=test-unix]"
[vhost:radius.test]
auth = "radius[config=${folder}/radiusclient.conf]"
`;

const said = ({ stdout, stderr }: Outcome): string => stdout + stderr;
const form = (user: string, value: string) => ({ username: user, password: asXml(value) });

interface Visitor {
  readonly host: string;
  readonly user: string;
  readonly right: string;
  readonly wrong: string;
  readonly code?: string;
}

async function visit(
  outpost: Outpost,
  host: string,
  identity?: Identity,
): Promise<{ dialogue: LoginDialogue; [Symbol.dispose](): void }> {
  const pem =
    identity === undefined
      ? {}
      : { cert: await readFile(identity.certificate), key: await readFile(identity.key) };
  const dialogue = new LoginDialogue(outpost.tls('10.80.0.2', false, { servername: host, ...pem }));
  return { dialogue, [Symbol.dispose]: () => dialogue.socket.destroy() };
}

/** What clients do that know no better, or mean no good. */
async function misbehave(outpost: Outpost, planted: Planted): Promise<void> {
  const secret = 'planted+misplaced/8';
  planted.set('misplaced', secret);
  const url = encodeURIComponent(secret);
  const base64 = Buffer.from(`alice:${secret}`).toString('base64');
  const xml = `<?xml version="1.0"?><config-auth><auth><password>${secret}</password>`;
  const post = (body: string, more = ''): string =>
    `POST /auth HTTP/1.1\r\nHost: a\r\n${more}Content-Length: ${String(body.length)}\r\n\r\n${body}`;
  const requests = [
    `GET /nowhere?password=${secret} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /?${url} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `PUT /auth?${url} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `CONNECT /elsewhere?${url} HTTP/1.1\r\nCookie: webvpn=${Buffer.alloc(32, 7).toString('base64')}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${base64}\r\n\r\n`,
    `GET / HTTP/1.1\r\nX-Support-HTTP-Auth: true\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
    `GET / HTTP/1.1\r\nX-Support-HTTP-Auth: true\r\nAuthorization: Negotiate ${base64}\r\n\r\n`,
    `GET / HTTP/1.1\r\nAuthorization ${secret}\r\n\r\n`,
    post(xml),
    post(`${xml.replace('password', secret)}`),
    post(`username=alice&password=${secret}%zz`),
    post(`username=&password=${url}`),
    post(`{"password":"${secret}"}`),
    post(`username=nobody&password=${url}`, `Cookie: webvpncontext=${secret}\r\n`),
    `POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\npassword=${secret}`,
  ];
  for (const request of requests) {
    const socket = outpost.tls('10.80.0.2', false, { servername: 'vpn.test' });
    socket.resume();
    socket.write(request);
    await sleep(100);
    socket.end();
  }
  const cookie = Buffer.from('planted cookie of nobody, 32 byt').toString('base64');
  planted.set('cookie of nobody', cookie);
  using wrong = await visit(outpost, 'vpn.test');
  assert.match((await wrong.dialogue.connect(cookie))?.head ?? '', /401/);
}

async function tryWays(
  outpost: Outpost,
  visitors: readonly Visitor[],
  planted: Planted,
): Promise<LoginDialogue[]> {
  const tunnels: LoginDialogue[] = [];
  for (const { host, user, right, wrong, code } of visitors) {
    using refused = await visit(outpost, host);
    await refused.dialogue.begin();
    assert.equal((await refused.dialogue.reply(form(user, wrong)))?.cookie, undefined, user);
    if (code !== undefined) {
      using stranger = await visit(outpost, host);
      await stranger.dialogue.begin();
      await stranger.dialogue.reply(form(user, right));
      planted.set('wrong code', '90817263');
      assert.equal((await stranger.dialogue.reply({ secondary_password: '90817263' }))?.status, 401);
    }
    const { dialogue } = await visit(outpost, host);
    await dialogue.begin();
    let reply = await dialogue.reply(form(user, right));
    if (code !== undefined) reply = await dialogue.reply({ secondary_password: code });
    assert.ok(reply?.cookie !== undefined, `${user}: ${reply?.head ?? 'no answer'}`);
    planted.set(`cookie of ${user}`, reply.cookie);
    planted.set(`cookie of ${user}, its bytes`, Buffer.from(reply.cookie, 'base64').toString('latin1'));
    assert.equal((await dialogue.connect(reply.cookie))?.status, 200, user);
    tunnels.push(dialogue);
  }
  return tunnels;
}

async function askOcctl(site: Site): Promise<Record<string, string>> {
  const sessions = await site.occtlJson<{ 'Full session': string; Session: string }[]>(
    'show',
    'sessions',
    'all',
  );
  const commands = [
    ...[['users'], ['sessions', 'all'], ['sessions', 'valid'], ['status'], ['iroutes'], ['ip', 'bans']],
    ...[
      ['ip', 'ban', 'points'],
      ['user', 'alice'],
      ['session', sessions[0]?.Session ?? ''],
    ],
  ].map((words) => ['show', ...words]);
  const answers = await Promise.all(
    commands.flatMap((words) =>
      [[], ['-j'], ['--debug', '-j'], ['--debug']].map(async (flags) => [
        `occtl ${[...flags, ...words].join(' ')}`,
        said(await site.occtl(...flags, ...words)),
      ]),
    ),
  );
  return Object.fromEntries(answers) as Record<string, string>;
}

test('no secret of a login is in the log, a process, a script, the state, accounting or occtl', async () => {
  await using stack = new AsyncDisposableStack();
  const planted: Planted = new Map(Object.entries(password));
  planted.set('RADIUS secret', radiusSecret);
  let phone: HOTP | TOTP | undefined;
  let identity: Identity | undefined;
  let radius: FreeRadius | undefined;
  const messages: Record<string, string> = {};
  const scene = stack.use(
    await Scene.open({
      users: { alice: { password: password.plain }, olga: { password: password.otp } },
      config: options,
      async prepare(site, { server }) {
        const { folder } = site;
        const script = `#!/bin/sh\n{ env; tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/environ; } >>${folder}/script-says\n`;
        await writeFile(`${folder}/script`, script);
        await chmod(`${folder}/script`, 0o700);
        const enrol = ['--otp', `${folder}/users.oath`, '--otp-type', 'hotp', '--otp-digits', '8', 'olga'];
        const enrolled = await run([path.join(root, 'bin/ocpasswd'), ...enrol]);
        // Its output is for the phone.
        phone = URI.parse(enrolled.stdout.trim());
        messages['ocpasswd --otp, standard error'] = enrolled.stderr;
        // Lines that nobody understands.
        await appendFile(
          `${folder}/users.oath`,
          'HOTP/E/8 planted-line-otp\nHOTP/X olga - planted-line-hex\n',
        );
        await appendFile(
          `${folder}/passwd`,
          `planted-line-passwd\nzoe:*:${'planted-long-line-'.repeat(60)}\n`,
        );
        const pki = new Pki(folder);
        await pki.makeAuthority();
        identity = await pki.occertUser('carol');
        const pam = stack.use(
          await PamSetup.create(server, [
            { name: 'pam-alice', password: password.pam, groups: ['pam-staff'] },
          ]),
        );
        // Long enough to be seen among the processes.
        await writeFile(`${folder}/slowly`, '#!/bin/sh\nsleep 0.5\n', { mode: 0o755 });
        const slowly = `auth required pam_exec.so quiet ${folder}/slowly`;
        await pam.write('test-unix', [
          slowly,
          'auth required pam_unix.so nodelay',
          'account required pam_unix.so',
        ]);
        await writeRadiusClient(folder, { retries: 1, timeout: 2 });
        const users = `rita Cleartext-Password := "${password.radius}"\n`;
        radius = stack.use(await FreeRadius.start({ namespace: server, users }));
      },
    }),
  );
  const { site, network } = scene;
  assert.ok(phone instanceof HOTP && identity !== undefined && radius !== undefined);
  for (const line of ['planted-line-otp', 'planted-line-hex', 'planted-line-passwd', 'planted-long-line-'])
    planted.set(`a broken line of a file: ${line}`, line);
  const code = phone.generate({ counter: 0 });
  planted.set('one-time password', code);
  planted.set('secret of the token', phone.secret.hex.toLowerCase());
  planted.set('secret of the token, base32', phone.secret.base32);
  planted.set('secret of the token, bytes', Buffer.from(phone.secret.bytes).toString('latin1'));
  for (const file of [`${site.folder}/server-key.pem`, identity.key, `${site.folder}/pki/ca/ca-key.pem`])
    for (const [name, line] of await keyLines(file)) planted.set(name, line);

  const processes = stack.use(new ProcessWatch(network.server));
  await using outpost = await Outpost.open(scene.namespace(0), network.serverAddress(0));
  const events = site.startOcctl('-j', 'show', 'events');
  stack.use(events);
  const visitors: readonly Visitor[] = [
    { host: 'vpn.test', user: 'alice', right: password.plain, wrong: password.plainWrong },
    { host: 'otp.test', user: 'olga', right: password.otp, wrong: password.plainWrong, code },
    { host: 'pam.test', user: 'pam-alice', right: password.pam, wrong: password.pamWrong },
    { host: 'radius.test', user: 'rita', right: password.radius, wrong: password.radiusWrong },
  ];
  const tunnels = await tryWays(outpost, visitors, planted);
  {
    const { dialogue } = await visit(outpost, 'vpn.test', identity);
    const reply = await dialogue.begin();
    assert.ok(reply?.cookie !== undefined, reply?.head);
    planted.set('cookie of carol', reply.cookie);
    assert.equal((await dialogue.connect(reply.cookie))?.status, 200);
    tunnels.push(dialogue);
  }
  await misbehave(outpost, planted);
  await radius.record('Start', 'rita');
  const occtl = await askOcctl(site);
  // Some leave, others go away and may come back: their cookies are kept.
  for (const [index, dialogue] of tunnels.entries()) {
    if (index % 2 === 0) dialogue.leave();
    else dialogue.socket.destroy();
  }
  await radius.record('Stop', 'alice');
  const state = await filesBelow(`${site.folder}/state`);
  assert.ok(Object.keys(state).length > 0, 'there is a state');
  await site.stop();

  const script = await readFile(`${site.folder}/script-says`, 'utf8');
  assert.match(script, /REASON=disconnect/);
  assert.match(processes.text, /cmdline ocserv-main/);
  assert.match(processes.text, /ocserv-pam/, 'even the short-lived were seen');
  assert.match(events.output(), /pam-alice/);
  assert.match(site.log(), /auth complete for user 'rita'/);
  const texts = {
    ...messages,
    ...occtl,
    ...state,
    ...(await filesBelow(`${site.folder}/state`)),
    'the log': site.log(),
    'arguments and environments': processes.text,
    'what scripts were told': script,
    'occtl show events': events.output(),
    accounting: JSON.stringify(await radius.records()),
  };
  assert.deepEqual(found(planted, texts), []);
});

test('messages about mistakes in files, and those of the tools, name no secret', async () => {
  const planted: Planted = new Map();
  const plant = (name: string): string => {
    const secret = `planted+tool/${name}&9`;
    planted.set(name, secret);
    return secret;
  };
  await using scene = await Scene.open({});
  const { folder } = scene.site;
  const ocserv = path.join(root, 'bin/ocserv');
  const good = await readFile(scene.site.configFile, 'utf8');
  const texts: Record<string, string> = {};
  const broken = [
    `key-pin ${plant('pin without =')}`,
    `key-pin ${plant('pin in a name')} = 1`,
    `camouflage-secret = ${plant('misspelt option')}`,
    `camouflage_secret = ${plant('camouflage')}`,
    `camouflage_secret = ${plant('camouflage again')}\n   ${plant('continued')}`,
    `srk-pin = ${plant('long line').repeat(150)}`,
    `auth = "radius[config=${folder}/none.conf,secret=${plant('suboption')}]"`,
    `acct = "radius[config=${folder}/radiusclient.conf"`,
    `[vhost:a.test]\nkey-pin = ${plant('pin of a host')}`,
  ];
  await writeRadiusClient(folder);
  await appendFile(
    `${folder}/radiusclient.conf`,
    `\nauthserver 127.0.0.1:port:${plant('secret in a server')}\nacctserver a:b:c:${plant('secret of acct')}` +
      `\nsecret ${plant('unknown keyword')}\n${plant('keyword')}\n`,
  );
  await appendFile(
    `${folder}/radius-servers`,
    `${plant('alone on a line')}\n127.0.0.1 a ${plant('third word')}\n`,
  );
  for (const [index, line] of broken.entries()) {
    await writeFile(`${folder}/broken.conf`, `${good}\n${line}\n`, { mode: 0o600 });
    const command = [ocserv, '--test-config', '--config', `${folder}/broken.conf`];
    texts[`--test-config, mistake ${String(index)}`] = said(await run(command));
  }
  const radius = good.replace(/^auth = .*$/m, `auth = "radius[config=${folder}/radiusclient.conf]"`);
  await writeFile(`${folder}/broken.conf`, radius, { mode: 0o600 });
  texts['--test-config, RADIUS client file'] = said(
    await run([ocserv, '--test-config', '--config', `${folder}/broken.conf`]),
  );
  await scene.site.stop();
  const start = [ocserv, '--foreground', '--log-stderr', '--debug', '9', '--config', `${folder}/broken.conf`];
  const started = await scene.network.server.run(start, { timeoutMs: 20_000 });
  assert.match(said(started), /radiusclient\.conf.*authserver/);
  texts['start, RADIUS client file'] = said(started);

  const p12 = plant('PKCS#12 password');
  await writeFile(`${folder}/p12-password`, `${p12}\n`, { mode: 0o600 });
  const occert = (...args: string[]) =>
    run([path.join(root, 'bin/occert'), ...args, '--dir', `${folder}/pki`]);
  texts['occert ca'] = said(await occert('ca', '--cn', 'Test CA'));
  const packed = await occert('client', 'carol', '--p12', '--password-file', `${folder}/p12-password`);
  assert.equal(packed.status, 0, packed.stderr);
  texts['occert client'] = said(packed);
  texts['occert client again'] = said(
    await occert('client', 'carol', '--p12', '--password-file', `${folder}/p12-password`),
  );
  const ocpasswd = async (input: string, ...args: string[]) =>
    said(await run([path.join(root, 'bin/ocpasswd'), '-c', `${folder}/passwd`, ...args], { input }));
  texts['ocpasswd'] = await ocpasswd(`${plant('ocpasswd')}\n`, 'dave');
  texts['ocpasswd, mistyped'] = await ocpasswd(
    `${plant('typed once')}\n${plant('typed otherwise')}\n`,
    'eve',
  );
  texts['ocpasswd, long'] = await ocpasswd(`${plant('far too long').repeat(200)}\n`, 'fred');
  for (const [name, line] of [
    ...(await keyLines(`${folder}/pki/ca/ca-key.pem`)),
    ...(await keyLines(`${folder}/pki/clients/carol/key.pem`)),
  ])
    planted.set(name, line);
  const hash = /^dave:[^:]*:(\S+)$/m.exec(await readFile(`${folder}/passwd`, 'utf8'))?.[1];
  assert.ok(hash !== undefined);
  planted.set('hash', hash);
  assert.deepEqual(found(planted, texts), []);
});
