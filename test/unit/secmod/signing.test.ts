import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { recogniseSigningInput, signatureParameters } from '../../../core/secmod/signing.ts';

const blanks = Buffer.alloc(64, 0x20);
const tls13 = (context: string, hashBytes: number) =>
  Buffer.concat([blanks, Buffer.from(`${context}\0`), randomBytes(hashBytes)]);
const SERVER = 'TLS 1.3, server CertificateVerify';
const randoms = randomBytes(64);
const ecdhe = (group: number, point: Buffer, more = Buffer.alloc(0)) =>
  Buffer.concat([randoms, Buffer.from([3, group >> 8, group & 255, point.length]), point, more]);
const nist = (bytes: number) => Buffer.concat([Buffer.from([4]), randomBytes(bytes - 1)]);
const vector = (bytes: number) =>
  Buffer.concat([Buffer.from([bytes >> 8, bytes & 255]), Buffer.alloc(bytes, 1)]);
const dhe = (p: number, g: number, y: number) => Buffer.concat([randoms, vector(p), vector(g), vector(y)]);

test('only the two structures of a handshake may be signed', () => {
  const cases: [string, Buffer, string | undefined][] = [
    ['nothing', Buffer.alloc(0), undefined],
    ['a hash', randomBytes(32), undefined],
    ['a certificate-like blob', randomBytes(900), undefined],
    ['server verify, SHA-256', tls13(SERVER, 32), 'TLS 1.3'],
    ['server verify, SHA-384', tls13(SERVER, 48), 'TLS 1.3'],
    ['server verify, 31', tls13(SERVER, 31), undefined],
    ['server verify, 33', tls13(SERVER, 33), undefined],
    ['server verify, 0', tls13(SERVER, 0), undefined],
    ['client verify', tls13('TLS 1.3, client CertificateVerify', 32), undefined],
    ['exported authenticator', tls13('Exported Authenticator', 32), undefined],
    ['63 blanks', tls13(SERVER, 32).subarray(1), undefined],
    ['randoms alone', randoms, undefined],
    ['x25519', ecdhe(29, randomBytes(32)), 'TLS 1.2'],
    ['x448', ecdhe(30, randomBytes(56)), 'TLS 1.2'],
    ['P-256', ecdhe(23, nist(65)), 'TLS 1.2'],
    ['P-384', ecdhe(24, nist(97)), 'TLS 1.2'],
    ['P-521', ecdhe(25, nist(133)), 'TLS 1.2'],
    ['P-256 compressed', ecdhe(23, Buffer.concat([Buffer.from([2]), randomBytes(32)])), undefined],
    ['P-256 with a wrong first byte', ecdhe(23, Buffer.alloc(65)), undefined],
    ['x25519, 31', ecdhe(29, randomBytes(31)), undefined],
    ['x25519, 33', ecdhe(29, randomBytes(33)), undefined],
    ['x25519 and a byte more', ecdhe(29, randomBytes(32), Buffer.alloc(1)), undefined],
    ['unknown group', ecdhe(4711, randomBytes(32)), undefined],
    ['explicit curve', Buffer.concat([randoms, Buffer.from([1, 0, 29, 32]), randomBytes(32)]), undefined],
    ['DHE 1016 bits', dhe(127, 1, 127), undefined],
    ['DHE 1024 bits', dhe(128, 1, 128), 'TLS 1.2'],
    ['DHE 2048 bits', dhe(256, 1, 256), 'TLS 1.2'],
    ['DHE 8192 bits', dhe(1024, 1, 1024), 'TLS 1.2'],
    ['DHE 8200 bits', dhe(1025, 1, 1025), undefined],
    ['DHE, empty generator', dhe(256, 0, 256), undefined],
    ['DHE, value longer than the prime', dhe(256, 1, 257), undefined],
    ['DHE and a byte more', Buffer.concat([dhe(256, 1, 256), Buffer.alloc(1)]), undefined],
  ];
  for (const [name, input, expected] of cases) assert.equal(recogniseSigningInput(input), expected, name);
});

test('truncated parameters are refused at every length', () => {
  for (const whole of [ecdhe(29, randomBytes(32)), dhe(256, 1, 256), tls13(SERVER, 32)]) {
    for (let length = 0; length < whole.length; length += 1) {
      assert.equal(
        recogniseSigningInput(whole.subarray(0, length)),
        undefined,
        `${length} of ${whole.length}`,
      );
    }
  }
});

test('a scheme must fit the structure and the key', () => {
  const keys = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
    p384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
    ed25519: generateKeyPairSync('ed25519').privateKey,
  };
  const cases: [keyof typeof keys, number, boolean, boolean][] = [
    // key, scheme, TLS 1.2, TLS 1.3
    ['rsa', 0x0201, false, false],
    ['rsa', 0x0401, true, false],
    ['rsa', 0x0804, true, true],
    ['rsa', 0x0809, false, false],
    ['rsa', 0x0403, false, false],
    ['p256', 0x0403, true, true],
    ['p256', 0x0503, true, false],
    ['p256', 0x0203, false, false],
    ['p384', 0x0503, true, true],
    ['p384', 0x0403, true, false],
    ['p256', 0x0804, false, false],
    ['ed25519', 0x0807, true, true],
    ['ed25519', 0x0808, false, false],
    ['rsa', 0xffff, false, false],
  ];
  for (const [name, scheme, in12, in13] of cases) {
    const fits = (version: 'TLS 1.2' | 'TLS 1.3') =>
      !('problem' in signatureParameters(keys[name], scheme, version));
    assert.deepEqual([fits('TLS 1.2'), fits('TLS 1.3')], [in12, in13], `${name} ${scheme.toString(16)}`);
  }
});
