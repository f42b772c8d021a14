// Malformed CSTP frames from a client that has logged in, against the running server: each input over a tunnel of its
// own, one clear line each at level info (2). A frame that breaks the framing ends the tunnel; a packet that is none,
// or from a foreign source, is dropped and the tunnel goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { until } from '../support/command.ts';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';

interface Tunnel {
  readonly socket: TLSSocket;
  /** What came behind the head of the answer. */
  received(): string;
}

interface Input {
  readonly name: string;
  /** Records, each sent as one. */
  readonly records: readonly Buffer[];
  /** ends: the server says goodbye (type 5); lives: it answers a probe afterwards. */
  readonly then: 'ends' | 'lives';
  /** A frame cut within its header is two mistakes: a record without room for one, then one without its beginning. */
  readonly alsoShort?: boolean;
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
function frame(type: number, payload: Buffer, announced = payload.length): Buffer {
  return Buffer.concat([Buffer.from('STF\x01', 'latin1'), u16(announced), Buffer.from([type, 0]), payload]);
}
const ends = (name: string, ...records: readonly Buffer[]): Input => ({
  name,
  records,
  then: 'ends',
});
const lives = (name: string, ...records: readonly Buffer[]): Input => ({
  name,
  records,
  then: 'lives',
});

const random = seeded(31_415);
const probe = frame(3, Buffer.from('alive?'));
const probeAnswer = frame(4, Buffer.from('alive?')).toString('latin1');
const goodbye = frame(5, Buffer.alloc(0)).toString('latin1');

function ipv4(source: string, change: (packet: Buffer) => void = () => undefined): Buffer {
  const packet = Buffer.alloc(28, 0);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = 64;
  packet[9] = 17;
  source.split('.').forEach((part, index) => packet.writeUInt8(Number(part), 12 + index));
  packet.set([192, 168, 77, 1], 16);
  change(packet);
  return packet;
}
function ipv6(lastByte: number, change: (packet: Buffer) => void = () => undefined): Buffer {
  const packet = Buffer.alloc(48, 0);
  packet[0] = 0x60;
  packet.writeUInt16BE(8, 4);
  packet[6] = 17;
  packet[7] = 64;
  packet.set([0xfd, 0xa9, 0, 0x77], 8);
  packet[23] = lastByte;
  packet.set([0xfd, 0xa9, 0, 0x77], 24);
  packet[39] = 1;
  change(packet);
  return packet;
}

const headers = [
  ...[0, 1, 2, 3, 7].flatMap((offset) =>
    [0, 0xff, 0x20].map((value) => {
      const bytes = frame(7, Buffer.alloc(0));
      bytes[offset] = value;
      return { offset, value, bytes };
    }),
  ),
]
  .filter(({ bytes }) => !bytes.equals(frame(7, Buffer.alloc(0))))
  .map(({ offset, value, bytes }) => ends(`byte ${String(offset)} is ${String(value)}`, bytes));

const lengths = [
  ...[1, 2, 100, 1400, 16_376, 65_535].map((announced) =>
    ends(`announces ${String(announced)} of nothing`, frame(0, Buffer.alloc(0), announced)),
  ),
  ...[0, 1, 27, 29, 65_535].map((announced) =>
    ends(`announces ${String(announced)} of 28`, frame(0, ipv4('192.168.77.9'), announced)),
  ),
  ends('two frames in a record', Buffer.concat([frame(7, Buffer.alloc(0)), frame(7, Buffer.alloc(0))])),
  ends('a frame of 64 KB', frame(0, Buffer.alloc(65_535, 0x45))),
  ends('a frame of 1 MB', Buffer.concat([frame(0, Buffer.alloc(0), 65_535), Buffer.alloc(1024 * 1024)])),
  ends('an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')),
  ends('16 KB of zeros', Buffer.alloc(16_384)),
  ...Array.from({ length: 8 }, (_, index) =>
    ends(`garbage ${String(index)}`, random.bytes(8 + random.below(3000))),
  ),
];

/** In the middle of the header, at its end, and in the payload. */
const whole = frame(0, ipv4('192.168.77.9'));
const cuts = Array.from({ length: whole.length - 1 }, (_, index): Input => {
  const at = index + 1;
  return {
    name: `cut behind byte ${String(at)}`,
    records: [whole.subarray(0, at), whole.subarray(at)],
    then: 'ends',
    alsoShort: at < 8,
  };
}).filter((_, index) => index < 10 || index % 5 === 0);

const types = [1, 2, 6, 9, 10, 77, 128, 255].map((type) =>
  lives(`frame type ${String(type)}`, frame(type, random.bytes(random.below(50)))),
);
const short = [1, 2, 4, 7].map((length) => lives(`${String(length)} bytes`, whole.subarray(0, length)));
const compressed = [0, 1, 100, 1400].map((length) =>
  ends(`compressed without agreement, ${String(length)} bytes`, frame(8, random.bytes(length))),
);
const byes = [0, 1, 0x7f, 0xff].map((reason) => ({
  ...ends(
    `a goodbye for reason ${String(reason)}`,
    frame(5, Buffer.from([reason, ...Buffer.from('evil\n\x1b[31mtext')])),
  ),
}));

const packets: Input[] = [
  ...['192.168.77.1', '127.0.0.1', '255.255.255.255', '10.80.0.2', '8.8.8.8', '224.0.0.1', '240.1.2.3'].map(
    (source) => lives(`the source ${source}`, frame(0, ipv4(source))),
  ),
  ...[1, 2, 200].map((lastByte) => lives(`the IPv6 source …::${String(lastByte)}`, frame(0, ipv6(lastByte)))),
  lives(
    'the IPv6 source ::1',
    frame(
      0,
      ipv6(1, (packet) => packet.fill(0, 8, 23)),
    ),
  ),
  lives(
    'a mapped IPv4 source',
    frame(
      0,
      ipv6(1, (packet) => packet.set(Buffer.from('00000000000000000000ffff7f000001', 'hex'), 8)),
    ),
  ),
  lives('no packet at all', frame(0, Buffer.alloc(0))),
  ...[1, 19].map((length) =>
    lives(`a packet of ${String(length)} bytes`, frame(0, ipv4('192.168.77.9').subarray(0, length))),
  ),
  ...[0, 1, 5, 7, 15].map((version) =>
    lives(
      `IP version ${String(version)}`,
      frame(
        0,
        ipv4('192.168.77.9', (packet) => (packet[0] = (version << 4) | 5)),
      ),
    ),
  ),
  ...[0, 4, 15].map((words) =>
    lives(
      `an IPv4 header of ${String(words)} words`,
      frame(
        0,
        ipv4('192.168.77.9', (packet) => (packet[0] = 0x40 | words)),
      ),
    ),
  ),
  ...[0, 19, 29, 65_535].map((total) =>
    lives(
      `an IPv4 length of ${String(total)}`,
      frame(
        0,
        ipv4('192.168.77.9', (packet) => packet.writeUInt16BE(total, 2)),
      ),
    ),
  ),
  ...[9, 65_535].map((total) =>
    lives(
      `an IPv6 payload of ${String(total)}`,
      frame(
        0,
        ipv6(9, (packet) => packet.writeUInt16BE(total, 4)),
      ),
    ),
  ),
  lives('an IPv6 packet of 39 bytes', frame(0, ipv6(9).subarray(0, 39))),
  ...Array.from({ length: 5 }, (_, index) =>
    lives(
      `a packet of garbage ${String(index)}`,
      frame(0, Buffer.concat([Buffer.from([index]), random.bytes(100)])),
    ),
  ),
];

const request = (line: string, headers_: readonly string[], body = ''): string =>
  `${line}\r\n${['Host: vpn.test', 'User-Agent: AnyConnect Linux_64 4.10', ...headers_].join('\r\n')}\r\n\r\n${body}`;

/** Logs in by the plain form and opens a tunnel, without openconnect. */
async function openTunnel(siege: Siege, from: string): Promise<Tunnel> {
  const socket = siege.outpost.tls(from);
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.setNoDelay(true);
  const form = 'username=mallory&password=secret';
  socket.write(request('POST /auth HTTP/1.1', [`Content-Length: ${String(form.length)}`], form));
  const cookie = await until('the login', () => /Set-Cookie: webvpn=([^;]{10,});/.exec(text)?.[1]);
  await until('the whole answer', () => text.includes('</auth>') || text.includes('</config-auth>'));
  text = '';
  socket.write(
    request('CONNECT /CSCOSSLC/tunnel HTTP/1.1', [
      `Cookie: webvpn=${cookie}`,
      'X-CSTP-Address-Type: IPv6,IPv4',
    ]),
  );
  await until('the tunnel', () => text.includes('\r\n\r\n'));
  assert.match(text, /^HTTP\/1\.1 200 /);
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
  return {
    socket,
    received: () => text.slice(head.length),
  };
}

async function attack(siege: Siege, input: Input, from: string, hasLine: () => boolean): Promise<void> {
  const tunnel = await openTunnel(siege, from);
  const { socket } = tunnel;
  for (const record of input.records) {
    await new Promise((resolve) => socket.write(record, resolve));
  }
  if (input.then === 'ends') {
    await until(
      `${input.name}: a goodbye`,
      () => tunnel.received().includes(goodbye) && hasLine(),
      8_000,
      20,
    );
    socket.destroy();
    return;
  }
  await until(`${input.name}: a line`, hasLine, 8_000, 20);
  await new Promise((resolve) => socket.write(probe, resolve));
  await until(`${input.name}: the tunnel lives`, () => tunnel.received().includes(probeAnswer), 8_000, 20);
  await new Promise((resolve) => socket.write(frame(5, Buffer.from([0xb0])), resolve));
  socket.destroy();
}

test('malformed frames leave one line each, end at most their own tunnel and disturb nobody', async () => {
  await using siege = await Siege.begin({ config: 'max-same-clients = 0' });
  const inputs = [...headers, ...lengths, ...cuts, ...types, ...short, ...compressed, ...byes, ...packets];
  assert.ok(inputs.length >= 100);
  const cutInHeader = new Set(
    inputs.flatMap((input, index) => (input.alsoShort === true ? [Siege.address(index)] : [])),
  );
  await siege.expectOneLineEach(inputs, (input, from, hasLine) => attack(siege, input, from, hasLine), {
    width: 6,
    clear:
      /^worker\[mallory\]: 10\.80\.1\.\d+ (?:malformed CSTP frame: .{8,}|compressed packet without .+|CSTP record too short for a frame: \d bytes|frame of unknown type: \d+|payload that is no whole IP packet: \d+ bytes.*|packet with a source address that is not the client's: \S+|the client ends the session for an unknown reason \(\d+\) .*)$/,
    counts: (line) =>
      line.startsWith('worker[') &&
      // The life of the session, not a mistake.
      !/the client closed|the TLS connection broke|received BYE packet/.test(line) &&
      !(
        line.includes(' too short for a frame') && [...cutInHeader].some((from) => line.includes(` ${from} `))
      ),
  });
  assert.doesNotMatch(siege.site.log(), /\x1b/, 'the log is clean');
  await siege.endure();
});
