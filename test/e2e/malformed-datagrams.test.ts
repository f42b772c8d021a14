// Malformed datagrams against the running server: first ones of unknown flows, which main looks at, and forged ones in
// the innocent client's own DTLS association. One clear line each at level info (2); what costs a sender nothing and
// happens in healthy networks too (a record twice) is told once and summed up.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, type Running } from '../support/command.ts';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';

interface Input {
  readonly name: string;
  readonly datagram: Buffer;
}

const tool = path.join(import.meta.dirname, '../support/raw-udp.py');
const random = seeded(1977);
const input = (name: string, datagram: Buffer): Input => ({ name, datagram });
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** type 1, version 2, epoch 2, number 6, length 2, body */
function record(
  type: number,
  version: number,
  epoch: number,
  number: number,
  body: Buffer,
  length = body.length,
): Buffer {
  const header = Buffer.alloc(13);
  header[0] = type;
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUIntBE(number, 5, 6);
  header.writeUInt16BE(length, 11);
  return Buffer.concat([header, body]);
}

function clientHello(
  sessionId: Buffer,
  seed = 7,
  extensions = Buffer.from('000d00040002040100170000', 'hex'),
): Buffer {
  const body = Buffer.concat([
    Buffer.from('fefd', 'hex'),
    Buffer.alloc(32, seed),
    Buffer.from([sessionId.length]),
    sessionId,
    Buffer.from('00000400a900ff0100', 'hex'),
    u16(extensions.length),
    extensions,
  ]);
  const length = Buffer.from([0, body.length >> 8, body.length & 255]);
  return record(
    22,
    0xfeff,
    0,
    0,
    Buffer.concat([Buffer.from([1]), length, u16(0), Buffer.alloc(3), length, body]),
  );
}
const anyId = Buffer.alloc(32, 0xab);
function changed(offset: number, value: number): Buffer {
  const hello = clientHello(anyId);
  hello[offset] = value;
  return hello;
}

const first = [
  input('nothing', Buffer.alloc(0)),
  input('60000 zeros, in fragments', Buffer.alloc(60_000)),
  input(
    'a ClientHello with 50 KB behind it',
    Buffer.concat([clientHello(anyId), Buffer.alloc(50_000, 0xff)]),
  ),
  ...Array.from({ length: 30 }, (_, index) =>
    input(`garbage ${String(index)}`, random.bytes(1 + random.below(1400))),
  ),
  ...Array.from({ length: 10 }, (_, index) =>
    input(
      `garbage in a handshake record ${String(index)}`,
      record(22, 0xfefd, 0, index, random.bytes(random.below(300))),
    ),
  ),
  ...[1, 5, 12, 13, 14, 24, 25, 26, 27, 40, 58, 59, 60, 61, 80, 91, 92, 93, 100, 120].map((length) =>
    input(`the first ${String(length)} bytes of a ClientHello`, clientHello(anyId).subarray(0, length)),
  ),
  ...[1, 2, 8, 16, 20, 28, 31, 32].map((length) =>
    input(`an unknown id of ${String(length)} bytes`, clientHello(random.bytes(length))),
  ),
  ...[33, 64, 128, 254, 255].map((length) =>
    input(`an id of ${String(length)} bytes`, clientHello(Buffer.alloc(length, 1))),
  ),
  input('no id', clientHello(Buffer.alloc(0), 7, Buffer.alloc(60))),
  input('a random of zeros', clientHello(anyId, 0)),
  input(
    'an id extension without an id',
    clientHello(Buffer.alloc(0), 7, Buffer.from(`bb92000100${'00'.repeat(40)}`, 'hex')),
  ),
  input('an id extension beyond the end', clientHello(anyId, 7, Buffer.from('bb92ffff20', 'hex'))),
  input('suites beyond the end', changed(93, 0xff)),
  input('a ServerHello', changed(13, 2)),
  input('a Finished', changed(13, 20)),
  input('a fragment of a ClientHello', changed(21, 9)),
  input('TLS 1.2', changed(1, 3)),
  input('DTLS 1.3 by its record', changed(2, 0xfc)),
  input('QUIC', Buffer.concat([Buffer.from('c300000001088394c8f03e515708', 'hex'), Buffer.alloc(1186)])),
  input('DNS', Buffer.from('12340100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex')),
  input('SIP', Buffer.from('OPTIONS sip:a@b SIP/2.0\r\n\r\n')),
  input('IKE', Buffer.concat([Buffer.alloc(4), random.bytes(60)])),
  input('WireGuard', Buffer.concat([Buffer.from([1, 0, 0, 0]), random.bytes(144)])),
  ...[0, 19, 27, 99, 255].map((type) =>
    input(`record type ${String(type)}`, record(type, 0xfefd, 0, 0, random.bytes(100))),
  ),
  ...[20, 21, 23, 24, 25, 26].map((type) =>
    input(`a stray record of type ${String(type)}`, record(type, 0xfefd, 1, 5, random.bytes(60))),
  ),
  ...[1, 2, 65_535].map((epoch) =>
    input(`a stray handshake of epoch ${String(epoch)}`, record(22, 0xfefd, epoch, 0, random.bytes(60))),
  ),
];

async function send(
  siege: Siege,
  { datagram }: Input,
  address: string,
  hasLine: () => boolean,
): Promise<void> {
  const socket = siege.outpost.udp(address);
  socket.send(datagram);
  for (let waited = 0; waited < 100 && !hasLine(); waited++) await sleep(20);
  socket.close();
}

/** What the innocent client sent, with its port. */
class Capture {
  #running: Running | undefined;
  async start(
    home: Parameters<NonNullable<Parameters<typeof Siege.begin>[0]>['beforeConnect'] & object>[0],
  ): Promise<void> {
    const running = home.start(['python3', tool, 'capture', '4443']);
    this.#running = running;
    await until('the capture', () => running.output().includes('ready'));
  }
  datagrams(): { port: number; bytes: Buffer }[] {
    const lines = (this.#running?.output() ?? '').split('\n').slice(0, -1);
    return lines.flatMap((line) => {
      const [port = '', hex = ''] = line.split(' ');
      return /^\d+$/.test(port) ? [{ port: Number(port), bytes: Buffer.from(hex, 'hex') }] : [];
    });
  }
  async stop(): Promise<void> {
    await this.#running?.stop();
  }
}

// Both wait for handshakes that are given up after twenty seconds: side by side.
describe('malformed datagrams', { concurrency: true }, () => {
  test('malformed first datagrams and replayed hellos leave one line each and disturb nobody', async () => {
    const capture = new Capture();
    await using siege = await Siege.begin({ beforeConnect: (home) => capture.start(home) });
    const hello = capture.datagrams().find(({ bytes }) => bytes[0] === 22 && bytes[13] === 1)?.bytes;
    await capture.stop();
    assert.ok(hello !== undefined, 'the client said hello');
    // The first of them starts a handshake that nobody can finish, beside the client's own association.
    const restMs = 4_000; // main passes a session's hellos on every three seconds
    await sleep(restMs);
    const replays = Array.from({ length: 10 }, (_, index) =>
      input(`a replayed hello ${String(index)}`, hello),
    );
    const inputs = [...replays, ...first];
    assert.ok(inputs.length >= 100);
    await siege.expectOneLineEach(inputs, (one, address, hasLine) => send(siege, one, address, hasLine), {
      clear:
        /^(?:main:10\.80\.1\.\d+:\d+ ignored a datagram: .{8,}|worker\[alice\]: 10\.80\.0\.2 DTLS handshake: .{8,})$/,
      waitMs: 30_000,
    });
    assert.match(
      siege.site.log(),
      /DTLS handshake: with 10\.80\.1\.\d+:\d+ failed: the client did not finish it/,
    );
    await siege.endure();
  });

  test('forged records in an association leave one line each, or are summed up, and disturb nobody', async () => {
    const capture = new Capture();
    await using siege = await Siege.begin({ beforeConnect: (home) => capture.start(home) });
    const sent = capture.datagrams();
    await capture.stop();
    const port = sent.at(-1)?.port;
    const genuine = sent.filter(({ bytes }) => bytes[0] === 23).map(({ bytes }) => bytes);
    assert.ok(port !== undefined && genuine.length >= 4, 'the client sent records');

    const number = 2 ** 40;
    const notAuthentic = [
      ...Array.from({ length: 8 }, (_, index) =>
        record(23, 0xfefd, 1, number + index, random.bytes(40 + 100 * index)),
      ),
      ...[21, 22].map((type) => record(type, 0xfefd, 1, number + 10, random.bytes(40))),
      ...[2, 3, 65_535].map((epoch) => record(23, 0xfefd, epoch, number + 20, random.bytes(60))),
      ...[0xfeff, 0x0303, 0].map((version) => record(23, version, 1, number + 30, random.bytes(60))),
      ...[0, 1, 23].map((length) => record(23, 0xfefd, 1, number + 40, random.bytes(length))),
      record(23, 0xfefd, 1, number + 50, Buffer.alloc(60_000)),
    ];
    const truncated = [
      ...[0, 1, 5, 12].map((length) => random.bytes(length)),
      ...[1, 100, 65_535].map((length) => record(23, 0xfefd, 1, number, Buffer.alloc(0), length)),
      ...[51, 100, 1000, 65_535].map((length) => record(23, 0xfefd, 1, number, random.bytes(50), length)),
      ...genuine.slice(0, 3).map((bytes) => bytes.subarray(0, -1)),
    ];
    const plain = [
      record(21, 0xfefd, 0, 0, Buffer.from([2, 40])),
      record(21, 0xfefd, 0, 0, Buffer.from([1, 0])),
      ...[0, 19, 23, 24, 99, 255].map((type) => record(type, 0xfefd, 0, 0, random.bytes(30))),
    ];
    const hellos = [
      clientHello(anyId, 0),
      clientHello(anyId, 9),
      clientHello(anyId, 10),
      clientHello(anyId, 11),
    ];
    const replayed = [...genuine, ...genuine, ...genuine].slice(0, 12);
    const [home] = siege.network.clients;
    assert.ok(home !== undefined);
    const target = siege.network.serverAddress(0);
    const all = [...notAuthentic, ...truncated, ...plain, ...replayed, ...hellos];
    const lines = (): string[] =>
      siege.logLines().filter((line) => line.startsWith('worker[alice]: 10.80.0.2 '));
    await home.mustRun(['python3', tool, 'send', '10.80.0.2', String(port), target, '4443'], {
      input: all.map((bytes) => `${bytes.toString('hex')}\n`).join(''),
    });
    const count = (text: string): number => lines().filter((line) => line.includes(` ${text}`)).length;
    const counts = (): Record<string, number> => ({
      notAuthentic: count('DTLS record that is not authentic: number '),
      truncated: count('datagram that is no whole DTLS record: '),
      plain: count('DTLS record without encryption: type '),
      replayed: count('DTLS record received before: number '),
      hellos: count('DTLS handshake: '),
    });
    const expected = {
      notAuthentic: notAuthentic.length,
      truncated: truncated.length,
      plain: plain.length,
      replayed: 1,
      hellos: hellos.length,
    };
    // The one hello that was taken up is given up after twenty seconds.
    await until(
      'the lines',
      () => lines().length >= Object.values(expected).reduce((sum, one) => sum + one),
      30_000,
    ).catch(() => undefined);
    assert.deepEqual(counts(), expected, lines().join('\n'));
    await siege.endure();
    await siege.innocent.leave();
    await siege.site.logged(new RegExp(`DTLS record received before: ${String(replayed.length - 1)} more`));
  });
});
