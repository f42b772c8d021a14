// npm start: a working VPN server from nothing. Builds, makes a throw-away authority, server certificate and user with
// our own tools, runs the server in the foreground and says how to connect. Everything is kept in .demo for next time.
// PORT=… chooses another port.
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { build, root } from './build.mjs';

const demo = path.join(root, '.demo');
const port = Number(process.env.PORT ?? 4443);
const user = 'demo';

function fail(sentence) {
  process.stderr.write(`npm start: ${sentence}\n`);
  process.exit(1);
}

/** CAP_NET_ADMIN (linux/capability.h), which containers often lack. */
const networkAdministration = 12n;

/** What must be true before anything is made. */
async function checkMachine() {
  if (process.getuid?.() !== 0) fail('the server needs root to create network devices; run: sudo npm start');
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    fail(`PORT must be a number from 1 to 65535, found "${process.env.PORT}"`);
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
  } catch (error) {
    fail(
      `/dev/net/tun cannot be opened (${error.code}); load the module (modprobe tun) or give the container the device (--device /dev/net/tun)`,
    );
  }
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  if (((BigInt(`0x${capabilities}`) >> networkAdministration) & 1n) === 0n)
    fail('root may not set up networks in this container; start it with --cap-add NET_ADMIN');
  const other = runningServer();
  if (other !== undefined)
    fail(`it is running already (process ${other}); stop that one first: kill ${other}`);
  await checkPort('TCP', (taken) => {
    const probe = createServer();
    probe.once('error', taken);
    return new Promise((resolve) => probe.listen(port, () => probe.close(resolve)));
  });
  await checkPort('UDP', (taken) => {
    const probe = createSocket(existsSync('/proc/net/if_inet6') ? 'udp6' : 'udp4');
    probe.once('error', taken);
    return new Promise((resolve) => probe.bind(port, () => probe.close(resolve)));
  });
}

async function checkPort(protocol, tryIt) {
  await tryIt((error) => {
    fail(
      error.code === 'EADDRINUSE'
        ? `${protocol} port ${port} is taken; stop what uses it or choose another: PORT=${port + 1} npm start`
        : `${protocol} port ${port} cannot be used (${error.code}); choose another: PORT=${port + 1} npm start`,
    );
  });
}

/** The server that an earlier "npm start" of this folder left running. */
function runningServer() {
  let pid;
  try {
    pid = Number(readFileSync(path.join(demo, 'ocserv.pid'), 'utf8'));
    // The number may meanwhile be another program's.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('ocserv') ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Runs one of our own tools, which must succeed. */
function tool(name, args, input = '') {
  const { status, stderr } = spawnSync(path.join(root, 'bin', name), args, { input, encoding: 'utf8' });
  if (status !== 0) fail(`${name} failed: ${stderr.trim()}`);
}

/** Addresses under which others reach this machine. */
function addresses() {
  const own = Object.values(networkInterfaces())
    .flat()
    .filter((entry) => entry !== undefined && !entry.internal && !entry.address.startsWith('fe80:'))
    .map((entry) => entry.address);
  return ['127.0.0.1', '::1', ...own];
}

function randomPassword() {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('');
}

function prepare() {
  const file = (name) => path.join(demo, name);
  mkdirSync(demo, { recursive: true, mode: 0o700 });
  const pki = file('pki');
  if (!existsSync(path.join(pki, 'ca/ca.pem')))
    tool('occert', ['ca', '--quiet', '--dir', pki, '--cn', 'Demo VPN authority']);
  const names = ['localhost', hostname(), ...addresses()].filter((name) => /^[a-z0-9.:-]+$/i.test(name));
  if (!existsSync(path.join(pki, 'server/localhost/cert.pem'))) {
    tool('occert', ['server', '--quiet', '--dir', pki, '--key-type', 'ecdsa', ...new Set(names)]);
  }
  if (!existsSync(file('password'))) {
    const password = randomPassword();
    tool('ocpasswd', ['-c', file('passwd'), user], `${password}\n`);
    writeFileSync(file('password'), `${password}\n`, { mode: 0o600 });
  }
  const configuration = `# Made by "npm start"; delete the folder to begin anew.
auth = "plain[passwd=${file('passwd')}]"
tcp-port = ${port}
udp-port = ${port}
run-as-user = nobody
run-as-group = nogroup
socket-file = ${file('ocserv.socket')}
occtl-socket-file = ${file('occtl.socket')}
use-occtl = true
pid-file = ${file('ocserv.pid')}
state-dir = ${file('state')}
server-cert = ${path.join(pki, 'server/localhost/fullchain.pem')}
server-key = ${path.join(pki, 'server/localhost/key.pem')}
isolate-workers = true
device = vpns
ipv4-network = 192.168.99.0/24
ipv6-network = fd99:a1b2:c3d4::/48
ipv6-subnet-prefix = 128
route = 192.168.99.0/24
route = fd99:a1b2:c3d4::/48
try-mtu-discovery = true
max-same-clients = 8
log-level = 2
`;
  writeFileSync(file('ocserv.conf'), configuration, { mode: 0o600 });
  return {
    configuration: file('ocserv.conf'),
    password: readFileSync(file('password'), 'utf8').trim(),
    file,
  };
}

function greet({ password, file }) {
  const authority = path.relative(root, path.join(demo, 'pki/ca/ca.pem'));
  const target =
    addresses().find((address) => address.includes('.') && address !== '127.0.0.1') ?? '127.0.0.1';
  process.stderr.write(`
The VPN is up. The user is "${user}", the password ${password}

connect (another machine needs ${authority}):
  echo ${password} | sudo openconnect --cafile ${authority} --user ${user} --passwd-on-stdin https://${target}:${port}

look:
  sudo bin/occtl -s ${path.relative(root, file('occtl.socket'))} show users

Ctrl-C stops the server.

`);
}

/** A full disk or a folder that may not be written is a sentence, too. */
function prepareOrSay() {
  try {
    return prepare();
  } catch (error) {
    const reasons = { ENOSPC: 'the disk is full; free some room', EROFS: 'the file system is read-only' };
    return fail(`${demo} could not be written: ${reasons[error.code] ?? error.message}`);
  }
}

await checkMachine();
await build();
const site = prepareOrSay();
const server = spawn(path.join(root, 'bin/ocserv'), ['-f', '-e', '-c', site.configuration], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
let greeted = false;
let recent = '';
server.stderr.on('data', (bytes) => {
  process.stderr.write(bytes);
  if (greeted) return;
  recent = (recent + bytes.toString()).slice(-4096);
  if (recent.includes('initialized OpenConnect VPN Server')) {
    greeted = true;
    greet(site);
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
server.on('error', (error) => fail(`the server could not be started: ${error.message}`));
server.on('exit', (status) => process.exit(status ?? 1));
