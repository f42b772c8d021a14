import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, settingsOf } from './support.ts';

const inherited: readonly [what: string, lines: string, name: string, value: unknown][] = [
  ['a scalar from above', 'dpd = 7\n[vhost:a]\nmtu = 1', 'dpd', 7],
  ['a scalar from below', '[vhost:a]\nmtu = 1\n[]\ndpd = 7', 'dpd', 7],
  ['an own scalar', 'dpd = 7\n[vhost:a]\ndpd = 8', 'dpd', 8],
  ['a list', 'dns = 1.1.1.1\n[vhost:a]\nmtu = 1', 'dns', ['1.1.1.1']],
  [
    'an own list replaces',
    'dns = 1.1.1.1\n[vhost:a]\ndns = 8.8.8.8\ndns = 9.9.9.9',
    'dns',
    ['8.8.8.8', '9.9.9.9'],
  ],
  [
    'sections of one name are merged',
    '[vhost:a]\ndns = 1.1.1.1\n[vhost:A]\ndns = 8.8.8.8',
    'dns',
    ['1.1.1.1', '8.8.8.8'],
  ],
  [
    'derived values are made per host',
    'idle-timeout = 5\n[vhost:a]\nidle-timeout = 9',
    'mobile-idle-timeout',
    9,
  ],
  [
    'an explicit value above is no derived one',
    'mobile-idle-timeout = 5\n[vhost:a]\nidle-timeout = 9',
    'mobile-idle-timeout',
    5,
  ],
  [
    'priorities of a compatible host',
    '[vhost:a]\ncisco-client-compat = true',
    'tls-priorities',
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-TLS1.3',
  ],
  [
    'a host that is not compatible',
    'cisco-client-compat = true\n[vhost:a]\ncisco-client-compat = false',
    'tls-priorities',
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT',
  ],
  ['auth', '[vhost:a]\nmtu = 1', 'auth', [{ name: 'plain', options: { passwd: '/etc/ocserv/ocpasswd' } }]],
  [
    'own auth',
    '[vhost:a]\nauth = plain[passwd=p]',
    'auth',
    [{ name: 'plain', options: { passwd: '/start/p' } }],
  ],
  ['an own network', '[vhost:a]\nipv4-network = 10.0.0.0/8', 'ipv4-netmask', '255.0.0.0'],
  ['expose-iroutes', 'expose-iroutes = true\n[vhost:a]\nmtu = 1', 'expose-iroutes', true],
  [
    'headers',
    'included-http-headers = A: b\n[vhost:a]\nincluded-http-headers = C: d',
    'included-http-headers',
    ['C: d'],
  ],
];

for (const [what, lines, name, value] of inherited) {
  test(`a virtual host: ${what}`, () => {
    assert.deepEqual((settingsOf(lines, 1) as Record<string, unknown>)[name], value);
  });
}

test('a section without options makes no virtual host', () => {
  assert.equal(load('[vhost:a]\n[]\n').configuration?.hosts.length, 1);
});

test('a pid file in a virtual host is that of the server', () => {
  assert.equal(settingsOf('[vhost:a]\npid-file = /p\n')['pid-file'], '/p');
});

test('a name of 253 bytes is kept whole and one of 254 refused', () => {
  const name = 'a'.repeat(253);
  assert.equal(load(`[vhost:${name}]\ndpd = 1`).configuration?.hosts[1]?.name, name);
  assert.equal(load(`[vhost:${name}a]\ndpd = 1`).configuration, undefined);
});
