import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WorkerSettings } from '../../../core/config/worker-configuration.ts';
import { parseMasterSecret } from '../../../core/protocol/index.ts';
import { agreeDtls, agreeTunnel, type ConnectFacts } from '../../../core/worker/connect.ts';

const settings: WorkerSettings = {
  auth: ['plain'],
  'enable-auth': [],
  'tls-priorities': 'NORMAL',
  'match-tls-dtls-ciphers': false,
  'dtls-psk': true,
  'dtls-legacy': true,
  compression: false,
  'compression-algo-priority': [],
  'no-compress-limit': 256,
  'cisco-client-compat': false,
  'cisco-svc-client-compat': false,
  'udp-port': 443,
  'auth-timeout': 240,
  'cookie-timeout': 300,
  'rekey-time': 172_800,
  'rekey-method': 'ssl',
  'switch-to-tcp-timeout': 25,
  'try-mtu-discovery': false,
  'output-buffer': 10,
  'select-group': [],
  'auto-select-group': false,
  'select-group-by-url': false,
  'custom-header': [],
  'included-http-headers': [],
  'listen-host-is-dyndns': false,
  kkdcp: [],
};

const facts: ConnectFacts = {
  settings,
  includedHeaders: [],
  session: {
    sessionId: 'x',
    username: 'alice',
    vhost: 'default',
    startedAt: 1_000_000,
    ipv4: { address: '192.168.99.50', netmask: '255.255.255.0', local: '192.168.99.1' },
    ipv6: { address: 'fd00::5', prefix: 128, local: 'fd00::1' },
    dns: [],
    nbns: [],
    defaultDomains: [],
    splitDns: [],
    routes: [],
    noRoutes: [],
    tunnelAllDns: false,
    clientBypassProtocol: false,
    dpdSeconds: 90,
    mobileDpdSeconds: 1800,
    keepaliveSeconds: 32_400,
    idleTimeoutSeconds: 600,
    mobileIdleTimeoutSeconds: 900,
    sessionTimeoutSeconds: 0,
    mtuBytes: 0,
    udp: true,
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    iroutes: ['10.7.0.0/255.255.0.0', 'nonsense'],
    tunOffload: true,
    device: 'vpns0',
  },
  client: { kind: 'openconnect', mobile: false, ios: false },
  request: {
    hostname: 'vm',
    baseMtu: 1500,
    cstpMtu: undefined,
    wantsIpv4: true,
    wantsIpv6: true,
    fullIpv6: true,
    dtlsPsk: true,
    dtlsSuites: { dtls12: undefined, dtls: undefined },
    dtlsMasterSecret: undefined,
    acceptsEncoding: { cstp: 'oc-lz4,lzs', dtls: 'lzs' },
  },
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  remoteAddress: '203.0.113.5',
  pathMtuBytes: 1500,
  dtls: { id: 'ab'.repeat(32), cipherList: 'PSK-AES256-GCM-SHA384' },
  now: 1_000_000,
  random: 0.5,
};

test('the tunnel is opened with what the client was told', () => {
  const { response, options } = agreeTunnel(facts);
  assert.match(response, /\r\nX-CSTP-MTU: 1434\r\n\r\n$/);
  assert.match(response, /\r\nX-CSTP-Rekey-Time: 172800\r\nX-CSTP-Rekey-Method: ssl\r\n/);
  assert.deepEqual(options, {
    tunnelMtuBytes: 1434,
    linkMtuBytes: 1500,
    outerIpv6: false,
    tunOffload: true,
    dpdSeconds: 90,
    idleTimeoutSeconds: 600,
    remainingSeconds: 0,
    rekeySeconds: 172_800,
    switchToTcpSeconds: 25,
    mtuDiscovery: false,
    dtls: { cipherList: 'PSK-AES256-GCM-SHA384' },
    allowedSources: ['192.168.99.50/32', 'fd00::5/128', '10.7.0.0/16'],
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    cstpCompression: undefined,
    dtlsCompression: undefined,
    noCompressBytes: 256,
    sendBufferBytes: 15_000,
    priority: {},
  });
});

test('over TLS 1.2 a rekey is a new tunnel', () => {
  const { response } = agreeTunnel({
    ...facts,
    tls: { version: 'TLSv1.2', cipher: 'ECDHE-RSA-AES256-GCM-SHA384' },
  });
  assert.match(response, /Rekey-Method: new-tunnel\r\n/);
});

test('a session without UDP announces no DTLS and has the larger MTU', () => {
  const { response, options } = agreeTunnel({ ...facts, session: { ...facts.session, udp: false } });
  assert.doesNotMatch(response, /X-DTLS/);
  assert.deepEqual([options.dtls, options.tunnelMtuBytes], [null, 1472]);
});

test('a tunnel too narrow for IPv6 has none', () => {
  const { response, options } = agreeTunnel({ ...facts, pathMtuBytes: 1300 });
  assert.doesNotMatch(response, /IP6/);
  assert.deepEqual(options.allowedSources, ['192.168.99.50/32', '10.7.0.0/16']);
});

test('mobile clients have their own timeouts', () => {
  const { options } = agreeTunnel({ ...facts, client: { kind: 'anyconnect', mobile: true, ios: false } });
  assert.deepEqual([options.dpdSeconds, options.idleTimeoutSeconds], [1800, 900]);
});

test('the session timeout counts from the login that made the cookie', () => {
  const session = { ...facts.session, sessionTimeoutSeconds: 100 };
  assert.equal(agreeTunnel({ ...facts, session, now: 1_005_000 }).options.remainingSeconds, 95);
  assert.equal(agreeTunnel({ ...facts, session, now: 2_000_000 }).options.remainingSeconds, 1);
});

test('a priority is a socket priority or, in hex, a TOS byte', () => {
  const priority = (netPriority: string) =>
    agreeTunnel({ ...facts, session: { ...facts.session, netPriority } }).options.priority;
  assert.deepEqual(priority('6'), { socketPriority: 6 });
  assert.deepEqual(priority('0x10'), { tos: 16 });
  for (const bad of ['7', '0x100', '-1', 'x']) assert.deepEqual(priority(bad), {});
});

test('openconnect over IPv6 is told a base MTU that makes its datagrams fit, Secure Client always a rekey time', () => {
  assert.match(
    agreeTunnel({ ...facts, remoteAddress: '2001:db8::5' }).response,
    /Base-MTU: 1480\r\nX-CSTP-MTU: 1414/,
  );
  const off = { ...settings, 'rekey-time': 0 };
  assert.match(agreeTunnel({ ...facts, settings: off }).response, /Rekey-Method: none/);
  const anyconnect = { kind: 'anyconnect', mobile: false, ios: false } as const;
  assert.match(
    agreeTunnel({ ...facts, settings: off, client: anyconnect }).response,
    /Rekey-Time: 31536000\r\n/,
  );
});

describe('how datagrams are keyed', () => {
  const secret = 'dd'.repeat(48);
  const allowed = { 'udp-port': 443, 'dtls-psk': true, 'dtls-legacy': true };
  const agree = (
    request: { psk?: boolean; dtls12?: string; dtls?: string; secret?: string | undefined },
    settings = allowed,
    tlsCipher = 'TLS_AES_256_GCM_SHA384',
    pskCipherList = 'PSK-AES256-GCM-SHA384',
  ): string | undefined => {
    const masterSecret = 'secret' in request ? request.secret : secret;
    const agreed = agreeDtls({
      settings,
      request: {
        dtlsPsk: request.psk ?? false,
        dtlsSuites: { dtls12: request.dtls12, dtls: request.dtls },
        dtlsMasterSecret: masterSecret,
      },
      pskCipherList,
      tlsCipher,
      id: 'ab'.repeat(32),
    });
    return agreed?.legacy === undefined
      ? agreed?.cipherList
      : `${agreed.legacy.choice.header}: ${agreed.legacy.choice.name} (${agreed.cipherList})`;
  };

  test('PSK beats everything else', () => {
    assert.equal(agree({ psk: true, dtls12: 'AES256-GCM-SHA384' }), 'PSK-AES256-GCM-SHA384');
    assert.equal(agree({ psk: true, secret: undefined }), 'PSK-AES256-GCM-SHA384');
  });

  test('a session to resume where PSK is not to be had', () => {
    const dtls12 = 'X-DTLS12-CipherSuite: AES256-GCM-SHA384 (AES256-GCM-SHA384)';
    assert.equal(
      agree({ psk: true, dtls12: 'AES256-GCM-SHA384' }, { ...allowed, 'dtls-psk': false }),
      dtls12,
    );
    assert.equal(agree({ psk: true, dtls12: 'AES256-GCM-SHA384' }, allowed, undefined, ''), dtls12);
    // The better list, whatever stands in the other.
    assert.equal(agree({ dtls12: 'AES256-GCM-SHA384', dtls: 'OC-DTLS1_2-AES256-GCM' }), dtls12);
    assert.equal(
      agree({ dtls12: 'DHE-RSA-AES128-SHA', dtls: 'AES128-SHA:OC-DTLS1_2-AES256-GCM' }),
      'X-DTLS-CipherSuite: OC-DTLS1_2-AES256-GCM (AES256-GCM-SHA384)',
    );
  });

  test('the first suite with the cipher of the TLS session, else the best', () => {
    const all = 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256';
    const name = (tls: string, list = all): string | undefined => agree({ dtls12: list }, allowed, tls);
    assert.match(name('TLS_AES_256_GCM_SHA384') ?? '', /: ECDHE-RSA-AES256-GCM-SHA384 /);
    assert.match(name('ECDHE-RSA-AES128-GCM-SHA256') ?? '', /: ECDHE-RSA-AES128-GCM-SHA256 /);
    assert.match(name('TLS_CHACHA20_POLY1305_SHA256') ?? '', /: AES256-GCM-SHA384 /);
    assert.match(name('TLS_AES_256_GCM_SHA384', 'x: AES128-GCM-SHA256 ') ?? '', /: AES128-GCM-SHA256 /);
  });

  test('no DTLS at all', () => {
    assert.equal(agree({ psk: true, dtls12: 'AES256-GCM-SHA384' }, { ...allowed, 'udp-port': 0 }), undefined);
    assert.equal(agree({ dtls12: 'AES256-GCM-SHA384' }, { ...allowed, 'dtls-legacy': false }), undefined);
    assert.equal(agree({ dtls12: 'AES256-GCM-SHA384', secret: undefined }), undefined);
    for (const dtls of ['AES128-SHA:AES256-SHA:DES-CBC3-SHA', '', 'AES256-GCM-SHA384']) {
      assert.equal(agree({ dtls }), undefined, dtls);
    }
  });

  test('a master secret is 96 hexadecimal digits', () => {
    assert.equal(parseMasterSecret('DD'.repeat(48)), secret);
    assert.equal(parseMasterSecret(`${secret}00`), secret);
    for (const text of [undefined, '', secret.slice(1), `${secret.slice(2)}xx`]) {
      assert.equal(parseMasterSecret(text), undefined);
    }
  });
});

test('compression is agreed for each channel, where the site has it', () => {
  const agree = (change: Partial<WorkerSettings>, hasDtls = true): string => {
    const base = facts;
    const agreed = agreeTunnel({
      ...base,
      settings: { ...base.settings, ...change },
      dtls: hasDtls ? base.dtls : undefined,
    });
    const { cstpCompression, dtlsCompression } = agreed.options;
    const lines = agreed.response.split('\r\n').filter((line) => line.includes('Content-Encoding'));
    return [...lines, cstpCompression ?? 'none', dtlsCompression ?? 'none'].join(' | ');
  };
  assert.equal(agree({}), 'none | none');
  assert.equal(
    agree({ compression: true }),
    'X-DTLS-Content-Encoding: lzs | X-CSTP-Content-Encoding: oc-lz4 | oc-lz4 | lzs',
  );
  assert.equal(agree({ compression: true }, false), 'X-CSTP-Content-Encoding: oc-lz4 | oc-lz4 | none');
  assert.equal(
    agree({ compression: true, 'compression-algo-priority': ['lzs:100'] }, false),
    'X-CSTP-Content-Encoding: lzs | lzs | none',
  );
});
