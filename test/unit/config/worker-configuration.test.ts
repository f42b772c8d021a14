import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkerConfiguration } from '../../../core/config/worker-configuration.ts';

const settings = {
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
  'output-buffer': 0,
  'select-group': [{ name: 'dev', label: 'Developers' }],
  'auto-select-group': false,
  'select-group-by-url': false,
  'custom-header': [],
  'included-http-headers': [],
  'listen-host-is-dyndns': false,
  kkdcp: [],
};
const host = { settings, certificates: [{ chain: 'PEM', keyId: 'k' }] };
const configuration = {
  hosts: [host, { ...host, name: 'other.example' }],
  sandbox: { uid: 65534, gid: 65534, seccomp: true },
  packetPathDisable: ['tun-offload', 'mmsg'],
  logging: { level: 2, stderr: true, syslog: false, syslogFacility: 'daemon' },
};

test('a member of the wrong kind is refused by its name', () => {
  const table: [object, RegExp][] = [
    [{ hosts: undefined }, /^RangeError: hosts: expected a list/],
    [{ hosts: [] }, /hosts: expected the default host/],
    [{ hosts: [{ ...host, name: 'x' }] }, /hosts\[0\]\.name/],
    [{ hosts: [host, host] }, /only the first may lack a name/],
    [{ hosts: [{ ...host, certificates: [{ chain: 'x' }] }] }, /hosts\[0\]\.certificates\[0\]\.keyId/],
    [{ hosts: [{ ...host, settings: { ...settings, 'udp-port': -1 } }] }, /hosts\[0\]\.settings\.udp-port/],
    [{ hosts: [{ ...host, settings: { ...settings, 'rekey-method': 'none' } }] }, /settings\.rekey-method/],
    [{ hosts: [{ ...host, settings: { ...settings, auth: 'plain' } }] }, /settings\.auth: expected a list/],
    [{ hosts: [{ ...host, settings: { ...settings, 'select-group': [{}] } }] }, /settings\.select-group/],
    [{ sandbox: undefined }, /sandbox: expected an object/],
    [{ packetPathDisable: undefined }, /packetPathDisable: expected a list of tun-offload, /],
    [{ packetPathDisable: ['tun-offload', 'x'] }, /packetPathDisable: expected a list of tun-offload, /],
    [{ sandbox: { uid: '0', gid: 0, seccomp: true } }, /sandbox\.uid/],
    [{ logging: { ...configuration.logging, level: 10 } }, /logging\.level: expected 0…9/],
  ];
  for (const [change, expected] of table) {
    assert.throws(
      () => parseWorkerConfiguration({ ...configuration, ...change }),
      expected,
      JSON.stringify(change),
    );
  }
});

test('what main sends arrives whole, null counts as absent, unknown members do not pass', () => {
  assert.deepEqual(parseWorkerConfiguration(configuration), configuration);
  const [first] = parseWorkerConfiguration({
    ...configuration,
    hosts: [
      { ...host, name: null, secret: 'x', settings: { ...settings, banner: null, 'server-key': '/key' } },
    ],
  }).hosts;
  assert.deepEqual(first, host);
});
