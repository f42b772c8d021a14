// The KDC proxy: MIT's KDC listens to nobody but the server, clients reach it through the proxy (kinit over HTTPS), and
// what is no honest request costs its sender alone.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kinit, Realm } from '../support/kerberos.ts';
import { element } from '../support/der.ts';
import { Outpost } from '../support/outpost.ts';
import { Scene } from '../support/scene.ts';
import { Siege } from '../support/siege.ts';
import { root } from '../support/site.ts';

const users = { alice: 'planted-alice' };
const port = 8888;
/** Answers that are not small must be fetched over TCP. */
const local = [
  `kdc_listen = 127.0.0.1:${port}`,
  `kdc_tcp_listen = 127.0.0.1:${port}`,
  'kdc_max_dgram_reply_size = 500',
];

function message(realm: string, request: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(request.length);
  return element(
    0x30,
    element(0xa0, element(0x04, length, request)),
    element(0xa1, element(0x1b, Buffer.from(realm))),
  );
}

/** Posts once; answers with the status line, or nothing when the connection was closed without one. */
async function post(outpost: Outpost, address: string, body: Buffer, target = '/KdcProxy'): Promise<string> {
  const socket = outpost.tls(address);
  const head = `POST ${target} HTTP/1.1\r\nHost: vpn.test\r\nContent-Length: ${String(body.length)}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), body]));
  let text = '';
  socket.setEncoding('latin1').on('data', (bytes: string) => (text += bytes));
  // An error, too, ends with it.
  await new Promise((resolve) => socket.once('close', resolve));
  return text.split('\r\n')[0] ?? '';
}

test('clients without a way to the KDC get their tickets over UDP and TCP, and log in with them', async () => {
  await using stack = new AsyncDisposableStack();
  let realm: Realm | undefined;
  const scene = stack.use(
    await Scene.open({
      clients: 2,
      prepare: async (site, network) => {
        realm = stack.use(await Realm.create(network.server, users, 'VPN.TEST', port, local));
        site.env = realm.environment;
        await site.configure(
          [
            'log-level = 9',
            `auth = "gssapi[keytab=${realm.keytab},require-local-user-map=false]"`,
            `kkdcp = "/by-tcp OTHER.TEST tcp@127.0.0.1:1"`,
            `kkdcp = "/by-tcp VPN.TEST tcp@localhost:${port}"`,
            `kkdcp = "/by-udp VPN.TEST udp@127.0.0.1:${port}"`,
            // The first is dead: nobody listens there.
            'kkdcp = "/in-turn VPN.TEST tcp@127.0.0.1:1"',
            'kkdcp = "/in-turn VPN.TEST udp@127.0.0.1:1"',
            `kkdcp = "/in-turn VPN.TEST tcp@127.0.0.1:${port}"`,
            'ban-points-kkdcp = 3',
          ].join('\n'),
        );
        for (const [index, client] of network.clients.entries()) {
          await client.setHosts(`127.0.0.1 localhost\n${network.serverAddress(index)} vpn.test`);
        }
      },
    }),
  );
  assert.ok(realm !== undefined);
  const { site } = scene;
  const anchors = [`http_anchors = FILE:${site.folder}/server-cert.pem`];
  const ask = async (path: string) => {
    const label = path.slice(1);
    const env = await realm?.client(label, `https://vpn.test:4443${path}`, anchors);
    assert.ok(env !== undefined);
    return { env, outcome: await kinit(scene.namespace(0), env, 'alice', users.alice) };
  };

  const direct = await realm.client('direct', `${scene.network.serverAddress(0)}:${port}`);
  assert.notEqual((await kinit(scene.namespace(0), direct, 'alice', users.alice)).status, 0);
  assert.deepEqual(await site.occtlJson('show', 'ip', 'ban', 'points'), []);

  for (const path of ['/by-tcp', '/by-udp', '/in-turn']) {
    const { env, outcome } = await ask(path);
    assert.equal(outcome.status, 0, `${path}: ${outcome.stderr}`);
    // openconnect asks for the ticket of the service by itself.
    const cookie = await scene.logIn({ env, args: ['--no-dtls'] });
    assert.notEqual(cookie, '', path);
  }
  await site.logged(/auth complete for user 'alice@VPN\.TEST'/);
  assert.match(site.log(), /kkdcp: VPN\.TEST at udp@127\.0\.0\.1:8888: \d+ bytes asked, \d+ answered/);
  // The datagram said that there is more to say.
  const turned = /kkdcp: VPN\.TEST at udp@\S+: \d+ bytes asked, \d+ answered\n.*kkdcp: VPN\.TEST at tcp@127/;
  assert.match(site.log(), turned);

  const wrong = await kinit(
    scene.namespace(0),
    await realm.client('wrong', 'https://vpn.test:4443/by-tcp', anchors),
    'alice',
    'planted-wrong',
  );
  assert.match(wrong.stderr, /Password incorrect/);
  assert.equal((await ask('/elsewhere')).outcome.status, 1);

  const [points] = await site.occtlJson<{ IP: string; Score: number }[]>('show', 'ip', 'ban', 'points');
  const asked = site.log().match(/added 3 points/g)?.length ?? 0;
  // A ticket for the realm and one for the service, three times, and the wrong password.
  assert.ok(asked >= 7, `${String(asked)} requests`);
  assert.equal(points?.Score, asked * 3);
  // What stands in a request is nobody's business, whether it is passed on, malformed or for others.
  const outpost = stack.use(await Outpost.open(scene.namespace(1), scene.network.serverAddress(1)));
  const secret = Buffer.from('planted-in-a-request');
  for (const body of [
    message('VPN.TEST', element(0x6a, secret)),
    message('EVIL.TEST', element(0x6a, secret)),
    message('VPN.TEST', secret),
    secret,
  ]) {
    assert.match(await post(outpost, '10.80.1.2', body, '/by-tcp'), /^HTTP\/1\.1 502 kkdcp: /);
  }
  await site.stop();
  const parts = [0, 1, 2].map((shift) =>
    secret
      .subarray(shift, shift + 18)
      .toString('base64')
      .slice(0, 20),
  );
  for (const spelling of ['planted-', secret.toString('hex'), ...parts])
    assert.ok(!site.log().includes(spelling), spelling);
});

test('requests that are none, for others, too long: a line each, and nobody else notices', async () => {
  await using stack = new AsyncDisposableStack();
  const siege = stack.use(
    await Siege.begin({
      config: [
        `kkdcp = "/KdcProxy VPN.TEST tcp@127.0.0.1:${port}"`,
        'kkdcp = "/KdcProxy CLOSED.TEST tcp@127.0.0.1:1"',
      ].join('\n'),
      prepare: async (_, { server }) => {
        stack.use(await Realm.create(server, users, 'VPN.TEST', port, local));
      },
    }),
  );
  const { outpost } = siege;
  const asRequest = (bytes: number): Buffer => element(0x6a, Buffer.alloc(bytes));
  const named = (name: string, body: Buffer, status: string, target?: string) => ({
    name,
    body,
    status,
    target,
  });
  const decoding = 'HTTP/1.1 502 kkdcp: DER decoding error';
  const refused = 'HTTP/1.1 502 kkdcp: request refused';
  const receiving = 'HTTP/1.1 502 kkdcp: error receiving from server';
  const good = message('VPN.TEST', asRequest(3));
  const inputs = [
    named('nothing', Buffer.alloc(0), decoding),
    named('garbage', Buffer.alloc(2000, 0x30), decoding),
    named('half a message', good.subarray(0, 20), decoding),
    named('a message and a half', Buffer.concat([good, good.subarray(0, 20)]), decoding),
    named('indefinite length', Buffer.concat([Buffer.from('3080', 'hex'), good.subarray(2)]), decoding),
    named('HTTP for the KDC', message('VPN.TEST', Buffer.from('GET / HTTP/1.1\r\n\r\n')), decoding),
    named('an answer for the KDC', message('VPN.TEST', element(0x6b, Buffer.alloc(3))), decoding),
    named('too long by one byte', message('VPN.TEST', asRequest(47 * 1024 - 3)), decoding),
    named('four times too long', message('VPN.TEST', asRequest(190_000)), decoding),
    named('another realm', message('EVIL.TEST', asRequest(3)), refused),
    named('a realm with a line of its own', message('X\nworker: y', asRequest(3)), decoding),
    named('no AS-REQ inside', good, receiving),
    named('as long as may be', message('VPN.TEST', asRequest(47 * 1024 - 4)), receiving),
    named(
      'a KDC that is not there',
      message('CLOSED.TEST', asRequest(3)),
      'HTTP/1.1 502 kkdcp: error connecting to server',
    ),
    named('another path', good, 'HTTP/1.1 404 Not found', '/profiles/KdcProxy'),
  ];
  await siege.expectOneLineEach(
    inputs,
    async ({ name, body, status, target }, address) => {
      assert.equal(await post(outpost, address, body, target), status, name);
    },
    {
      clear:
        /kkdcp: (malformed request: [a-zA-Z]|request refused: no KDC for the realm "EVIL\.TEST"|the KDC does not answer: tcp@127\.0\.0\.1)|there is no such page/,
      waitMs: 15_000,
    },
  );
  await siege.endure();
});

test('a silent KDC costs twenty seconds and a place each, and holds up nobody else', async () => {
  let client: NodeJS.ProcessEnv | undefined;
  await using stack = new AsyncDisposableStack();
  const scene = stack.use(
    await Scene.open({
      clients: 2,
      prepare: async (site, network) => {
        const realm = stack.use(await Realm.create(network.server, users, 'VPN.TEST', port, local));
        await network.server.nft(
          'table ip deaf { chain in { type filter hook input priority 0; tcp dport 8899 drop; }; }',
        );
        await site.configure(
          [
            'log-level = 2',
            `kkdcp = "/KdcProxy VPN.TEST tcp@127.0.0.1:${port}"`,
            'kkdcp = "/KdcProxy SILENT.TEST tcp@127.0.0.1:8899"',
          ].join('\n'),
        );
        const [, second] = network.clients;
        await second?.setHosts(`127.0.0.1 localhost\n${network.serverAddress(1)} vpn.test`);
        const anchors = [`http_anchors = FILE:${site.folder}/server-cert.pem`];
        client = await realm.client('client', 'https://vpn.test:4443/KdcProxy', anchors);
      },
    }),
  );
  const outpost = stack.use(await Outpost.open(scene.namespace(0), scene.network.serverAddress(0)));
  const body = message('SILENT.TEST', element(0x6a, Buffer.alloc(3)));
  const waiting = Array.from({ length: 8 }, () => post(outpost, '10.80.0.2', body));
  const settled = Promise.all(waiting);
  await sleep(1500);
  // The client has no place left; others have.
  assert.equal(await post(outpost, '10.80.0.2', body), 'HTTP/1.1 502 kkdcp: request refused');
  await scene.site.logged(/kkdcp: request refused: 8 requests of this address are under way already$/m);
  assert.ok(client !== undefined);
  const { status, stderr } = await kinit(scene.namespace(1), client, 'alice', users.alice);
  assert.equal(status, 0, stderr);
  await scene.logIn();
  // A client that goes away frees its place.
  const late = scene.namespace(1);
  const leaving = stack.use(await Outpost.open(late, scene.network.serverAddress(1)));
  const socket = leaving.tls('10.80.1.2', true);
  socket.write(`POST /KdcProxy HTTP/1.1\r\nHost: vpn.test\r\nContent-Length: ${String(body.length)}\r\n\r\n`);
  socket.write(body);
  await sleep(500);
  socket.destroy();
  assert.deepEqual(
    new Set(await settled),
    new Set(['HTTP/1.1 502 kkdcp: error connecting to server']),
    scene.site.log(),
  );
  const lines = scene.site
    .log()
    .match(/10\.80\.0\.2.* kkdcp: the KDC does not answer: tcp@127\.0\.0\.1:8899: no answer in time$/gm);
  assert.equal(lines?.length, 8);
});

test('each request costs points, and who is banned by them asks no KDC', async () => {
  const address = '198.51.100.7';
  await using scene = await Scene.open({
    config: [
      'log-level = 2',
      'max-ban-score = 30',
      'ban-points-kkdcp = 10',
      'ban-points-connection = 1',
      'kkdcp = "/KdcProxy VPN.TEST tcp@127.0.0.1:1"',
    ].join('\n'),
    // Not of a network of the server's own: those are never banned.
    prepare: async (_, network) => {
      const [near] = network.clients;
      await near?.mustRun(['ip', 'addr', 'add', `${address}/32`, 'dev', 'lo']);
      await network.server.mustRun(['ip', 'route', 'add', `${address}/32`, 'via', '10.80.0.2']);
    },
  });
  await using outpost = await Outpost.open(scene.namespace(0), scene.network.serverAddress(0));
  const body = message('VPN.TEST', element(0x6a, Buffer.alloc(3)));
  assert.equal(await post(outpost, address, body), 'HTTP/1.1 502 kkdcp: error connecting to server');
  assert.equal(
    await post(outpost, address, Buffer.from('30', 'hex')),
    'HTTP/1.1 502 kkdcp: DER decoding error',
  );
  assert.equal(await post(outpost, address, body), 'HTTP/1.1 502 kkdcp: request refused');
  await scene.site.logged(/198\.51\.100\.7.* kkdcp: request refused: the address is banned$/m);
  assert.equal(await post(outpost, address, body), '');
  await scene.site.logged(/rejected connection from banned IP: 198\.51\.100\.7/);
  const [ban] = await scene.site.occtlJson<{ IP: string; Score: number }[]>('show', 'ip', 'bans');
  assert.deepEqual([ban?.IP, ban?.Score], [address, 33]);
});

test('a KDC whose name has no address stops a start, refuses a reload, and --test-config says it', async () => {
  const row = 'kkdcp = "/KdcProxy VPN.TEST tcp@kdc.invalid:88"';
  const words =
    /error: kkdcp: error: getaddrinfo\(kdc\.invalid\) failed: E[A-Z_]+; expected a host with an address/;
  await assert.rejects(Scene.open({ config: row }), words);
  await using scene = await Scene.open({});
  const { site } = scene;
  await site.configure(row);
  const check = await scene.network.server.run([path.join(root, 'bin/ocserv'), '-t', '-c', site.configFile]);
  assert.equal(check.status, 1);
  assert.match(check.stderr, words);
  const { status, stdout, stderr } = await site.occtl('reload');
  assert.notEqual(status, 0);
  assert.match(stdout + stderr, /getaddrinfo\(kdc\.invalid\) failed/);
  await site.logged(/the configuration was not reloaded; the former one stays in force/);
  await scene.logIn();
});
