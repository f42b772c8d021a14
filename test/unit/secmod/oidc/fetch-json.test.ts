import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fetchJson, urlProblem } from '../../../../core/secmod/oidc/fetch-json.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ocserv-fetch-'));
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-nodes',
        '-days',
        '2',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
      ],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`],
    ],
    { stdio: 'ignore' },
  );
});
after(() => rmSync(folder, { recursive: true }));

/** What comes of asking a server that answers so. */
async function ask(
  answer: RequestListener,
  { host = 'localhost', trust = 'cert.pem', limitMs = 5_000 } = {},
): Promise<unknown> {
  const key = { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) };
  const server = createServer(key, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`https://${host}:${(server.address() as AddressInfo).port}/doc`);
  const authoritiesFile = trust === '' ? undefined : path.join(folder, trust);
  try {
    return await fetchJson(url, { authoritiesFile, signal: AbortSignal.timeout(limitMs) });
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a document over TLS, from whom the site trusts and from nobody else', async () => {
  const good: RequestListener = (_request, response) => void response.end('{"a":1}');
  assert.deepEqual(await ask(good), { a: 1 });
  assert.match(String(await ask(good, { trust: '' })), /^cannot be reached \([A-Z_]*SELF_SIGNED[A-Z_]*\)$/);
  assert.equal(await ask(good, { host: '127.0.0.1' }), 'cannot be reached (ERR_TLS_CERT_ALTNAME_INVALID)');
  assert.match(String(await ask(good, { trust: 'none.pem' })), /ca_file '.*none\.pem' cannot be read/);
});

test('answers that are none end in bounded time and size, and are not repeated in the log', async () => {
  const table: [RequestListener, string][] = [
    [
      (_request, response) => void response.writeHead(302, { location: '/other' }).end(),
      'answers with status 302',
    ],
    [(_request, response) => void response.writeHead(404).end('planted'), 'answers with status 404'],
    [(_request, response) => void response.end('planted'), 'answers with something that is not JSON'],
    [
      (_request, response) => void response.end(`"${'x'.repeat(600_000)}"`),
      'answers with more than 524288 bytes',
    ],
    [
      (_request, response) => void response.setHeader('content-encoding', 'gzip').end('x'),
      'answers compressed',
    ],
    [(request) => void request.socket.destroy(), 'cannot be reached (ECONNRESET)'],
  ];
  for (const [answer, text] of table) assert.equal(await ask(answer), text);
  const silent = await ask(() => undefined, { limitMs: 200 });
  assert.equal(silent, 'does not answer in time');
  const trickling = await ask(
    (_request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    { limitMs: 300 },
  );
  assert.equal(trickling, 'does not answer in time');
  const broken = await ask((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{}', () => response.destroy());
  });
  assert.match(String(broken), /^(breaks off its answer|cannot be reached \(ECONNRESET\))$/);
});

test('where nothing is fetched from', () => {
  for (const [url, allowsLoopback, isRight] of [
    ['https://id.example/x', false, true],
    ['http://id.example/x', true, false],
    ['http://127.0.0.1:8080/x', true, true],
    ['http://127.1/x', true, true],
    ['http://localhost/x', true, true],
    ['http://[::1]/x', true, true],
    ['http://localhost/x', false, false],
    ['http://localhost.example/x', true, false],
    ['http://127.0.0.1.example/x', true, false],
    ['file:///etc/passwd', true, false],
    ['https://user:pass@id.example/', true, false],
  ] as const)
    assert.equal(urlProblem(new URL(url), allowsLoopback) === undefined, isRight, url);
});
