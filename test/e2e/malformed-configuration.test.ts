// Malformed configuration files: `ocserv --test-config` names every mistake with its place and what was expected, without
// a stack trace; status 1, or 0 for what existing sites get away with, such as an unknown option, which is a warning. A
// reload of a refused file leaves the former configuration in force and says so at any log level (they are errors).
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { run, until } from '../support/command.ts';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';
import { root } from '../support/site.ts';

interface Input {
  readonly name: string;
  /** Put at the end of a sound file. */
  readonly text: string | Buffer;
}

const option = (text: string): Input => ({ name: text.slice(0, 80), text });

const values = [
  ...[
    'tcp-port = 70000',
    'tcp-port = -1',
    'tcp-port = http',
    'tcp-port =',
    'udp-port = 99999999999',
    'udp-port = 4443x',
  ],
  ...[
    'ipv4-network = 999.1.1.1',
    'ipv4-network = 10.0.0.0/33',
    'ipv4-network = 10.0.0.0/',
    'ipv4-network = all',
  ],
  ...[
    'ipv4-netmask = 255.0.255.0',
    'ipv4-netmask = 33',
    'ipv6-network = 10.0.0.0/8',
    'route = 10.0.0.0/24/8',
    'ipv4-network = 10.0.0.0/24/8',
    'ipv6-network = fd00::/129',
    'ipv6-network = ::1::/64',
  ],
  ...['ipv6-network = fd00::/128', 'ipv6-subnet-prefix = 129', 'ipv6-subnet-prefix = 1'],
  ...[
    'route = nonsense',
    'route = 10.0.0.0/40',
    'route = 10.0.0.0/255.0.255.0',
    'route = 10.0.0.256/24',
    'route = fd00::/200',
  ],
  ...['no-route = nonsense', 'no-route = 10.0.0.0/-1', 'no-route = /24'],
  ...['rekey-method = sll', 'rekey-method = 5'],
  ...[
    'auth = "nonsense"',
    'auth = "plain"',
    'auth = "plain[passwd=]"',
    'auth = "plain[passwd=/x"',
    'auth = "plain[password=/x]"',
  ],
  ...['auth = "radius"', 'auth = "pam[gid-min=x]"', 'enable-auth = "nonsense"', 'acct = "plain"'],
  ...[
    'tls-priorities = "FOO"',
    'tls-priorities = "NORMAL:+FOO"',
    'tls-priorities = "NORMAL:%FOO"',
    'tls-priorities = ":"',
  ],
  ...[
    'server-cert = /nowhere/cert.pem',
    'server-key = /nowhere/key.pem',
    'ca-cert = /nowhere/ca.pem',
    'dh-params = /nowhere/dh.pem',
  ],
  ...['run-as-user = no-such-user', 'run-as-group = no-such-group', 'run-as-user ='],
  ...['cert-user-oid = 1', 'cert-user-oid = 0.x.2', 'cert-group-oid = nonsense'],
  ...['match-tls-dtls-ciphers = true', 'camouflage = true'],
  ...[`banner = ${'x'.repeat(257)}`, 'device =', 'socket-file =', 'log-level = 10'],
  ...[
    'restrict-user-to-ports = "tcp(70000)"',
    'restrict-user-to-ports = "tcp"',
    'restrict-user-to-ports = "tcp(1"',
  ],
  ...['dns = nonsense', 'dns = 1.2.3', 'nbns = 1.2.3.4.5'],
].map(option);

const syntax = [
  ...['garbage', 'tcp-port', '= 5', ' = ', '[vhost:x', '[', '[vhost:]', '!include /etc/passwd'],
  ...['<xml/>', '{"tcp-port": 5}', '\x7fELF', '- yaml', 'tcp-port 4443', '"quoted" line', '\\'],
  ...[
    '[vhost:a.example]\ntcp-port = 70000',
    '[vhost:a.example]\nserver-cert = /nowhere',
    '[vhost:a.example]\nauth = "nonsense"',
  ],
].map(option);

const random = seeded(1234);
/** Bytes that are no text, in the middle of a line of their own. */
const binary = Array.from({ length: 20 }, (_, index): Input => ({
  name: `binary ${String(index)}`,
  text: Buffer.concat([
    Buffer.from(random.pick(['ipv4-network = ', 'route = ', 'auth = ', 'tcp-port = ', '['])),
    Buffer.from(
      random
        .bytes(1 + random.below(80))
        .map((byte) => (byte === 10 || byte === 13 || byte === 0x22 ? 0x80 : byte)),
    ),
  ]),
}));
const huge = [
  option(`tcp-port = ${'9'.repeat(100_000)}`),
  option(`${'x'.repeat(100_000)}`),
  option(`route = ${'1.'.repeat(50_000)}`),
  option(`[vhost:${'v'.repeat(100_000)}]`),
];

const inputs = [...values, ...syntax, ...binary, ...huge];
const refused = /^error: .*ocserv\.conf:\d+:\d+: .{10,}$/m;
const warned = /^warning: .*ocserv\.conf(?::\d+:\d+)?: .{10,}$/m;

async function fileOf(sound: Buffer, input: Input): Promise<Buffer> {
  return Buffer.concat([sound, Buffer.from('\n'), Buffer.from(input.text), Buffer.from('\n')]);
}

test('malformed files are refused by --test-config and by a reload, and disturb nobody', async () => {
  await using siege = await Siege.begin();
  const { site } = siege;
  const sound = await readFile(site.configFile);
  assert.ok(inputs.length >= 100);

  const wrong: string[] = [];
  const refusedInputs: Input[] = [];
  const queue = [...inputs.entries()];
  const check = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, input] = next;
      const file = path.join(site.folder, `${String(index)}-ocserv.conf`);
      await writeFile(file, await fileOf(sound, input), { mode: 0o600 });
      const { status, stdout, stderr } = await run([path.join(root, 'bin/ocserv'), '-t', '-c', file]);
      const said = `${stdout}${stderr}`;
      const isClear =
        (status === 1 ? refused : warned).test(said) && !/\n\s+at |node:internal|Error:/.test(said);
      const isClean = said.length < 20_000 && !/[\0-\x08\x0b-\x1f\x7f]/.test(said);
      if (!isClear || !isClean) wrong.push(`${input.name}: ${String(status)} ${said.slice(0, 300)}`);
      if (status === 1) refusedInputs.push(input);
    }
  };
  await Promise.all([check(), check()]);
  assert.deepEqual(wrong, [], 'not refused clearly');

  assert.ok(refusedInputs.length >= 80);
  for (const [index, input] of refusedInputs.entries()) {
    await writeFile(site.configFile, await fileOf(sound, input), { mode: 0o600 });
    const from = site.log().length;
    // Both ways to ask for it.
    if (index % 20 === 0) assert.equal((await site.occtl('reload')).status, 1, input.name);
    else process.kill(site.server?.pid ?? 0, 'SIGHUP');
    const named = /^main: .*ocserv\.conf:\d+:\d+: .{10,}$/m;
    await until(`a refusal of ${input.name}`, () => named.test(site.log().slice(from)), 5_000, 10);
  }
  assert.match(site.log(), /the configuration was not reloaded; the former one stays in force/);
  await writeFile(site.configFile, sound, { mode: 0o600 });
  assert.equal((await site.occtl('reload')).status, 0, site.log());
  await siege.endure();
});
