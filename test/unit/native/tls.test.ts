// Handshakes over loopback between the addon and other TLS stacks; the keys are held by this file.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { constants, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { listenTcp } from '../../../core/native/system.ts';
import {
  acceptTls,
  createTlsContext,
  type SignatureRequest,
  type TlsConnection,
  type TlsConnectionEvents,
  type TlsContext,
  type TlsContextOptions,
  type TlsFacts,
  type TlsPolicy,
} from '../../../core/native/tls.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-tls-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const policy: TlsPolicy = {
  minVersion: '1.2',
  maxVersion: '1.3',
  cipherList: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA',
  cipherSuites: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  groups: 'P-256:P-384:X25519',
  signatureAlgorithms: '',
  serverPreference: true,
  extendedMasterSecret: true,
  encryptThenMac: false,
  securityLevel: 2,
};

const keyKinds: Readonly<Record<string, readonly string[]>> = {
  rsa: ['rsa:2048'],
  rsa3072: ['rsa:3072'],
  p256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
};

function file(name: string): string {
  return path.join(folder, name);
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
}

function makeCertificate(name: string, kind: readonly string[]): string {
  const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '9', '-subj', `/CN=${name}`];
  openssl('req', '-x509', '-newkey', ...kind, '-nodes', ...out);
  return readFileSync(file(`${name}.pem`), 'utf8');
}

for (const [name, kind] of Object.entries(keyKinds)) makeCertificate(name, kind);

function signWith(request: SignatureRequest): Buffer {
  const key = createPrivateKey(readFileSync(file(`${request.keyId}.key`)));
  if (request.scheme === 0x0807) return sign(null, request.input, key);
  const isPss = request.scheme >> 8 === 8;
  const hash = isPss ? request.scheme & 0xff : request.scheme >> 8;
  const digest = { 4: 'sha256', 5: 'sha384', 6: 'sha512' }[hash];
  assert.ok(digest, `scheme ${request.scheme}`);
  return sign(
    digest,
    request.input,
    isPss
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : key,
  );
}

function contextFor(keyId: string, more: Partial<TlsContextOptions> = {}): TlsContext {
  const chain = readFileSync(file(`${keyId}.pem`), 'utf8');
  return createTlsContext({ certificates: [{ chain, keyId }], policy, clientCertificate: 'none', ...more });
}

interface Ended {
  readonly error: Error | undefined;
  readonly sawBytes: boolean;
  readonly clientProof: Buffer | undefined;
}

/** A server that echoes, with what it saw. */
class Echo implements Disposable {
  readonly facts: TlsFacts[] = [];
  readonly ended: Ended[] = [];
  readonly requests: SignatureRequest[] = [];
  readonly connections: TlsConnection[] = [];
  readonly #listener;
  #waiting: (() => void)[] = [];

  constructor(context: TlsContext, events: Partial<TlsConnectionEvents> = {}) {
    this.#listener = listenTcp({
      address: '127.0.0.1',
      port: 0,
      onConnection: (fd) => {
        const connection = acceptTls(fd, context, {
          selectContext: () => context,
          onSignature: async (request) => {
            this.requests.push(request);
            return Promise.resolve(signWith(request));
          },
          onSecure: (facts) => this.facts.push(facts),
          onData: (bytes) => {
            connection.write(bytes);
          },
          onEnd: () => {
            connection.end();
          },
          onClose: (error, sawBytes, clientProof) => {
            this.ended.push({ error, sawBytes, clientProof });
            for (const wake of this.#waiting.splice(0)) wake();
          },
          ...events,
        });
        this.connections.push(connection);
      },
    });
  }
  get port(): number {
    return this.#listener.local.port;
  }
  async untilEnded(count = 1): Promise<Ended[]> {
    while (this.ended.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.ended;
  }
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.connections) connection.close();
  }
}

async function say(port: number, text: string, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect');
    socket.write(text);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

const badContexts: readonly (readonly [name: string, change: Partial<TlsContextOptions>, message: RegExp])[] =
  [
    [
      'text that is no certificate',
      { certificates: [{ chain: 'no', keyId: 'k' }] },
      /certificate of key "k": /,
    ],
    ['no certificate', { certificates: [] }, /needs a certificate/],
    ['an unknown cipher list', { policy: { ...policy, cipherList: 'NOSUCH' } }, /cipher list "NOSUCH": /],
    ['an unknown TLS 1.3 suite', { policy: { ...policy, cipherSuites: 'TLS_NO' } }, /TLS 1.3 cipher suites/],
    ['an unknown group', { policy: { ...policy, groups: 'P-255' } }, /groups "P-255": /],
    [
      'unreadable authorities',
      { clientCertificate: 'request', clientAuthorities: 'x' },
      /client authorities: /,
    ],
    ['unreadable DH parameters', { dhParameters: 'x' }, /DH parameters: /],
  ];
for (const [name, change, message] of badContexts) {
  test(`${name} is refused with its name`, () => {
    assert.throws(() => contextFor('rsa', change), message);
  });
}

test('bytes that are no TLS end the connection with an error', async () => {
  using echo = new Echo(contextFor('rsa'));
  const socket = net.connect(echo.port, '127.0.0.1');
  socket.write('GET / HTTP/1.0\r\n\r\n');
  socket.resume();
  const [ended] = await echo.untilEnded();
  assert.match(ended?.error?.message ?? '', /http request/);
  assert.equal(ended?.sawBytes, true);
});

test('a client that leaves without a byte is told apart from one that broke off', async () => {
  using echo = new Echo(contextFor('rsa'));
  net.connect(echo.port, '127.0.0.1').end();
  await echo.untilEnded(1);
  net.connect(echo.port, '127.0.0.1').end(Buffer.from([22, 3, 1]));
  const [silent, broken] = await echo.untilEnded(2);
  assert.deepEqual(silent, { error: undefined, sawBytes: false, clientProof: undefined });
  assert.match(broken?.error?.message ?? '', /closed during the handshake/);
});

test('a ClientHello cut at any length or damaged at any byte ends its own connection only', async () => {
  const capture = net.createServer();
  capture.listen(0, '127.0.0.1');
  await once(capture, 'listening');
  const { port } = capture.address() as net.AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'vpn.example' });
  client.on('error', () => undefined);
  const [socket] = (await once(capture, 'connection')) as [net.Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  capture.close();

  using echo = new Echo(contextFor('p256'));
  const damaged = (index: number): Buffer => {
    const copy = Buffer.from(hello);
    copy[index] = (copy[index] ?? 0) ^ (1 << (index % 8));
    return copy;
  };
  let sent = 0;
  for (let index = 0; index < hello.length; index++) {
    for (const bytes of [hello.subarray(0, index), damaged(index)]) {
      const peer = net.connect(echo.port, '127.0.0.1');
      peer.on('error', () => undefined);
      peer.resume();
      peer.end(bytes);
      sent++;
    }
    if (index % 50 === 49) await echo.untilEnded(sent);
  }
  await echo.untilEnded(sent);
  assert.equal(echo.facts.length, 0);
  assert.equal(await say(echo.port, 'still here'), 'still here');
});

const refusals: readonly (readonly [name: string, answer: () => Promise<Buffer>])[] = [
  ['refused', () => Promise.reject(new Error('no'))],
  ['empty', () => Promise.resolve(Buffer.alloc(0))],
  ['too long', () => Promise.resolve(Buffer.alloc(4096, 1))],
];
for (const [name, onSignature] of refusals) {
  test(`a handshake whose signature is ${name} fails on both sides`, async () => {
    using echo = new Echo(contextFor('rsa'), { onSignature });
    await assert.rejects(say(echo.port, 'x'));
    const [ended] = await echo.untilEnded();
    assert.ok(ended?.error instanceof Error);
    assert.equal(echo.facts.length, 0);
  });
}

test('a wrong signature is noticed by the client', async () => {
  using echo = new Echo(contextFor('rsa'), { onSignature: () => Promise.resolve(Buffer.alloc(256, 1)) });
  await assert.rejects(say(echo.port, 'x'), /signature|padding|decrypt|rsa/i);
  await echo.untilEnded();
});

test('an answer of selectContext that is no open context fails the handshake', async () => {
  const closed = contextFor('rsa');
  closed.close();
  using echo = new Echo(contextFor('rsa'), { selectContext: () => closed });
  await assert.rejects(say(echo.port, 'x'));
  const [ended] = await echo.untilEnded();
  assert.match(ended?.error?.message ?? '', /no TLS context/);
});

const signatureNames: Readonly<Record<string, readonly [tls12: string, tls13: string]>> = {
  rsa: ['RSA-PSS-RSAE-SHA256', 'RSA-PSS-RSAE-SHA256'],
  rsa3072: ['RSA-PSS-RSAE-SHA256', 'RSA-PSS-RSAE-SHA256'],
  p256: ['ECDSA-SHA256', 'ECDSA-SECP256R1-SHA256'],
  p384: ['ECDSA-SHA256', 'ECDSA-SECP384R1-SHA384'],
  ed25519: ['EDDSA-ED25519', 'EDDSA-ED25519'],
};
for (const keyId of Object.keys(keyKinds)) {
  for (const [index, version] of (['TLSv1.2', 'TLSv1.3'] as const).entries()) {
    test(`${keyId} signs a handshake of ${version}`, async () => {
      using echo = new Echo(contextFor(keyId));
      const ecdhCurve = 'prime256v1:secp384r1';
      const options = {
        minVersion: version,
        maxVersion: version,
        servername: 'vpn.example',
        ecdhCurve,
      } as const;
      assert.equal(await say(echo.port, 'hello', options), 'hello');
      const [facts] = echo.facts;
      const named = `(TLS${version.slice(4)})-(ECDHE-SECP256R1)-(${signatureNames[keyId]?.[index]})-(AES-256-GCM)`;
      assert.equal(facts?.description, named);
      assert.equal(facts.serverName, 'vpn.example');
      assert.equal(facts.safeRenegotiation, true);
      assert.equal(facts.clientProof, undefined);
      const expected = version === 'TLSv1.3' ? 'TLS 1.3, server CertificateVerify' : undefined;
      if (expected !== undefined) {
        assert.equal(echo.requests[0]?.input.subarray(64, 64 + expected.length).toString(), expected);
      }
    });
  }
}

test('a CBC suite is described with its MAC', async () => {
  using echo = new Echo(contextFor('rsa'));
  await say(echo.port, 'x', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' });
  assert.match(echo.facts[0]?.description ?? '', /-\(AES-128-CBC\)-\(SHA1\)$/);
});

test('the server name chooses certificate, versions and suites', async () => {
  const named = contextFor('p256', {
    policy: { ...policy, minVersion: '1.2', maxVersion: '1.2', cipherSuites: '' },
  });
  const usual = contextFor('rsa');
  const asked: (string | undefined)[] = [];
  using echo = new Echo(usual, {
    selectContext: (name) => {
      asked.push(name);
      return name === 'second.example' ? named : usual;
    },
  });
  await say(echo.port, 'x', { servername: 'second.example' });
  await say(echo.port, 'x', { servername: 'other.example' });
  await say(echo.port, 'x');
  assert.deepEqual(asked, ['second.example', 'other.example', undefined]);
  assert.deepEqual(
    echo.facts.map((facts) => `${facts.version} ${facts.cipher}`),
    [
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
      'TLSv1.3 TLS_AES_256_GCM_SHA384',
      'TLSv1.3 TLS_AES_256_GCM_SHA384',
    ],
  );
  assert.deepEqual(
    echo.requests.map((request) => request.keyId),
    ['p256', 'rsa', 'rsa'],
  );
});

test('neither tickets nor session ids are given out, and ALPN is ignored', async () => {
  using echo = new Echo(contextFor('rsa'));
  const socket = tls.connect({
    port: echo.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  let sessions = 0;
  socket.on('session', () => sessions++);
  await once(socket, 'secureConnect');
  socket.write('x');
  await once(socket, 'data');
  assert.equal(socket.alpnProtocol, false);
  assert.equal(sessions, 0);
  socket.destroy();
});

test('many handshakes wait for their signatures at the same time, answered in any order', async () => {
  const answers: (() => void)[] = [];
  using echo = new Echo(contextFor('p256'), {
    onSignature: (request) =>
      new Promise((resolve) => {
        answers.push(() => {
          resolve(signWith(request));
        });
      }),
  });
  const clients = Array.from({ length: 20 }, (_, index) => say(echo.port, `client ${index}`));
  while (answers.length < clients.length) await sleep(5);
  for (const answer of answers.reverse()) answer();
  const said = await Promise.all(clients);
  assert.deepEqual(
    said,
    said.map((_, index) => `client ${index}`),
  );
});

test('a client that vanishes while its signature is made harms nobody', { timeout: 20_000 }, async () => {
  const answers: (() => void)[] = [];
  const context = contextFor('p256');
  using echo = new Echo(context, {
    onSignature: (request) =>
      new Promise((resolve) => {
        answers.push(() => {
          resolve(signWith(request));
        });
      }),
  });
  const socket = tls.connect({ port: echo.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('error', () => undefined);
  while (answers.length < 1) await sleep(5);
  socket.destroy();
  await echo.untilEnded();
  context.close();
  answers[0]?.();
  await sleep(10);
  using next = new Echo(contextFor('p256'));
  assert.equal(await say(next.port, 'still here'), 'still here');
});

const derOf = (pem: Buffer): Buffer => new X509Certificate(pem).raw;

function messageTypes(handshake: Buffer | undefined): number[] {
  const types: number[] = [];
  for (
    let at = 0;
    handshake !== undefined && at < handshake.length;
    at += 4 + handshake.readUIntBE(at + 1, 3)
  ) {
    types.push(handshake.readUInt8(at));
  }
  return types;
}

test('a reset right behind the end of the handshake is noticed', async () => {
  using echo = new Echo(contextFor('rsa'));
  const socket = net.connect(echo.port, '127.0.0.1');
  tls.connect({ socket, rejectUnauthorized: false }).on('secureConnect', () => {
    // One loop serves both ends: the last flight has been written, and the server has not looked yet.
    setImmediate(() => socket.resetAndDestroy());
  });
  const [ended] = await echo.untilEnded();
  assert.match(ended?.error?.message ?? '', /connection reset by peer/);
});

test('client certificates are verified, delivered with the handshake and refused when foreign', async () => {
  makeCertificate('authority', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  makeCertificate('foreign', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'user.key',
    '-out',
    'user.csr',
    '-subj',
    '/CN=user',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'user.csr',
    '-CA',
    'authority.pem',
    '-CAkey',
    'authority.key',
    '-out',
    'user.pem',
  );
  const clientAuthorities = readFileSync(file('authority.pem'), 'utf8');
  const user = { cert: readFileSync(file('user.pem')), key: readFileSync(file('user.key')) };
  const foreign = { cert: readFileSync(file('foreign.pem')), key: readFileSync(file('foreign.key')) };

  using request = new Echo(contextFor('rsa', { clientCertificate: 'request', clientAuthorities }));
  assert.equal(await say(request.port, 'none'), 'none');
  assert.equal(await say(request.port, 'user', user), 'user');
  await assert.rejects(say(request.port, 'foreign', foreign));
  assert.deepEqual(
    request.facts.map((facts) => facts.clientProof === undefined),
    [true, false],
  );
  // RFC 8446, 4: ClientHello … server Certificate, CertificateVerify, Finished, client Certificate, CertificateVerify
  assert.deepEqual(messageTypes(request.facts[1]?.clientProof), [1, 2, 8, 13, 11, 15, 20, 11, 15]);
  assert.ok(request.facts[1]?.clientProof?.includes(derOf(user.cert)));
  const [, , failed] = await request.untilEnded(3);
  assert.deepEqual(
    messageTypes(failed?.clientProof),
    [1, 2, 8, 13, 11, 15, 20, 11],
    'up to what was refused',
  );
  assert.ok(failed?.clientProof?.includes(derOf(foreign.cert)));

  using require = new Echo(contextFor('rsa', { clientCertificate: 'require', clientAuthorities }));
  assert.equal(await say(require.port, 'user', user), 'user');
  await assert.rejects(say(require.port, 'none'));
});

test('openssl s_client gets the stapled OCSP response as it is', async () => {
  const ocspResponse = Buffer.from('30030a0106', 'hex');
  using echo = new Echo(contextFor('rsa', { ocspResponse }));
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${echo.port}`, '-status', '-msg'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  client.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  setTimeout(() => client.stdin.end('Q\n'), 200);
  await once(client, 'close');
  assert.match(text, /OCSP response:/);
  assert.match(text.replace(/\s+/g, ' '), /30 03 0a 01 06/);
});

test('sixteen megabytes go through in order, and a paused reader holds the client back', async () => {
  const received: Buffer[] = [];
  using echo = new Echo(contextFor('rsa'), {
    onData: (bytes) => received.push(bytes),
    onEnd: () => undefined,
  });
  const socket = tls.connect({ port: echo.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  while (echo.facts.length === 0) await sleep(1);
  const [connection] = echo.connections;
  connection?.pause();
  const sent = Buffer.alloc(16 << 20, 'abcdefghijklmnopq');
  socket.write(sent);
  await sleep(100);
  assert.equal(received.length, 0);
  assert.ok(socket.writableLength + socket.bufferSize > 0);
  connection?.resume();
  while (received.reduce((sum, bytes) => sum + bytes.length, 0) < sent.length) await sleep(5);
  assert.ok(Buffer.concat(received).equals(sent));
  const back = once(socket, 'close');
  const answer: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => answer.push(bytes));
  connection?.write(sent.subarray(0, 1 << 20));
  connection?.end();
  await back;
  assert.ok(Buffer.concat(answer).equals(sent.subarray(0, 1 << 20)));
  assert.deepEqual(await echo.untilEnded(), [{ error: undefined, sawBytes: true, clientProof: undefined }]);
});

test('the path MTU of the connection is known', async () => {
  using echo = new Echo(contextFor('p256'));
  const socket = tls.connect({ port: echo.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  assert.ok((echo.connections[0]?.pathMtu() ?? 0) >= 1280);
  socket.destroy();
});

test('thousands of connections leave no memory behind', { timeout: 120_000 }, async () => {
  const context = contextFor('p256');
  using echo = new Echo(context);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const round = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index += 20) {
      await Promise.all(Array.from({ length: 20 }, () => say(echo.port, 'x', { maxVersion: 'TLSv1.2' })));
    }
    for (const list of [echo.connections, echo.facts, echo.ended, echo.requests]) list.length = 0;
    // What is closed is freed a turn of the event loop later.
    for (let turn = 0; turn < 3; turn++) {
      collect();
      await nextTurn();
    }
    return process.memoryUsage().rss;
  };
  let before = 0;
  const growth: number[] = [];
  for (let index = 0; index < 6; index++) {
    const size = await round(600);
    growth.push(size - before);
    before = size;
  }
  // The first rounds fill arenas and compile code, and any round may be the one that adds an arena. A leak is in all.
  const least = Math.min(...growth.slice(3));
  assert.ok(least < 600 * (4 << 10), `${Math.round(least / 1024)} KiB more with each 600 connections`);
});
