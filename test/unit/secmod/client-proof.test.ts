// Real handshakes of Node's TLS client with our own server side; what the worker records of them is shown to the
// security module's check, whole, cut, changed and with other people's parts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type tls from 'node:tls';
import { readClientProof } from '../../../core/secmod/client-proof.ts';
import { recogniseSigningInput, signatureParameters } from '../../../core/secmod/signing.ts';
import { recordHandshake } from '../../support/handshake.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-proof-'));
const file = (name: string): string => path.join(folder, name);
after(() => {
  rmSync(folder, { recursive: true });
});

const keyKinds: Readonly<Record<string, readonly string[]>> = {
  server: ['rsa:2048'],
  rsa: ['rsa:2048'],
  'rsa-pss': ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
};
before(() => {
  for (const [name, kind] of Object.entries(keyKinds)) {
    const out = [
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.pem`),
      '-days',
      '9',
      '-subj',
      `/CN=${name}`,
    ];
    execFileSync('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', ...out], { stdio: 'ignore' });
  }
});

interface Recorded {
  readonly proof: Buffer;
  /** What the security module signed. */
  readonly signed: readonly Buffer[];
}

/** A handshake with a client that presents `user`, as the worker shows it. */
async function shakeHands(user: string, connect: tls.ConnectionOptions = {}): Promise<Recorded> {
  const signed: Buffer[] = [];
  const proof = await recordHandshake({
    server: file('server.pem'),
    keyId: 'server',
    authorities: file(`${user}.pem`),
    client: { certificate: file(`${user}.pem`), key: file(`${user}.key`) },
    connect,
    sign: ({ scheme, input }) => {
      signed.push(input);
      const key = createPrivateKey(readFileSync(file('server.key')));
      const structure = recogniseSigningInput(input);
      assert.ok(structure !== undefined);
      const parameters = signatureParameters(key, scheme, structure);
      assert.ok(!('problem' in parameters));
      return Promise.resolve(sign(parameters.hash, input, { key, ...parameters.options }));
    },
  });
  return { proof, signed };
}

const signedIn =
  ({ signed }: Recorded) =>
  (input: Buffer): boolean =>
    signed.some((known) => known.equals(input));

/** Not every byte, for the time it takes; no field of a message header is passed over in all the cases together. */
const STEP = 5;

/** Type and place of each message. */
function messagesOf(proof: Buffer): { type: number; at: number }[] {
  const messages = [];
  for (let at = 0; at < proof.length; at += 4 + proof.readUIntBE(at + 1, 3)) {
    messages.push({ type: proof.readUInt8(at), at });
  }
  return messages;
}

const tls12 = { maxVersion: 'TLSv1.2' } as const;
const handshakes: readonly (readonly [what: string, user: string, options: tls.ConnectionOptions])[] = [
  ['RSA over TLS 1.3', 'rsa', { ecdhCurve: 'P-384' }],
  ['RSA-PSS over TLS 1.3', 'rsa-pss', { ecdhCurve: 'P-384' }],
  ['EC over TLS 1.3 with SHA-256', 'ec', { ciphers: 'TLS_AES_128_GCM_SHA256', ecdhCurve: 'P-384' }],
  ['Ed25519 over TLS 1.3 after a second ClientHello', 'ed25519', { ecdhCurve: 'P-256:P-384' }],
  ['P-384 over TLS 1.3 with a stapled response', 'p384', { ecdhCurve: 'P-384', requestOCSP: true }],
  ['RSA over TLS 1.2', 'rsa', tls12],
  ['RSA-PSS over TLS 1.2', 'rsa-pss', tls12],
  ['RSA over TLS 1.2 with DHE', 'rsa', { ...tls12, ciphers: 'DHE-RSA-AES128-GCM-SHA256' }],
  ['Ed25519 over TLS 1.2 with a stapled response', 'ed25519', { ...tls12, requestOCSP: true }],
];

for (const [what, user, options] of handshakes) {
  test(`${what}: the client's signature proves its certificate, and nothing less does`, async () => {
    const recorded = await shakeHands(user, options);
    const { proof } = recorded;
    const wasSigned = signedIn(recorded);
    const { chain, problem } = readClientProof(proof, wasSigned);
    assert.equal(problem, undefined);
    assert.deepEqual(chain, [new X509Certificate(readFileSync(file(`${user}.pem`))).raw]);

    assert.equal(readClientProof(proof, () => false).problem, 'it is no handshake of ours');
    assert.notEqual(
      readClientProof(Buffer.concat([proof, Buffer.from([20, 0, 0, 0])]), wasSigned).problem,
      undefined,
    );
    for (let length = 0; length < proof.length; length += STEP) {
      assert.notEqual(
        readClientProof(proof.subarray(0, length), wasSigned).problem,
        undefined,
        `cut at ${length}`,
      );
    }
    const changed = Buffer.from(proof);
    for (let at = 0; at < proof.length; at += STEP) {
      const byte = proof[at] ?? 0;
      changed[at] = byte ^ 0x41;
      assert.notEqual(readClientProof(changed, wasSigned).problem, undefined, `changed at ${at}`);
      changed[at] = byte;
    }
  });
}

test('the handshakes above are of the kinds they say', async () => {
  const types = async (options: tls.ConnectionOptions): Promise<number[]> =>
    messagesOf((await shakeHands('rsa', options)).proof).map(({ type }) => type);
  const [SERVER_KEY_EXCHANGE, CERTIFICATE_STATUS] = [12, 22];
  assert.deepEqual(await types({ ecdhCurve: 'P-256:P-384' }), [1, 2, 1, 2, 8, 13, 11, 15, 20, 11, 15]);
  assert.deepEqual(await types({ ecdhCurve: 'P-384' }), [1, 2, 8, 13, 11, 15, 20, 11, 15]);
  const stapled = await types({ ...tls12, requestOCSP: true });
  assert.ok(stapled.includes(SERVER_KEY_EXCHANGE) && stapled.includes(CERTIFICATE_STATUS));
});

test('another certificate in place of the client’s, or his signature from another handshake, proves nothing', async () => {
  const one = await shakeHands('ec', { ecdhCurve: 'P-384' });
  const other = await shakeHands('ec', { ecdhCurve: 'P-384' });
  const lastMessage = (proof: Buffer): number => messagesOf(proof).at(-1)?.at ?? 0;
  const mixed = Buffer.concat([
    one.proof.subarray(0, lastMessage(one.proof)),
    other.proof.subarray(lastMessage(other.proof)),
  ]);
  assert.equal(
    readClientProof(mixed, signedIn(one)).problem,
    'the signature is not by the key of the certificate',
  );
  assert.equal(readClientProof(other.proof, signedIn(one)).problem, 'it is no handshake of ours');
});

test('the server’s own CertificateVerify is not taken for the client’s', async () => {
  // The same key on both sides: only the context string (RFC 8446, 4.4.3) tells the signatures apart.
  const recorded = await shakeHands('server', { ecdhCurve: 'P-384' });
  assert.equal(readClientProof(recorded.proof, signedIn(recorded)).problem, undefined);
  const input = recorded.signed[0];
  assert.ok(input !== undefined);
  const forged = sign('sha256', input, {
    key: createPrivateKey(readFileSync(file('server.key'))),
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
  const head = recorded.proof.subarray(0, recorded.proof.length - forged.length);
  const problem = readClientProof(Buffer.concat([head, forged]), signedIn(recorded)).problem;
  assert.equal(problem, 'the signature is not by the key of the certificate');
});
