// Fuzz target: the look at the first datagram of a flow. Run with a number of rounds and a seed; part of `npm test`
// briefly. Hellos are built field by field, so that most of them reach the last extension; then
//   honest ones must give the id that was put in,
//   lying ones (a length that is not the vector's, a datagram cut short, bytes changed) anything but a read beyond the end.
import assert from 'node:assert/strict';
import { readFirstDatagram, type FirstDatagram } from '../../core/main/first-datagram.ts';
import { seeded, type Seeded } from '../support/seeded.ts';

const applicationIdExtension = 48_018;

interface Built {
  readonly bytes: Buffer;
  /** With PSK and without; undefined = lies, so anything goes. */
  readonly expected: readonly [FirstDatagram, FirstDatagram] | undefined;
}

/** A vector whose length field now and then lies. */
class Writer {
  readonly #random: Seeded;
  readonly #liesIn: number;
  hasLied = false;
  constructor(random: Seeded, liesIn: number) {
    this.#random = random;
    this.#liesIn = liesIn;
  }
  vector(size: 1 | 2 | 3, body: Buffer): Buffer {
    const most = 256 ** size;
    const lie = this.#liesIn > 0 && this.#random.below(this.#liesIn) === 0;
    const length = lie
      ? this.#random.pick([0, 1, body.length + 1, body.length + 255, most - 1, this.#random.below(most)])
      : body.length;
    if (length !== body.length) this.hasLied = true;
    const field = Buffer.alloc(size);
    field.writeUIntBE(length % most, 0, size);
    return Buffer.concat([field, body]);
  }
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function buildHello(random: Seeded): Built {
  const write = new Writer(random, random.pick([0, 0, 3, 12]));
  const sessionId = random.bytes(random.pick([0, 1, 20, 32, 32, 32]));
  const applicationId = random.below(2) === 0 ? undefined : random.bytes(random.pick([1, 20, 32, 32]));
  const others = Array.from({ length: random.below(6) }, () => {
    const type = random.pick([0, 10, 13, 23, 35, 65_281]);
    return Buffer.concat([u16(type), write.vector(2, random.bytes(random.below(40)))]);
  });
  const own =
    applicationId === undefined
      ? []
      : [Buffer.concat([u16(applicationIdExtension), write.vector(2, write.vector(1, applicationId))])];
  const place = random.below(others.length + 1);
  const extensions = Buffer.concat([...others.slice(0, place), ...own, ...others.slice(place)]);
  const body = Buffer.concat([
    Buffer.from([0xfe, random.pick([0xfd, 0xff])]),
    Buffer.concat([Buffer.from([1]), random.bytes(31)]),
    write.vector(1, sessionId),
    write.vector(1, random.bytes(random.pick([0, 16, 32, 255]))),
    write.vector(2, random.bytes(2 * (1 + random.below(20)))),
    write.vector(1, Buffer.from([0])),
    write.vector(2, extensions),
  ]);
  const handshake = Buffer.concat([
    Buffer.from([1]),
    write.vector(3, Buffer.alloc(0)).fill(0),
    u16(0),
    Buffer.alloc(6),
    body,
  ]);
  const bytes = Buffer.concat([
    Buffer.from([22, 0xfe, 0xff]),
    Buffer.alloc(8),
    u16(handshake.length),
    handshake,
  ]);
  if (write.hasLied || bytes.length < 93) return { bytes, expected: undefined };
  const named = (id: Buffer): FirstDatagram =>
    id.length === 0
      ? { kind: 'noise', mistake: 'a ClientHello that names no session' }
      : { kind: 'hello', id: id.toString('hex') };
  return { bytes, expected: [named(applicationId ?? sessionId), named(sessionId)] };
}

function build(random: Seeded): Built {
  if (random.below(10) === 0) return { bytes: random.bytes(random.below(300)), expected: undefined };
  const built = buildHello(random);
  const kind = random.below(4);
  if (kind === 0)
    return { bytes: built.bytes.subarray(0, random.below(built.bytes.length + 1)), expected: undefined };
  if (kind === 1) {
    for (let count = 1 + random.below(4); count > 0; count--) {
      built.bytes[random.below(built.bytes.length)] = random.below(256);
    }
    return { bytes: built.bytes, expected: undefined };
  }
  return built;
}

export function fuzzFirstDatagrams(rounds: number, seed: number): { honest: number; named: number } {
  const random = seeded(seed);
  let honest = 0;
  let named = 0;
  for (let round = 0; round < rounds; round++) {
    const { bytes, expected } = build(random);
    const where = `seed ${String(seed)}, round ${String(round)}`;
    for (const [index, withPsk] of [true, false].entries()) {
      // A copy of its own, so that a read beyond the end cannot find anything.
      const seen = readFirstDatagram(Buffer.from(new Uint8Array(bytes)), withPsk);
      if (expected !== undefined) {
        honest++;
        assert.deepEqual(seen, expected[index], where);
      }
      if (seen.kind === 'noise') assert.ok(seen.mistake.length > 4, where);
      if (seen.kind !== 'hello') continue;
      named++;
      assert.match(seen.id, /^([0-9a-f]{2}){1,32}$/, where);
      assert.ok(bytes.includes(Buffer.from(seen.id, 'hex')), `an id that is not in the datagram: ${where}`);
    }
  }
  return { honest, named };
}

if (process.argv[1] === import.meta.filename) {
  fuzzFirstDatagrams(Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? Date.now() % 2 ** 32));
}
