// The typed front of the addon's system part, as far as it needs no root.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { createSocket } from 'node:dgram';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import {
  closeDescriptor,
  connectUdp,
  cryptPassword,
  cryptSetting,
  enterSandbox,
  listDevices,
  listenTcp,
  listenUdp,
  lookupGroup,
  lookupUser,
  notifySupervisor,
  openDescriptorStream,
  openSyslog,
  openTun,
  peerCredentials,
  raiseDescriptorLimit,
  socketPair,
  type DescriptorStream,
  type Endpoint,
} from '../../../core/native/index.ts';

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** Collects what a stream receives until `enough`. */
function collect(
  fd: number,
  enough: (bytes: Buffer, descriptors: number[], closed: boolean) => boolean,
): Promise<{ bytes: Buffer; descriptors: number[]; stream: DescriptorStream; error: Error | undefined }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const descriptors: number[] = [];
    const done = (closed: boolean, error?: Error): void => {
      const bytes = Buffer.concat(chunks);
      if (enough(bytes, descriptors, closed)) resolve({ bytes, descriptors, stream, error });
    };
    const stream = openDescriptorStream(fd, {
      onData(chunk, received) {
        chunks.push(chunk);
        descriptors.push(...received);
        done(false);
      },
      onClose(error) {
        done(true, error);
      },
    });
  });
}
const silent = { onData: (): void => undefined, onClose: (): void => undefined };

const refused: [string, () => unknown, RegExp][] = [
  [
    'a descriptor that is no number',
    () => {
      closeDescriptor(-1);
    },
    /descriptor/,
  ],
  ['a stream on a closed descriptor', () => openDescriptorStream(99_999, silent), /EBADF|watch/],
  ['a stream on a regular file', () => openDescriptorStream(0x7f_ff_ff, silent), /watch|EBADF/],
  [
    'a listener at a name',
    () => listenTcp({ address: 'localhost', port: 0, onConnection() {} }),
    /IP address/,
  ],
  ['a port above 65535', () => listenTcp({ address: '::1', port: 65_536, onConnection() {} }), /65535/],
  ['a datagram listener at a negative port', () => listenUdp({ port: -1, onDatagram() {} }), /65535/],
  ['a tun name with a slash', () => openTun({ prefix: 'a/b', offload: true }), /prefix/],
  [
    'a tun name that leaves no room for a number',
    () => openTun({ prefix: 'a'.repeat(13), offload: true }),
    /prefix/,
  ],
  ['a hash prefix that is no prefix', () => cryptSetting('6'), /prefix/],
  [
    'an unknown syslog facility',
    () => {
      openSyslog('ocserv', 'kitchen');
    },
    /facility/,
  ],
  [
    'a negative descriptor limit',
    () => {
      raiseDescriptorLimit(-1);
    },
    /count/,
  ],
  [
    'a sandbox for the id that means "unchanged"',
    () => enterSandbox({ uid: 0xff_ff_ff_ff, gid: 1, seccomp: true }),
    /uid/,
  ],
  [
    'a sandbox folder with a NUL',
    () => enterSandbox({ uid: 1, gid: 1, chroot: 'a\0', seccomp: true }),
    /chroot/,
  ],
];
for (const [name, action, expected] of refused) {
  test(`${name} is refused`, () => {
    assert.throws(action, expected);
  });
}

test('bytes larger than any socket buffer arrive whole and in order', async () => {
  const [left, right] = socketPair();
  const sent = Buffer.alloc(3 << 20);
  for (let index = 0; index < sent.length; index += 4) sent.writeUInt32LE(index, index);
  const source = openDescriptorStream(left, silent);
  source.write(sent.subarray(0, 1 << 20));
  source.write(sent.subarray(1 << 20));
  assert.ok(source.writableLength > 0, 'the kernel cannot take it at once');
  const { bytes, stream } = await collect(right, (received) => received.length >= sent.length);
  assert.ok(bytes.equals(sent));
  assert.equal(source.writableLength, 0);
  stream.close();
  source.close();
});

test('descriptors travel with the bytes of their message, and the sender keeps its own', async () => {
  const before = openDescriptors();
  const [left, right] = socketPair();
  const [inner, other] = socketPair();
  const source = openDescriptorStream(left, silent);
  source.write(Buffer.from('take this'), [inner]);
  const { descriptors, stream } = await collect(right, (_, received) => received.length === 1);
  const [copy] = descriptors;
  assert.ok(copy !== undefined && copy !== inner);
  assert.match(readFileSync(`/proc/self/fdinfo/${copy}`, 'utf8'), /flags:\s+0?2[0-9]*\n/, 'close-on-exec');
  const through = openDescriptorStream(copy, silent);
  through.write(Buffer.from('hello'));
  const { bytes, stream: end } = await collect(other, (received) => received.length === 5);
  assert.equal(bytes.toString(), 'hello');
  for (const open of [source, stream, through, end]) open.close();
  closeDescriptor(inner);
  assert.equal(openDescriptors(), before);
});

test('sixteen descriptors in one message pass, seventeen and none at all with no byte are refused', async () => {
  const [left, right] = socketPair();
  const source = openDescriptorStream(left, silent);
  assert.throws(() => {
    source.write(
      Buffer.from('x'),
      Array.from({ length: 17 }, () => 0),
    );
  }, /too many/);
  assert.throws(() => {
    source.write(Buffer.alloc(0), [0]);
  }, /at least one byte/);
  source.write(
    Buffer.from('x'),
    Array.from({ length: 16 }, () => 0),
  );
  const { descriptors, stream } = await collect(right, (_, received) => received.length === 16);
  for (const fd of descriptors) closeDescriptor(fd);
  source.close();
  stream.close();
});

test('the end of a stream is reported once, after its last bytes', async () => {
  const [left, right] = socketPair();
  const source = openDescriptorStream(left, silent);
  source.write(Buffer.from('last words'));
  source.close();
  source.close();
  const { bytes, error } = await collect(right, (_, __, closed) => closed);
  assert.equal(bytes.toString(), 'last words');
  assert.equal(error, undefined);
});

test('descriptors that were queued and never sent are closed with the stream', () => {
  const before = openDescriptors();
  const [left, right] = socketPair();
  const source = openDescriptorStream(left, silent);
  source.write(Buffer.alloc(4 << 20));
  source.write(Buffer.from('x'), [0, 1, 2]);
  source.close();
  closeDescriptor(right);
  assert.equal(openDescriptors(), before);
});

test('the other end of a pair is this process', () => {
  const [left, right] = socketPair();
  const { pid, uid, gid } = peerCredentials(left);
  assert.deepEqual({ pid, uid, gid }, { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  closeDescriptor(left);
  closeDescriptor(right);
});

for (const address of ['127.0.0.1', '::1']) {
  test(`a listener at ${address} hands out connections with both addresses, and none while it is paused`, async () => {
    const seen: { fd: number; remote: Endpoint; local: Endpoint }[] = [];
    let wake: () => void = () => undefined;
    const listener = listenTcp({
      address,
      port: 0,
      onConnection(fd, remote, local) {
        seen.push({ fd, remote, local });
        listener.pause();
        wake();
      },
    });
    assert.throws(() => listenTcp({ address, port: listener.local.port, onConnection() {} }), {
      code: 'EADDRINUSE',
    });
    const first = new Promise<void>((resolve) => (wake = resolve));
    const clients = [connect(listener.local.port, address), connect(listener.local.port, address)];
    await first;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(seen.length, 1);
    const second = new Promise<void>((resolve) => (wake = resolve));
    listener.resume();
    await second;
    assert.equal(seen.length, 2);
    for (const { fd, remote, local } of seen) {
      assert.equal(remote.address, address);
      assert.ok(clients.some((client) => client.localPort === remote.port));
      assert.deepEqual(local, listener.local);
      closeDescriptor(fd);
    }
    for (const client of clients) client.destroy();
    listener.close();
    listener.close();
  });

  test(`a datagram at ${address} comes with where it was sent to; a connected socket then takes its flow over`, async () => {
    const arrived: { datagram: string; remote: Endpoint; local: Endpoint }[] = [];
    let wake: () => void = () => undefined;
    const any = address === '::1' ? '::' : '0.0.0.0';
    const listener = listenUdp({
      address: any,
      port: 0,
      onDatagram(datagram, remote, local) {
        arrived.push({ datagram: datagram.toString(), remote, local });
        wake();
      },
    });
    const client = createSocket(address === '::1' ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => client.bind(0, address, resolve));
    const first = new Promise<void>((resolve) => (wake = resolve));
    client.send('one', listener.local.port, address);
    await first;
    const remote = { address, port: client.address().port };
    const local = { address, port: listener.local.port };
    assert.deepEqual(arrived, [{ datagram: 'one', remote, local }]);
    const fd = connectUdp(local, remote);
    client.send('two', listener.local.port, address);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(arrived.length, 1);
    closeDescriptor(fd);
    client.close();
    listener.close();
  });
}

const throwing = `
  import { openDescriptorStream, socketPair } from ${JSON.stringify(path.join(import.meta.dirname, '../../../core/native/index.ts'))};
  const [left, right] = socketPair();
  const source = openDescriptorStream(left, { onData() {}, onClose() {} });
  process.on('uncaughtException', ({ message }) => { console.log(message); source.write(Buffer.from('b')); });
  let count = 0;
  const sink = openDescriptorStream(right, {
    onData() {
      if (++count === 1) throw new Error('thrown in a callback');
      console.log('second');
      source.close();
      sink.close();
    },
    onClose() {},
  });
  source.write(Buffer.from('a'));`;
test('an exception in a callback is an uncaught exception of the process, and closed streams let it exit', () => {
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', throwing], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(stdout, 'thrown in a callback\nsecond\n');
  assert.equal(status, 0);
});

const starved = `
  import { closeDescriptor, listenTcp } from ${JSON.stringify(path.join(import.meta.dirname, '../../../core/native/index.ts'))};
  const held = [];
  const listener = listenTcp({ address: '127.0.0.1', port: 0, onConnection(fd) { held.push(fd); } });
  console.log(listener.local.port);
  process.stdin.on('data', () => {
    const { user, system } = process.cpuUsage(started);
    for (const fd of held) closeDescriptor(fd);
    console.log(JSON.stringify({ held: held.length, busyMs: (user + system) / 1000 }));
    held.length = 0;
  });
  const started = process.cpuUsage();`;
test('without free descriptors connections are dropped at once, the loop rests, and later ones are served', async () => {
  const child = spawn(
    'sh',
    ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, starved],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  const clients = Array.from({ length: 70 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  const dropped = new Promise<void>((resolve) => {
    let count = 0;
    for (const client of clients) client.resume().on('close', () => ++count === 20 && resolve());
  });
  await dropped;
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.stdin.write('\n');
  const { held, busyMs } = JSON.parse(String((await lines.next()).value)) as { held: number; busyMs: number };
  assert.ok(held > 10 && held < 64, `${held} held`);
  assert.ok(busyMs < 250, `${busyMs} ms busy`);
  const late = connect(port, '127.0.0.1');
  await new Promise((resolve) => late.on('connect', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.stdin.write('\n');
  assert.equal((JSON.parse(String((await lines.next()).value)) as { held: number }).held, 1);
  for (const client of [...clients, late]) client.destroy();
  child.kill();
});

// Made with "openssl passwd -5" and "-6", which has an implementation of its own.
const vectors: [password: string, hash: string][] = [
  ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
];
test('SHA-crypt gives the hashes of another implementation, and they check as their own setting', async () => {
  for (const [password, hash] of vectors) {
    assert.equal(await cryptPassword(password, hash), hash);
    assert.notEqual(await cryptPassword(`${password}x`, hash), hash);
  }
});

for (const prefix of ['$5$', '$6$', '$y$', '$2b$']) {
  test(`a fresh ${prefix} setting makes a hash that checks the password and no other`, async () => {
    const setting = cryptSetting(prefix, prefix === '$2b$' ? 4 : 0);
    assert.ok(setting.startsWith(prefix));
    assert.notEqual(setting, cryptSetting(prefix, prefix === '$2b$' ? 4 : 0));
    const hash = await cryptPassword('pässwörd', setting);
    assert.ok(hash !== undefined && hash.startsWith(prefix));
    assert.equal(await cryptPassword('pässwörd', hash), hash);
    assert.notEqual(await cryptPassword('passwort', hash), hash);
  });
}

for (const setting of ['', '!$6$locked', '*', '$9$none$', '$6$salt\0more']) {
  test(`the setting ${JSON.stringify(setting)} is refused as a value, not an exception`, async () => {
    assert.equal(await cryptPassword('secret', setting), undefined);
  });
}

test('accounts are found by name, numbers stand for themselves, others are unknown', () => {
  assert.deepEqual(lookupUser('root'), { name: 'root', uid: 0, gid: 0 });
  assert.deepEqual(lookupGroup('root'), { name: 'root', gid: 0 });
  assert.deepEqual(lookupUser('54321'), { name: '54321', uid: 54_321, gid: 54_321 });
  assert.equal(lookupUser('no-such-user'), undefined);
  assert.equal(lookupGroup('no-such-group'), undefined);
  assert.equal(lookupUser('4294967295'), undefined);
});

test('the loopback device is listed and is no tun device', () => {
  const loopback = listDevices().find(({ name }) => name === 'lo');
  assert.deepEqual(loopback, { name: 'lo', index: 1, alias: undefined, isTun: false });
});

test('without a supervisor nothing is notified', () => {
  delete process.env['NOTIFY_SOCKET'];
  assert.equal(notifySupervisor('READY=1'), false);
});
