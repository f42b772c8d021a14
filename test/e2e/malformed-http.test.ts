// Malformed TLS and HTTP against the running server: each input is answered by one clear line at level info (2) with
// the client's address, nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Siege } from '../support/siege.ts';
import { seeded } from '../support/seeded.ts';

interface Input {
  readonly name: string;
  /** Beneath TLS, or inside. */
  readonly layer: 'tcp' | 'tls';
  /** Sent one after the other with a pause, so that they arrive apart. */
  readonly parts: readonly Buffer[];
  /** The client half-closes when it has sent all, or resets; otherwise it waits for the server to end. */
  readonly leaves?: 'end' | 'reset';
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const inside = (name: string, text: string, leaves?: 'end' | 'reset'): Input => ({
  name,
  layer: 'tls',
  parts: [bytes(text)],
  ...(leaves === undefined ? {} : { leaves }),
});
const beneath = (name: string, parts: readonly Buffer[], leaves?: 'end' | 'reset'): Input => ({
  name,
  layer: 'tcp',
  parts,
  ...(leaves === undefined ? {} : { leaves }),
});
const line = (text: string): Input =>
  inside(`request line ${JSON.stringify(text)}`, `${text}\r\nHost: a\r\n\r\n`);
const get = (name: string, headers: string): Input => inside(name, `GET / HTTP/1.1\r\n${headers}\r\n\r\n`);
const post = (name: string, headers: string, body: string, leaves?: 'end'): Input =>
  inside(name, `POST /auth HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`, leaves);
const chunked = (name: string, body: string, leaves?: 'end'): Input =>
  post(`chunks: ${name}`, 'Transfer-Encoding: chunked', body, leaves);

const requestLines = [
  ...['GET', 'GET /', 'GET / HTTP/1.1 x', 'GET / HTTP/2.0', 'GET / HTTP/0.9', 'GET / HTTP/1.10'],
  ...['get / HTTP/1.1', 'G\0T / HTTP/1.1', 'GET /\0 HTTP/1.1', 'GET /\x7f HTTP/1.1', ' GET / HTTP/1.1'],
  ...[
    'HELO mail.example',
    'SSH-2.0-OpenSSH_9.9',
    '\x16\x03\x01\x02\x00\x01',
    'GET / FTP/1.1',
    'GET / HTTP/1,1',
  ],
  ...[
    'BREW /pot HTTP/1.1',
    'PRI * HTTP/2.0',
    `GET /${'a'.repeat(300)} HTTP/1.1`,
    `GET /${'a'.repeat(30_000)} HTTP/1.1`,
  ],
  ...['GET /%00/../../etc/passwd HTTP/1.1', 'GET /\t HTTP/1.1', 'PUT / HTTP/1.1', 'DELETE /auth HTTP/1.1'],
  ...['GET http://evil.example/ HTTP/1.1', 'TRACE / HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET \\..\\x HTTP/1.1'],
].map(line);

const heads = [
  get('a name with a blank', 'A b: c'),
  get('a blank before the colon', 'A : c'),
  get('no name', ': c'),
  get('no colon', 'nonsense'),
  get('a NUL in a value', 'A: b\0c'),
  get('a NUL in a name', 'A\0: b'),
  get('a folded value', 'A: b\r\n folded'),
  get('a bare carriage return', 'A: b\rc'),
  get('a control character', 'A: b\x01c'),
  get('16 KB of headers and one byte', `X: ${'y'.repeat(16_384)}`),
  get('100 KB in one header', `X: ${'y'.repeat(100_000)}`),
  get('10000 headers', Array.from({ length: 10_000 }, (_, index) => `h${String(index)}: v`).join('\r\n')),
  get('a name of 60 KB', `${'n'.repeat(60_000)}: v`),
  inside('line feeds alone', 'GET / HTTP/1.1\nHost: a\n\n'),
  inside('a second head behind a bare line feed', 'GET / HTTP/1.1\r\nA: b\n\nGET /x HTTP/1.1\r\n\r\n'),
];

const lengths = [
  ...[
    '-1',
    '+3',
    '0x3',
    '1e3',
    '3,4',
    '3 3',
    'three',
    '',
    ' ',
    '99999999999999999999',
    '262145',
    '3;q=1',
  ].map((value) => post(`Content-Length "${value}"`, `Content-Length: ${value}`, 'abc', 'end')),
  post('two lengths', 'Content-Length: 3\r\nContent-Length: 4', 'abcd'),
  post('the same length twice', 'Content-Length: 3\r\nContent-Length: 3', 'abc'),
  post('length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  post(
    'chunks and length',
    'Transfer-Encoding: chunked\r\nContent-Length: 40',
    '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
  ),
  post('chunks in the middle', 'Transfer-Encoding: chunked, identity', '0\r\n\r\n'),
  post('chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  post('unknown coding', 'Transfer-Encoding: xchunked', '0\r\n\r\n'),
  post('coding with a tab', 'Transfer-Encoding:\tchunked\x0b', '0\r\n\r\n'),
  post('hidden coding', 'Transfer-Encoding : chunked', '0\r\n\r\n'),
  post('less than promised', 'Content-Length: 100', 'abc', 'end'),
  post('nothing of what was promised', 'Content-Length: 100', '', 'end'),
  post('more than promised', 'Content-Length: 3', 'abcGET / HTTP/1.1\r\n\r\n'),
  post('a request smuggled behind a body', 'Content-Length: 0', 'POST /auth HTTP/1.1\r\nHost: b\r\n\r\n'),
  post(
    'a body of 300 KB in chunks',
    'Transfer-Encoding: chunked',
    `4a000\r\n${'b'.repeat(0x4a000)}\r\n0\r\n\r\n`,
  ),
];

const chunks = [
  chunked('no number', 'zz\r\n'),
  chunked('a negative size', '-1\r\nx\r\n'),
  chunked('a size beyond 64 bits', 'ffffffffffffffffff\r\n'),
  chunked('a size of 2 GB', '7fffffff\r\nabc', 'end'),
  chunked('shorter than it says', '5\r\nabc\r\n0\r\n\r\n'),
  chunked('longer than it says', '3\r\nabcdef\r\n0\r\n\r\n'),
  chunked('no line end behind it', '3\r\nabc0\r\n\r\n'),
  chunked('line feeds alone', '3\nabc\n0\n\n'),
  chunked('a NUL in the size', '3\0\r\nabc\r\n0\r\n\r\n'),
  chunked('a blank before the size', ' 3\r\nabc\r\n0\r\n\r\n'),
  chunked('a prefixed size', '0x3\r\nabc\r\n0\r\n\r\n'),
  chunked('no last one', '3\r\nabc\r\n', 'end'),
  chunked('half a size', '3', 'end'),
  chunked('a malformed trailer', '0\r\nA b: c\r\n\r\n'),
  chunked('a second request in the trailer', '0\r\n\r\nGET / HTTP/1.1\r\n\r\n'),
];

const connects = [
  ...['CONNECT', 'CONNECT /CSCOSSLC/tunnel', 'CONNECT  HTTP/1.1'].map(line),
  inside('CONNECT without a cookie', 'CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n\r\n'),
  ...['!', 'A'.repeat(44), `${'A'.repeat(43)}=`, 'A'.repeat(5000), '%00%00', ';;;;', '"quoted"'].map(
    (cookie) =>
      inside(
        `CONNECT with the cookie ${cookie.slice(0, 50)}`,
        `CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\nCookie: webvpn=${cookie}\r\n\r\n`,
      ),
  ),
  ...['evil.example:443', '/CSCOSSLC/tunnel/', '/CSCOSSLC/tunnel?x', '/cscosslc/tunnel', '*', '/'].map(
    (target) =>
      inside(
        `CONNECT ${target}`,
        `CONNECT ${target} HTTP/1.1\r\nHost: a\r\nCookie: webvpn=${Buffer.alloc(32, 1).toString('base64')}\r\n\r\n`,
      ),
  ),
  inside('CONNECT with frames behind it', 'CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n\r\nSTF\x01\0\0\x07\0'),
];

const truncated = [
  'G',
  'GET',
  'GET / HTTP/1.1',
  'GET / HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\nHost',
  'GET / HTTP/1.1\r\nHost: a\r\n',
];
const cut = [
  ...truncated.map((text) => inside(`ends behind ${JSON.stringify(text)}`, text, 'end')),
  ...truncated.slice(3).map((text) => inside(`reset behind ${JSON.stringify(text)}`, text, 'reset')),
];

/** A sound ClientHello of TLS 1.2: enough for every way to break it. */
const clientHello = (): Buffer => {
  const suites = Buffer.from('c02bc02fc02cc030009c', 'hex');
  const extensions = Buffer.from('000a00040002001d000d0006000404030804000b00020100ff01000100', 'hex');
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0, 0, extensions.length]),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 255]), message]);
};
const changed = (offset: number, value: number): Buffer => {
  const hello = clientHello();
  hello[offset] = value;
  return hello;
};
const random = seeded(4711);
const handshakes = [
  beneath('plain HTTP', [bytes('GET / HTTP/1.1\r\nHost: a\r\n\r\n')]),
  beneath('plain POST', [bytes('POST /auth HTTP/1.1\r\nContent-Length: 0\r\n\r\n')]),
  beneath('plain CONNECT', [bytes('CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n\r\n')]),
  beneath('SSH', [bytes('SSH-2.0-OpenSSH_9.9\r\n')]),
  beneath('SMTP', [bytes('EHLO mail.example\r\n')]),
  beneath('a PROXY header', [bytes('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'), clientHello()]),
  beneath('SSL 2', [
    Buffer.from(
      '802e0100020015000000100100800700c00300800600400200800400800000000000000000000000000000000000',
      'hex',
    ),
  ]),
  beneath('64 KB of zeros', [Buffer.alloc(65_536)]),
  ...Array.from({ length: 8 }, (_, index) =>
    beneath(`garbage ${String(index)}`, [random.bytes(20 + random.below(2000))], 'end'),
  ),
  ...[1, 4, 5, 6, 9, 11, 43, 44, 60, clientHello().length - 1].map((length) =>
    beneath(`the first ${String(length)} bytes of a ClientHello`, [clientHello().subarray(0, length)], 'end'),
  ),
  beneath(
    'a ClientHello byte by byte, without its end',
    Array.from(clientHello().subarray(0, 40), (byte) => Buffer.from([byte])),
    'end',
  ),
  beneath('a ClientHello, then a reset', [clientHello()], 'reset'),
  beneath('a ClientHello, then garbage', [clientHello(), Buffer.alloc(200, 0xee)]),
  beneath('a ClientHello twice', [Buffer.concat([clientHello(), clientHello()])]),
  beneath('record type 99', [changed(0, 99)]),
  beneath('version 0.9', [changed(1, 0)]),
  beneath('a record of 64 KB', [changed(3, 255)], 'end'),
  beneath('handshake type 77', [changed(5, 77)]),
  beneath('a handshake message of 16 MB', [changed(6, 255)]),
  beneath('a ClientHello for SSL 3', [changed(10, 0)]),
  beneath('a session id of 255 bytes', [changed(43, 255)]),
  beneath('an odd list of suites', [changed(45, 9)]),
  beneath('no compression method', [changed(56, 0)]),
  beneath('extensions longer than the message', [changed(58, 255)]),
  beneath('an alert first', [Buffer.from('15030100020228', 'hex')]),
  beneath('application data first', [Buffer.from('170303000568656c6c6f', 'hex')]),
  beneath('an empty record', [Buffer.from('1603010000', 'hex'), Buffer.from('1603010000', 'hex')], 'end'),
];

async function attack(siege: Siege, input: Input, address: string, hasLine: () => boolean): Promise<void> {
  const socket =
    input.layer === 'tcp'
      ? siege.outpost.tcp(address, input.leaves === 'reset')
      : siege.outpost.tls(address, input.leaves === 'reset');
  let hasEnded = false;
  socket.resume();
  for (const event of ['end', 'close', 'error']) socket.once(event, () => (hasEnded = true));
  if (input.layer === 'tls') {
    await new Promise((resolve) => {
      socket.once('secureConnect', resolve);
      socket.once('close', resolve);
    });
  }
  for (const [index, part] of input.parts.entries()) {
    if (index > 0) await sleep(5);
    socket.write(part);
  }
  if (input.leaves !== undefined) {
    await sleep(50);
    socket.end();
  }
  for (let waited = 0; waited < 100 && !(hasEnded && hasLine()); waited++) await sleep(30);
  socket.destroy();
}

/** What main says of a refused cookie in addition is a line that log watchers know, and must stay. */
const counts = (line: string): boolean => line.startsWith('worker: ');
const clear =
  /^worker: 10\.80\.1\.\d+ (?:TLS handshake failed: .{4,}|TLS connection failed: .{4,}|closing the connection: .{8,}|refused [A-Z]+ ".+": there is no such (?:page|tunnel)|CONNECT without a cookie|failed cookie authentication attempt)$/;

test('malformed requests leave one line each and disturb nobody', async () => {
  await using siege = await Siege.begin();
  const inputs = [...requestLines, ...heads, ...lengths, ...chunks, ...connects, ...cut];
  assert.ok(inputs.length >= 100);
  await siege.expectOneLineEach(inputs, (input, address, hasLine) => attack(siege, input, address, hasLine), {
    clear,
    counts,
  });
  await siege.endure();
});

test('broken TLS leaves one line each and disturbs nobody', async () => {
  await using siege = await Siege.begin();
  await siege.expectOneLineEach(
    handshakes,
    (input, address, hasLine) => attack(siege, input, address, hasLine),
    { clear },
  );
  await siege.endure();
});
