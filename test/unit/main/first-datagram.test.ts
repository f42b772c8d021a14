import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFirstDatagram } from '../../../core/main/first-datagram.ts';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const vector = (size: 1 | 2, body: Buffer): Buffer =>
  Buffer.concat([size === 1 ? Buffer.from([body.length]) : u16(body.length), body]);

function hello(sessionId: Buffer, extensions?: Buffer, random = Buffer.alloc(32, 7)): Buffer {
  const body = Buffer.concat([
    Buffer.from([0xfe, 0xfd]),
    random,
    vector(1, sessionId),
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from('00a900ff', 'hex')),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, extensions)]),
    Buffer.alloc(extensions === undefined ? 0 : 0),
  ]);
  const length = Buffer.from([0, body.length >> 8, body.length & 255]);
  const handshake = Buffer.concat([Buffer.from([1]), length, u16(0), Buffer.alloc(3), length, body]);
  return Buffer.concat([Buffer.from([22, 0xfe, 0xff]), Buffer.alloc(8), u16(handshake.length), handshake]);
}
const id = Buffer.alloc(32, 0xab);
const application = Buffer.concat([u16(48_018), vector(2, vector(1, Buffer.alloc(32, 0xcd)))]);
const other = Buffer.concat([u16(13), vector(2, Buffer.from('00020401', 'hex'))]);

test('a hello names its tunnel in the session id', () => {
  assert.deepEqual(readFirstDatagram(hello(id), true), { kind: 'hello', id: id.toString('hex') });
});

test('extension 48018 wins over the session id, with PSK only', () => {
  const datagram = hello(id, Buffer.concat([other, application]));
  assert.deepEqual(readFirstDatagram(datagram, true), { kind: 'hello', id: 'cd'.repeat(32) });
  assert.deepEqual(readFirstDatagram(datagram, false), { kind: 'hello', id: 'ab'.repeat(32) });
});

test('an id of 32 bytes is read, of 33 or none refused', () => {
  assert.equal(readFirstDatagram(hello(Buffer.alloc(32, 1)), true).kind, 'hello');
  assert.equal(readFirstDatagram(hello(Buffer.alloc(33, 1)), true).kind, 'noise');
  assert.equal(readFirstDatagram(hello(Buffer.alloc(0), Buffer.alloc(40)), true).kind, 'noise');
});

test('92 bytes are too short for a hello, 93 are enough', () => {
  const datagram = hello(Buffer.alloc(20, 1), Buffer.concat([u16(13), vector(2, Buffer.alloc(4))]));
  assert.ok(datagram.length >= 93);
  assert.equal(readFirstDatagram(datagram.subarray(0, 92), true).kind, 'noise');
  assert.equal(readFirstDatagram(datagram.subarray(0, 93), true).kind, 'hello');
});

test('a random of zeros is refused unless broken clients are allowed', () => {
  const datagram = hello(id, undefined, Buffer.alloc(32));
  assert.equal(readFirstDatagram(datagram, true).kind, 'noise');
  assert.equal(readFirstDatagram(datagram, true, true).kind, 'hello');
});

test('application data and encrypted handshakes are records, the rest is noise', () => {
  const record = (type: number, version: number, epoch: number): Buffer =>
    Buffer.concat([Buffer.from([type]), u16(version), u16(epoch), Buffer.alloc(8)]);
  assert.equal(readFirstDatagram(record(23, 0xfefd, 1), true).kind, 'record');
  assert.equal(readFirstDatagram(record(22, 0xfefd, 1), true).kind, 'record');
  assert.equal(readFirstDatagram(record(23, 0x0303, 1), true).kind, 'noise');
  assert.equal(readFirstDatagram(record(99, 0xfefd, 1), true).kind, 'noise');
  assert.equal(readFirstDatagram(record(23, 0xfefd, 1).subarray(0, 12), true).kind, 'noise');
});

test('cut at every length nothing is read beyond the end', () => {
  const datagram = hello(id, Buffer.concat([other, application]));
  for (let length = 0; length < datagram.length; length++) {
    const seen = readFirstDatagram(Buffer.from(datagram.subarray(0, length)), true);
    assert.equal(seen.kind, length < 93 ? 'noise' : 'hello');
    if (seen.kind === 'hello') assert.equal(seen.id, id.toString('hex'));
  }
});

test('what main ignores it can name', () => {
  const mistake = (datagram: Buffer): string | undefined => {
    const seen = readFirstDatagram(datagram, true);
    return seen.kind === 'noise' ? seen.mistake : undefined;
  };
  const changed = (offset: number, value: number): Buffer => {
    const datagram = hello(id);
    datagram[offset] = value;
    return datagram;
  };
  assert.deepEqual(
    [
      mistake(Buffer.alloc(0)),
      mistake(Buffer.alloc(12)),
      mistake(Buffer.concat([hello(id), Buffer.alloc(4096 - hello(id).length)])),
      mistake(changed(1, 3)),
      mistake(changed(0, 99)),
      mistake(changed(13, 2)),
      mistake(hello(id).subarray(0, 92)),
      mistake(hello(id, undefined, Buffer.alloc(32))),
      mistake(changed(59, 33)),
      mistake(hello(Buffer.alloc(0), Buffer.alloc(40))),
      mistake(hello(id)),
    ],
    [
      'too short for a DTLS record',
      'too short for a DTLS record',
      'too long for a first datagram',
      'not DTLS',
      'unknown type of DTLS record',
      'a handshake message that is no ClientHello',
      'a ClientHello that is cut off',
      'a ClientHello whose random is zero',
      'a ClientHello whose session id is too long',
      'a ClientHello that names no session',
      undefined,
    ],
  );
});
