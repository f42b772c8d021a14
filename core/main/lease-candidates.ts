// Which addresses a user is offered, in order. The first is made from the user name as the C program makes it,
// so that a user keeps the address across restarts and across a change of program. Pure; used by leases.ts.
import { createHash, randomBytes } from 'node:crypto';
import { maskOf, type Network } from './addresses.ts';

const chainedTries = 6;
const allTries = 16;

/** Bob Jenkins' lookup3 `hashlittle` with initval 0, over bytes. */
export function hashLittle(bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  const word = (at: number): number =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  while (bytes.length - at > 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
    at += 12;
  }
  if (at === bytes.length) return c >>> 0;
  // Bytes past the end read as 0, which is what the C function's masks come to.
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** The four bytes everything starts from. */
export function seedOf(username: string, predictable: boolean): Buffer {
  if (!predictable) return randomBytes(4);
  const seed = Buffer.alloc(4);
  seed.writeUInt32LE(hashLittle(Buffer.from(username, 'utf8')));
  return seed;
}

/** Host bits of `bytes` over the network's base. */
function within(network: Network, bytes: Uint8Array): bigint {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return network.base | (value & ~maskOf(network.family, network.prefix));
}

function bytesOf(family: 4 | 6, value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex');
}

/** Larger pools are never so full that chance finds nothing. */
const largestSearchedPool = 65_536n;

/**
 * Try 1 from the seed, 2 to 6 each from the hash of the complete address before it, then random ones; at last a small
 * pool is searched through, so that its last free address is found too.
 */
export function* candidates(network: Network, seed: Uint8Array): Generator<bigint> {
  const length = network.family === 4 ? 4 : 16;
  const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest().subarray(0, length);
  let candidate = within(network, network.family === 4 ? seed : sha1(seed));
  yield candidate;
  for (let attempt = 2; attempt <= allTries; attempt++) {
    const bytes = attempt <= chainedTries ? sha1(bytesOf(network.family, candidate)) : randomBytes(length);
    candidate = within(network, bytes);
    yield candidate;
  }
  const hosts = (1n << BigInt((network.family === 4 ? 32 : 128) - network.prefix)) - 1n;
  if (hosts >= largestSearchedPool) return;
  for (let host = 0n; host <= hosts; host++) yield network.base | host;
}
