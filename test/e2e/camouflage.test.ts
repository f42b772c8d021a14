// A server under camouflage: whoever does not know the secret sees a web server that lets nobody in, whatever he asks for
// and however; openconnect with the secret in its URL connects and comes back.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Client } from '../support/client.ts';
import { createNetwork } from '../support/namespace.ts';
import { Outpost } from '../support/outpost.ts';
import { exchange } from '../support/raw-http.ts';
import { Site } from '../support/site.ts';

const from = '10.80.0.2';
const cookie = `Cookie: webvpn=${randomBytes(32).toString('base64')}\r\n`;
const paths = [
  ...['/', '/auth', '/VPN', '/svc', '/logout', '/profiles/x.xml', '/1/index.html', '/1/Linux_64', '/group'],
  ...['/1/binaries/update.txt', '/VPNManifest.xml', '/+CSCOT+/translation-table?x', '/+CSCOE+/logon.html'],
  ...['/CSCOSSLC/tunnel', '/robots.txt', '/?', '/?Geheim', '/?geheim2', '/?geheim&', '/?%67eheim', '/geheim'],
];
const login = '<?xml version="1.0"?><config-auth client="vpn" type="init"></config-auth>';
const withoutDate = (text: string): string =>
  text.replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/m, 'Date: now\r\n');

for (const [realm, refusal] of [
  [
    'private area',
    'HTTP/1.1 401 Unauthorized\r\nDate: now\r\nWWW-Authenticate: Basic realm="private area"\r\n',
  ],
  [undefined, 'HTTP/1.1 404 Not Found\r\nDate: now\r\n'],
] as const) {
  test(`without the secret there is nothing to see (${realm ?? 'no realm'})`, async () => {
    await using network = await createNetwork();
    const [namespace] = network.clients;
    assert.ok(namespace !== undefined);
    const config = ['camouflage = true', 'camouflage_secret = "geheim"'];
    if (realm !== undefined) config.push(`camouflage_realm = "${realm}"`);
    await using site = await Site.create({ namespace: network.server, config: config.join('\n') });
    await site.start();
    await using outpost = await Outpost.open(namespace, network.serverAddress(0));
    const ask = async (bytes: string): Promise<string> =>
      withoutDate(await exchange(outpost, { from, bytes }));
    const page = await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.ok(page.startsWith(refusal), page);
    const head = page.slice(0, page.indexOf('\r\n\r\n') + 4);
    assert.match(head, /\r\nContent-Type: text\/html\r\nContent-Length: \d\d\r\nConnection: close\r\n\r\n$/);
    for (const path of paths) {
      for (const headers of ['Host: a\r\n', cookie, 'User-Agent: AnyConnect\r\nX-Aggregate-Auth: 1\r\n']) {
        const length = `Content-Length: ${String(login.length)}\r\n`;
        assert.equal(await ask(`GET ${path} HTTP/1.1\r\n${headers}\r\n`), page, `GET ${path}`);
        assert.equal(
          await ask(`POST ${path} HTTP/1.1\r\n${headers}${length}\r\n${login}`),
          page,
          `POST ${path}`,
        );
      }
      assert.equal(await ask(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), head, `HEAD ${path}`);
      assert.equal(await ask(`PUT ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), page, `PUT ${path}`);
    }
    const noConnect = await ask('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(noConnect, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    for (const target of ['/CSCOSSLC/tunnel', 'CSCOSSLC/tunnel', '/other', 'a:443']) {
      assert.equal(await ask(`CONNECT ${target} HTTP/1.1\r\n${cookie}\r\n`), noConnect, target);
    }
    const bad = await ask('nonsense\r\n\r\n');
    assert.match(bad, /^HTTP\/1\.1 400 Bad Request\r\n/);
    for (const bytes of ['GET / HTTP/1.1\r\nno colon\r\n\r\n', `GET /${'a'.repeat(300)} HTTP/1.1\r\n\r\n`]) {
      assert.equal(await ask(bytes), bad, bytes.slice(0, 30));
    }
    assert.doesNotMatch(`${page}${bad}${noConnect}`, /geheim|ocserv|openconnect|vpn|cisco/i);
    assert.doesNotMatch(site.log(), /\?geheim/i);
    // With it, once on a connection, there is a VPN.
    const form = await exchange(outpost, {
      from,
      bytes: 'GET /?geheim HTTP/1.1\r\nHost: a\r\n\r\n',
      complete: (text) => text.includes('</config-auth>'),
    });
    assert.match(form, /^HTTP\/1\.1 200 OK\r\n[^]*name="username"/);
  });
}

test('openconnect with the secret connects, and comes back with its cookie; without it, it does not', async () => {
  await using network = await createNetwork();
  const [namespace] = network.clients;
  assert.ok(namespace !== undefined);
  await using site = await Site.create({
    namespace: network.server,
    config: 'camouflage = true\ncamouflage_secret = geheim\ncamouflage_realm = x\ncookie-timeout = 60',
  });
  await site.start();
  const options = { site, namespace, server: network.serverAddress(0) };
  await using refused = await Client.start({ ...options, args: ['--no-dtls'] });
  assert.notEqual(await refused.process.ended, 0);
  await using client = await Client.connect({ ...options, query: 'geheim' });
  assert.ok(await client.ping('192.168.77.1'), client.output());
  // Its connection breaks: the cookie alone brings it back.
  await network.server.mustRun(['ss', '-K', 'sport = :4443']).catch(() => undefined);
  for (const pid of await site.children('ocserv-worker')) process.kill(pid, 'SIGKILL');
  await site.logged(/user disconnected/);
  for (let round = 0; round < 30 && !(await client.ping('192.168.77.1', { count: 1 })); round++) continue;
  assert.ok(await client.ping('192.168.77.1'), client.output());
});
