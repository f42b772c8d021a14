// Connections as tables, blocks and JSON, against the C tool's recorded output.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  iroutesJson,
  iroutesTable,
  userBlocks,
  userJson,
  usersTable,
} from '../../../core/control/user-view.ts';
import type { ControlUser } from '../../../core/interfaces/index.ts';

const now = 1_795_460_700;

const connected: ControlUser = {
  id: 4522,
  username: 'alice',
  groupname: 'grp1',
  state: 'connected',
  vhost: 'default',
  device: 'vpns2',
  mtu: 1434,
  remoteAddress: '192.0.2.11',
  localAddress: '192.0.2.1',
  ipv4: '192.168.77.197',
  ipv4Peer: '192.168.77.1',
  userAgent: 'AnyConnect-compatible OpenConnect VPN Agent v9.21',
  rxLimit: 40_000,
  txLimit: 50_000,
  rxBytes: 368_496,
  txBytes: 368_956,
  dpd: 90,
  keepalive: 32_400,
  hostname: 'laptop',
  connectedAt: now - 42,
  sessionStartedAt: now - 43,
  sessionId: '172tOyM5jHJYmqt6vTX3JfPt2KI=',
  tlsCiphersuite: '(TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)',
  dtlsCiphersuite: '(DTLS1.2)-(PSK)-(AES-256-GCM)',
  dns: ['192.168.77.1', 'fd00::53'],
  nbns: [],
  splitDns: ['example.com', 'corp.example'],
  routes: ['10.10.10.0/255.255.255.0'],
  noRoutes: [],
  iroutes: ['172.31.5.0/255.255.255.0'],
  restrictedToRoutes: false,
  restrictedToPorts: [],
};

const waiting: ControlUser = {
  id: 4527,
  state: 'preAuth',
  vhost: 'unknown',
  remoteAddress: '192.0.2.9',
  localAddress: '192.0.2.1',
  dpd: 0,
  keepalive: 0,
  connectedAt: now - 4,
  sessionStartedAt: 0,
  dns: [],
  nbns: [],
  splitDns: [],
  routes: [],
  noRoutes: [],
  iroutes: [],
  restrictedToRoutes: false,
  restrictedToPorts: [],
};

test('nobody connected prints nothing', () => {
  assert.equal(usersTable([], now), '');
});

test("the users table has the C tool's columns", () => {
  assert.equal(
    usersTable([waiting, { ...connected, connectedAt: now - 4 }], now),
    [
      '      id     user    vhost             ip         vpn-ip device   since    dtls-cipher    status\n',
      '    4527   (none)  unknown      192.0.2.9                           4s      (no-dtls)  pre-auth\n',
      '    4522    alice  default     192.0.2.11 192.168.77.197  vpns2     4s  (AES-256-GCM) connected\n',
    ].join(''),
  );
});

test('an unknown user is a sentence that scripts look for', () => {
  assert.equal(userBlocks([], now), 'user or ID not found\n');
});

test("the long form has the C tool's rows in its order", () => {
  const rows = userBlocks([connected], now).split('\n');
  assert.deepEqual(
    rows.filter((text) => !text.includes('connected at') && !text.includes('started at')),
    [
      '\tID: 4522',
      '\tUsername: alice   Groupname: grp1',
      '\tState: connected',
      '\tvhost: default',
      '\tDevice: vpns2   MTU: 1434',
      '\tRemote IP: 192.0.2.11   Location: unknown',
      '\tLocal Device IP: 192.0.2.1',
      '\tIPv4: 192.168.77.197   P-t-P IPv4: 192.168.77.1',
      '\tUser-Agent: AnyConnect-compatible OpenConnect VPN Agent v9.21',
      '\tLimit RX: 40.0 kB/s   Limit TX: 50.0 kB/s',
      '\tRX: 368496 (368.5 kB)   TX: 368956 (369.0 kB)',
      '\tAverage bandwidth RX: 8.8 kB/s  TX: 8.8 kB/s',
      '\tDPD: 90   KeepAlive: 32400',
      '\tHostname: laptop',
      '\tSession: 172tOy',
      '\tTLS ciphersuite: (TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)',
      '\tDTLS cipher: (DTLS1.2)-(PSK)-(AES-256-GCM)',
      '',
      '\tDNS: 192.168.77.1',
      '\t\tfd00::53',
      '\tSplit-DNS-Domains: example.com',
      '\t\tcorp.example',
      '\tRoutes: 10.10.10.0/255.255.255.0',
      '\tiRoutes: 172.31.5.0/255.255.255.0',
      '\tRestricted to routes: False',
      '',
      '',
    ],
  );
});

test('JSON keeps counters as strings, ids and raw times as numbers, and both names of the connect time', () => {
  const json = userJson(connected, now);
  assert.equal(json['ID'], 4522);
  assert.equal(json['RX'], '368496');
  assert.equal(json['_RX'], '368.5 kB');
  assert.equal(json['MTU'], '1434');
  assert.equal(json['DPD'], '90');
  assert.equal(json['raw_connected_at'], now - 42);
  assert.equal(json['Connected at'], json['Last connected at']);
  assert.equal(json['_Connected at'], '   42s');
  assert.deepEqual(json['Routes'], ['10.10.10.0/255.255.255.0']);
  assert.equal(json['Full session'], '172tOyM5jHJYmqt6vTX3JfPt2KI=');
});

test('JSON of a connection without a login leaves out what is not known and keeps the lists', () => {
  const json = userJson(waiting, now);
  assert.equal(json['Username'], '(none)');
  assert.equal(json['Routes'], 'defaultroute');
  assert.equal(json['raw_session_started_at'], 0);
  for (const key of ['Device', 'IPv4', 'RX', 'Session started at', 'DTLS cipher'])
    assert.ok(!(key in json), key);
  assert.deepEqual(json['iRoutes'], []);
});

test('networks behind users: a heading whenever somebody is connected, one row a network', () => {
  assert.equal(iroutesTable([waiting]), '');
  assert.equal(
    iroutesTable([connected]),
    [
      '    id     user    vhost device           vpn-ip                       iroute\n',
      '  4522    alice  default  vpns2   192.168.77.197     172.31.5.0/255.255.255.0\n',
    ].join(''),
  );
  assert.deepEqual(iroutesJson([connected, waiting]), [
    {
      ID: 4522,
      Username: 'alice',
      vhost: 'default',
      Device: 'vpns2',
      IP: '192.168.77.197',
      iRoutes: connected.iroutes,
    },
  ]);
});
