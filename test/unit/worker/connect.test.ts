import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerSettings } from '../../../core/config/worker-configuration.ts';
import { agreeTunnel, type ConnectFacts } from '../../../core/worker/connect.ts';

const settings: WorkerSettings = {
  auth: ['plain'],
  'enable-auth': [],
  'tls-priorities': 'NORMAL',
  'match-tls-dtls-ciphers': false,
  'dtls-psk': true,
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
  },
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  remoteAddress: '203.0.113.5',
  pathMtuBytes: 1500,
  dtlsId: 'ab'.repeat(32),
  dtlsCipherList: 'PSK-AES256-GCM-SHA384',
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
