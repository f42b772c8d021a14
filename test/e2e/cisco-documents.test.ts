// What Cisco's clients fetch and find around a login: profile, fixed documents, headers of the site, the phones' way in.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Outpost } from '../support/outpost.ts';
import { exchange, isWhole } from '../support/raw-http.ts';
import { Scene } from '../support/scene.ts';

const from = '10.80.0.2';
const profile = '<?xml version="1.0"?>\n<AnyConnectProfile>für alle</AnyConnectProfile>\n';
const own = '<AnyConnectProfile>alice</AnyConnectProfile>';
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();
const included = ['Strict-Transport-Security: max-age=31536000', 'X-Frame-Options: "deny"'];

function post(target: string, body: string, headers = ''): string {
  return `POST ${target} HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: AnyConnect Windows 4.10.08029\r\n${headers}Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
}

function reply(user: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><config-auth client="vpn" type="auth-reply"><auth><username>${user}</username><password>secret</password></auth></config-auth>`;
}

test('profile, fixed documents, headers of the site, IP phones', async () => {
  await using scene = await Scene.open({
    users: { alice: { password: 'secret' }, bob: { password: 'secret' } },
    config: (folder) =>
      [
        ...[`user-profile = ${folder}/profile.xml`, `config-per-user = ${folder}/users/`],
        ...included.map((line) => `included-http-headers = ${line}`),
        ...['custom-header = X-Site: %{U} of %{G}', 'cisco-client-compat = true'],
      ].join('\n'),
    async prepare({ folder }) {
      await writeFile(path.join(folder, 'profile.xml'), profile);
      await writeFile(path.join(folder, 'own.xml'), own);
      await mkdir(path.join(folder, 'users'));
      await writeFile(path.join(folder, 'users/alice'), `user-profile = ${folder}/own.xml\n`);
    },
  });
  const { folder } = scene.site;
  await using outpost = await Outpost.open(scene.namespace(0), scene.network.serverAddress(0));
  const ask = (bytes: string): Promise<string> => exchange(outpost, { from, bytes, complete: isWhole });
  const lines = (text: string): string[] => Buffer.from(text, 'latin1').toString('utf8').split('\r\n');

  for (const [user, name, text] of [
    ['bob', 'profile.xml', profile],
    ['alice', 'own.xml', own],
  ] as const) {
    const done = await ask(post('/auth', reply(user)));
    assert.match(
      done,
      /^HTTP\/1\.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Type: text\/xml; charset=utf-8\r\n/,
    );
    const manifest = `<uri>/profiles/${folder}/${name}</uri><hash type="sha1">${sha1(text)}</hash>`;
    assert.ok(done.includes(manifest), done);
    assert.ok(done.includes(`&fu:profiles%2F${folder}/${name}&fh:${sha1(text)}; path=/`), done);
    // Between the last two cookies.
    assert.match(
      done,
      /webvpnc=; expires[^\r]*\r\nStrict-Transport-Security: [^\r]*\r\nX-Frame-Options: "deny"\r\nSet-Cookie: webvpnc=bu:/,
    );
    const cookie = /^Set-Cookie: (webvpn=[^;]+)/m.exec(done)?.[1] ?? '';
    const fetched = await ask(`GET /profiles/${folder}/${name} HTTP/1.1\r\nCookie: ${cookie}\r\n\r\n`);
    assert.deepEqual(lines(fetched), [
      ...['HTTP/1.1 200 OK', 'Connection: Keep-Alive', 'Content-Type: text/xml', 'X-Transcend-Version: 1'],
      ...[`Content-Length: ${String(Buffer.byteLength(text))}`, ...included, '', text],
    ]);
    const connected = await exchange(outpost, {
      from,
      bytes: `CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nCookie: ${cookie}\r\nX-CSTP-Address-Type: IPv4\r\n\r\n`,
      complete: (answer) => answer.includes('\r\n\r\n'),
    });
    assert.match(
      connected,
      /^HTTP\/1\.1 200 CONNECTED\r\nStrict-Transport-Security: [^\r]*\r\nX-Frame-Options: "deny"\r\nX-CSTP-Version: 1\r\n/,
    );
    assert.ok(connected.includes(`\r\nX-Site: ${user} of \r\n`), connected);
  }
  const forged = `Cookie: webvpn=${Buffer.alloc(32).toString('base64')}\r\n`;
  assert.equal(
    await ask('GET /profiles/profile.xml HTTP/1.1\r\n\r\n'),
    'HTTP/1.1 503 Service Unavailable\r\n\r\n',
  );
  assert.equal(
    await ask(`GET /profiles/profile.xml HTTP/1.1\r\n${forged}\r\n`),
    'HTTP/1.1 401 Cookie is not acceptable\r\n\r\n',
  );

  const document = await ask('GET /1/VPNManifest.xml HTTP/1.1\r\n\r\n');
  assert.deepEqual(lines(document), [
    ...['HTTP/1.1 200 OK', 'Connection: Keep-Alive', 'Content-Type: text/xml', 'X-Transcend-Version: 1'],
    ...[
      'Content-Length: 62',
      ...included,
      '',
      '<?xml version="1.0" encoding="UTF-8"?>\n<vpn rev="1.0">\n</vpn>\n',
    ],
  ]);

  const expired = 'expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; secure';
  assert.deepEqual(
    lines(await ask('GET /svc HTTP/1.1\r\nUser-Agent: Cisco SVC IPPhone Client v1.0 (1.0)\r\n\r\n')),
    [
      ...['HTTP/1.1 200 OK', 'Content-Length: 0', `Set-Cookie: webvpn=; ${expired}`],
      ...['Set-Cookie: webvpnlogin=1; secure', 'X-Transcend-Version: 1', ...included, '', ''],
    ],
  );
  const phone = await ask(post('/svc', 'username=alice&password=secret'));
  assert.match(
    phone,
    /^HTTP\/1\.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\nSet-Cookie: webvpn=[A-Za-z0-9+/]{43}=; secure\r\nX-Transcend-Version: 1\r\n\r\n$/,
  );
  assert.equal(
    await ask(post('/svc', 'username=alice&password=wrong')),
    'HTTP/1.1 401 Authentication failed\r\nContent-Length: 0\r\n\r\n',
  );
  await scene.site.logged(/cisco-svc-client-compat is off/);
});
