import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyOverlays, formatDiagnostic, parseOverlay, type Overlay } from '../../../core/config/index.ts';
import { settingsOf } from './support.ts';

function overlay(text: string): Overlay {
  const parsed = parseOverlay('alice', text);
  if (parsed.overlay === undefined) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return parsed.overlay;
}

for (const text of [
  'route 10.0.0.0/8',
  'route = 10.0.0.0',
  'iroute = 10.0.0.0/33',
  'explicit-ipv4 = 1.2.3',
  'restrict-user-to-ports = tcp(',
  'restrict-user-to-ports = !tcp(443)',
]) {
  test(`a user file with "${text}" is refused as a whole`, () => {
    const { overlay: found, diagnostics } = parseOverlay('alice', `dpd = 1\n${text}\n`);
    assert.equal(found, undefined);
    assert.match(diagnostics.map(formatDiagnostic).join(), /^error: alice:2:\d+: /);
  });
}

test('unknown options and sections of a user file are notes', () => {
  const { overlay: found, diagnostics } = parseOverlay(
    'alice',
    'banner = x\ncgroup = y\n[vhost:a]\ndpd = 1\n',
  );
  assert.deepEqual(found?.values, {});
  assert.deepEqual(diagnostics.map(({ severity, line }) => [severity, line]).sort(), [
    ['note', 1],
    ['note', 2],
    ['note', 3],
  ]);
});

const merged: readonly [
  what: string,
  host: string,
  group: string,
  user: string,
  name: string,
  value: unknown,
][] = [
  ['user over group', 'dpd = 1', 'dpd = 2', 'dpd = 3', 'dpd', 3],
  ['group over host', 'dpd = 1', 'dpd = 2', '', 'dpd', 2],
  ['host without files', 'dpd = 1', '', '', 'dpd', 1],
  [
    'lists are joined and replace',
    'dns = 1.1.1.1',
    'dns = 2.2.2.2',
    'dns = 3.3.3.3',
    'dns',
    ['2.2.2.2', '3.3.3.3'],
  ],
  ['no entries keep the host list', 'dns = 1.1.1.1', '', 'dpd = 1', 'dns', ['1.1.1.1']],
  [
    'append-routes',
    'append-routes = true\nroute = 10.0.0.0/8',
    '',
    'route = 10.1.0.0/16',
    'route',
    ['10.1.0.0/255.255.0.0', '10.0.0.0/255.0.0.0'],
  ],
  [
    'append-routes once only',
    'append-routes = true\nroute = 10.0.0.0/8',
    '',
    '',
    'route',
    ['10.0.0.0/255.0.0.0'],
  ],
  ['default removes all', 'route = 10.0.0.0/8', 'route = 10.1.0.0/16', 'route = default', 'route', []],
  ['all DNS with a full tunnel', 'route = 10.0.0.0/8', '', 'route = default', 'tunnel-all-dns', true],
  ['all DNS without routes', '', '', '', 'tunnel-all-dns', true],
  ['not all DNS with routes', 'route = 10.0.0.0/8', '', '', 'tunnel-all-dns', false],
  ['the former spelling', 'route = 10.0.0.0/8', '', 'tunnel_all_dns = true', 'tunnel-all-dns', true],
  ['the host bounds the MTU', 'mtu = 1300', '', 'mtu = 1400', 'mtu', 1300],
  ['a smaller MTU', 'mtu = 1300', '', 'mtu = 1280', 'mtu', 1280],
  ['idle-timeout acts', 'idle-timeout = 1', '', 'idle-timeout = 2', 'idle-timeout', 2],
  ['mobile follows idle', 'idle-timeout = 1', '', 'idle-timeout = 2', 'mobile-idle-timeout', 2],
  ['explicit address', '', '', 'explicit-ipv4 = 192.168.77.9', 'explicit-ipv4', '192.168.77.9'],
  ['no UDP port, no UDP', '', '', 'no-udp = false', 'no-udp', true],
  ['own network', '', '', 'ipv4-network = 10.9.8.7/24', 'ipv4-network', '10.9.8.0'],
  [
    'iroute lines',
    '',
    'iroute = 10.1.0.0/16',
    'iroute = fd00::/64',
    'iroute',
    ['10.1.0.0/255.255.0.0', 'fd00::/64'],
  ],
];

for (const [what, host, group, user, name, value] of merged) {
  test(`session settings: ${what}`, () => {
    const settings = applyOverlays(settingsOf(host), overlay(group), overlay(user));
    assert.deepEqual((settings as Record<string, unknown>)[name], value);
  });
}
