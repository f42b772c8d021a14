// The packet thread behind its typed front, with a real TLS connection on loopback and a pair of sockets in place
// of the tun device (no root). The other end is Node's own TLS client with frames written by hand.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';

import {
  acceptTls,
  closeDescriptor,
  createTlsContext,
  listenTcp,
  openDescriptorStream,
  socketPair,
  startPacketThread,
  type DescriptorStream,
  type Tunnel,
  type TunnelOptions,
} from '../../../core/native/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-tunnel-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const keyFile = path.join(folder, 'key.pem');
const certificateFile = path.join(folder, 'cert.pem');
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const files = ['-keyout', keyFile, '-out', certificateFile, '-days', '2', '-subj', '/CN=vpn'];
execFileSync('openssl', ['req', '-x509', ...curve, ...files], { stdio: 'ignore' });
const key = createPrivateKey(readFileSync(keyFile));

const options: TunnelOptions = {
  tunnelMtuBytes: 1434,
  linkMtuBytes: 1500,
  outerIpv6: false,
  tunOffload: false,
  dpdSeconds: 0,
  idleTimeoutSeconds: 0,
  remainingSeconds: 0,
  rekeySeconds: 0,
  switchToTcpSeconds: 25,
  mtuDiscovery: false,
  dtls: null,
  allowedSources: ['10.1.0.2/32'],
  rxBytesPerSecond: 0,
  txBytesPerSecond: 0,
  cstpCompression: undefined,
  dtlsCompression: undefined,
  noCompressBytes: 256,
  sendBufferBytes: 0,
  priority: {},
};

function ipv4(source: number, payload = 'hello'): Buffer {
  const packet = Buffer.alloc(20 + payload.length);
  packet.set([0x45, 0, 0, packet.length, 0, 1, 0, 0, 64, 253, 0, 0, 10, 1, 0, source, 10, 1, 0, 1]);
  packet.write(payload, 20);
  return packet;
}

function sourceOf(packet: Buffer): string {
  return packet.subarray(12, 16).join('.');
}

function frame(type: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  return Buffer.concat([
    Buffer.from([0x53, 0x54, 0x46, 1, body.length >> 8, body.length & 255, type, 0]),
    body,
  ]);
}

interface Site extends AsyncDisposable {
  readonly tunnel: Tunnel;
  readonly client: tls.TLSSocket;
  readonly tun: DescriptorStream;
  /** One frame in a TLS record of its own: Node joins writes that wait for each other. */
  send(bytes: Buffer): Promise<void>;
  /** Next bytes the client, the tun side, the owner sees. */
  fromServer(): Promise<Buffer>;
  fromTun(): Promise<Buffer>;
  readonly ended: Promise<string>;
  readonly mistakes: readonly string[];
  /** Why it ended, in words. */
  readonly details: readonly string[];
}

class Arrivals {
  readonly #waiting: Buffer[] = [];
  #wake: (() => void) | undefined;
  add(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#wake?.();
  }
  async next(): Promise<Buffer> {
    while (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#waiting.shift() ?? Buffer.alloc(0);
  }
}

async function openSite(
  changes: Partial<TunnelOptions> = {},
  early: Buffer = Buffer.alloc(0),
): Promise<Site> {
  const context = createTlsContext({
    certificates: [{ chain: readFileSync(certificateFile, 'utf8'), keyId: 'k' }],
    policy: {
      minVersion: '1.2',
      maxVersion: '1.3',
      cipherList: 'ECDHE-ECDSA-AES256-GCM-SHA384',
      cipherSuites: 'TLS_AES_256_GCM_SHA384',
      groups: 'X25519:P-256',
      signatureAlgorithms: 'ECDSA+SHA256',
      serverPreference: true,
      extendedMasterSecret: true,
      encryptThenMac: true,
      securityLevel: 1,
    },
    clientCertificate: 'none',
  });
  const [tunFd, tunPeer] = socketPair();
  const tunArrivals = new Arrivals();
  const mistakes: string[] = [];
  const details: string[] = [];
  const tun = openDescriptorStream(tunPeer, {
    onData(bytes) {
      tunArrivals.add(bytes);
    },
    onClose() {
      // the tunnel closed its end
    },
  });
  const thread = startPacketThread();
  const { promise: opened, resolve: open } = Promise.withResolvers<Tunnel>();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const listener = listenTcp({
    address: '127.0.0.1',
    port: 0,
    onConnection(fd) {
      const connection = acceptTls(fd, context, {
        selectContext: () => context,
        onSignature: ({ input }) => Promise.resolve(sign('sha256', input, key)),
        onSecure() {
          // the request comes next
        },
        onData() {
          connection.write(Buffer.from('HTTP/1.1 200 CONNECTED\r\n\r\n'));
          open(
            thread.openTunnel(
              connection,
              tunFd,
              early,
              { ...options, ...changes },
              {
                onEnd: (reason, detail) => {
                  details.push(detail);
                  end(reason);
                },
                onDtls() {
                  // no UDP here
                },
                onMtu() {
                  // no UDP here
                },
                onMistake(text) {
                  mistakes.push(text);
                },
              },
            ),
          );
        },
        onEnd() {
          // handed over by then
        },
        onClose() {
          // handed over by then
        },
      });
    },
  });
  const client = tls.connect({ port: listener.local.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(client, 'secureConnect');
  const serverArrivals = new Arrivals();
  client.on('data', (bytes: Buffer) => {
    serverArrivals.add(bytes);
  });
  client.on('error', () => {
    // a reset at the end is fine
  });
  client.write('CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n\r\n');
  const tunnel = await opened;
  assert.equal(String(await serverArrivals.next()), 'HTTP/1.1 200 CONNECTED\r\n\r\n');
  return {
    tunnel,
    client,
    tun,
    send: (bytes) =>
      new Promise((resolve) => {
        client.write(bytes, () => {
          resolve();
        });
      }),
    fromServer: () => serverArrivals.next(),
    fromTun: () => tunArrivals.next(),
    ended,
    mistakes,
    details,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await ended;
      thread.close();
      tun.close();
      listener.close();
      context.close();
    },
  };
}

test('options out of range are refused by name', () => {
  const cases: [Partial<TunnelOptions>, RegExp][] = [
    [{ tunnelMtuBytes: 67 }, /^RangeError: tunnelMtuBytes/],
    [{ tunnelMtuBytes: 16377 }, /^RangeError: tunnelMtuBytes/],
    [{ linkMtuBytes: Number.NaN }, /^RangeError: linkMtuBytes/],
    [{ dpdSeconds: -1 }, /^RangeError: dpdSeconds/],
    [{ idleTimeoutSeconds: 2 ** 31 }, /^RangeError: idleTimeoutSeconds/],
    [{ rxBytesPerSecond: 0.5 }, /^RangeError: rxBytesPerSecond/],
    [{ allowedSources: ['10.0.0.0/33'] }, /^RangeError: allowedSources/],
    [{ allowedSources: ['host'] }, /^RangeError: allowedSources/],
    [{ allowedSources: ['fd00::/129'] }, /^RangeError: allowedSources/],
  ];
  const thread = startPacketThread();
  const [tun, other] = socketPair();
  const unexpected = (): void => {
    assert.fail('no tunnel, no event');
  };
  const events = { onEnd: unexpected, onDtls: unexpected, onMtu: unexpected, onMistake: unexpected };
  for (const [change, expected] of cases) {
    assert.throws(
      () => thread.openTunnel({} as never, tun, Buffer.alloc(0), { ...options, ...change }, events),
      expected,
    );
  }
  assert.throws(
    () => thread.openTunnel({} as never, tun, Buffer.alloc(0), options, events),
    /closed already/,
  );
  closeDescriptor(tun);
  closeDescriptor(other);
  thread.close();
  thread.close();
});

test('packets pass both ways, one frame a record, and are counted', async () => {
  await using site = await openSite();
  const packet = ipv4(2);
  await site.send(frame(0, packet));
  assert.deepEqual(await site.fromTun(), packet);
  const answer = ipv4(1, 'answer');
  site.tun.write(answer);
  assert.deepEqual(await site.fromServer(), frame(0, answer));
  const { rxBytes, txBytes, rxPackets, txPackets, rxDropped, txDropped } = site.tunnel.counters;
  assert.deepEqual([rxBytes, txBytes, rxPackets, txPackets, rxDropped, txDropped], [25, 26, 1, 1, 0, 0]);
});

test('what the client sent behind its request is the first packet', async () => {
  const packet = ipv4(2);
  await using site = await openSite({}, frame(0, packet));
  assert.deepEqual(await site.fromTun(), packet);
});

test('packets that are none, or from a foreign source, are dropped and counted', async () => {
  await using site = await openSite();
  await site.send(frame(0, ipv4(3)));
  await site.send(frame(0, 'no packet'));
  await site.send(frame(0, Buffer.alloc(40)));
  await site.send(frame(0, ''));
  await site.send(frame(0, ipv4(2, 'good')));
  assert.deepEqual(await site.fromTun(), ipv4(2, 'good'));
  assert.equal(site.tunnel.counters.rxDropped, 3);
  assert.deepEqual(site.mistakes, [
    `packet with a source address that is not the client's: ${sourceOf(ipv4(3))}`,
    'payload that is no whole IP packet: 9 bytes beginning with 6e6f 2070 6163 6b65',
    'payload that is no whole IP packet: 40 bytes beginning with 0000 0000 0000 0000',
    'payload that is no whole IP packet: 0 bytes',
  ]);
});

test('a mistake made again and again is told a few times, then summed up', async () => {
  await using site = await openSite();
  for (let count = 0; count < 50; count++) await site.send(frame(77, ''));
  for (let count = 0; count < 5; count++) await site.send(frame(0, ipv4(3)));
  await site.send(frame(5, Buffer.from([0xb0])));
  await site.ended;
  const name = 'frame of unknown type';
  const foreign = "packet with a source address that is not the client's";
  assert.deepEqual(site.mistakes, [
    ...Array.from({ length: 20 }, () => `${name}: 77`),
    `${foreign}: ${sourceOf(ipv4(3))}`,
    `${name}: 30 more`,
    `${foreign}: 4 more`,
  ]);
});

test('a DPD request comes back with its payload, unknown types and short records are ignored', async () => {
  await using site = await openSite();
  await site.send(frame(9, 'what'));
  await site.send(frame(7, ''));
  await site.send(Buffer.from('STF'));
  await site.send(frame(3, 'echo me'));
  assert.deepEqual(await site.fromServer(), frame(4, 'echo me'));
  assert.deepEqual(site.mistakes, ['frame of unknown type: 9', 'CSTP record too short for a frame: 3 bytes']);
});

const byes: [string, Buffer, string][] = [
  ['the user', frame(5, Buffer.from([0xb0, 0x41])), 'userDisconnect'],
  ['a reconnecting client', frame(5, Buffer.from([0x91])), 'temporary'],
  ['a changing network', frame(5, ''), 'temporary'],
  ['a client in trouble', frame(5, Buffer.from([0x70])), 'error'],
];
for (const [who, bytes, reason] of byes) {
  test(`a disconnect by ${who} ends as ${reason}`, async () => {
    await using site = await openSite();
    await site.send(bytes);
    assert.equal(await site.ended, reason);
    if (reason === 'error') assert.deepEqual(await site.fromServer(), frame(5, ''));
  });
}

const malformed: [string, Buffer, string][] = [
  [
    'wrong magic',
    Buffer.from('XXXX\0\0\0\0'),
    'malformed CSTP frame: no frame begins with 5858 5858 0000 0000',
  ],
  [
    'a length too small',
    Buffer.concat([frame(0, ipv4(2)), Buffer.alloc(1)]),
    'malformed CSTP frame: it announces 25 bytes and has 26',
  ],
  [
    'a length too large',
    frame(0, ipv4(2)).subarray(0, 20),
    'malformed CSTP frame: it announces 25 bytes and has 12',
  ],
  ['compression nobody agreed on', frame(8, 'xxxx'), 'compressed packet without negotiated compression'],
];
for (const [what, bytes, detail] of malformed) {
  test(`a frame with ${what} is answered by a disconnect`, async () => {
    await using site = await openSite();
    await site.send(bytes);
    assert.deepEqual(await site.fromServer(), frame(5, ''));
    assert.equal(await site.ended, 'error');
    assert.deepEqual(site.details, [detail]);
  });
}

test('the session ends at its time with a disconnect', async () => {
  await using site = await openSite({ remainingSeconds: 1 });
  assert.deepEqual(await site.fromServer(), frame(5, ''));
  assert.equal(await site.ended, 'sessionTimeout');
});

test('an idle session ends, whatever control frames it gets', async () => {
  await using site = await openSite({ idleTimeoutSeconds: 1 });
  await site.send(frame(7, ''));
  assert.equal(await site.ended, 'idleTimeout');
});

test('a silent client is asked, then given up', async () => {
  await using site = await openSite({ dpdSeconds: 1 });
  assert.deepEqual(await site.fromServer(), frame(3, ''));
  assert.equal(await site.ended, 'dpdTimeout');
});

test('close tells the client only when asked to, and twice is once', async () => {
  {
    await using site = await openSite();
    site.tunnel.close(true);
    site.tunnel.close(true);
    assert.deepEqual(await site.fromServer(), frame(5, ''));
    assert.equal(await site.ended, 'serverDisconnect');
  }
  await using site = await openSite();
  // Listened for first: it may come before the thread's own word of the end.
  const closed = once(site.client, 'close');
  site.tunnel.close(false);
  assert.equal(await site.ended, 'serverDisconnect');
  assert.equal(await site.tunnel.probeDatagram(Buffer.alloc(40)), false);
  await closed;
});

test('more than the rate limit allows is dropped, control frames are not', async () => {
  await using site = await openSite({ rxBytesPerSecond: 50 });
  for (let i = 0; i < 5; i++) await site.send(frame(0, ipv4(2)));
  await site.send(frame(3, 'alive'));
  assert.deepEqual(await site.fromServer(), frame(4, 'alive'));
  assert.equal(site.tunnel.counters.rxPackets, 2);
  assert.equal(site.tunnel.counters.rxDropped, 3);
});
