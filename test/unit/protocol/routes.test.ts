import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isDefaultRoute,
  isIpv6Transport,
  maskOfPrefix,
  parseNetwork,
  prefixOfMask,
  routeText,
} from '../../../core/protocol/index.ts';

test('what is no network is refused', () => {
  const refused = [
    '',
    '/',
    'x',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/255.0.255.0',
    '10.0.0/8',
    'fd00::/129',
    'fe80::1%eth0/64',
    '10.0.0.0/-1',
    'fd00::/255.0.0.0',
    '010.0.0.1/8',
  ];
  for (const text of refused) assert.equal(parseNetwork(text), undefined, text);
});

test('routes come out as clients want them', () => {
  const table = [
    ['10.0.0.0/8', '10.0.0.0/255.0.0.0'],
    ['10.0.0.0/255.255.255.128', '10.0.0.0/255.255.255.128'],
    ['192.0.2.7', '192.0.2.7/255.255.255.255'],
    ['0.0.0.0/0', '0.0.0.0/0.0.0.0'],
    ['fef4:db8::/64', 'fef4:db8::/64'],
    ['fd00::1', 'fd00::1/128'],
  ] as const;
  for (const [text, expected] of table) {
    const network = parseNetwork(text);
    assert.ok(network);
    assert.equal(routeText(network), expected);
  }
});

test('mask and prefix are each other for every length', () => {
  for (let prefix = 0; prefix <= 32; prefix += 1) assert.equal(prefixOfMask(maskOfPrefix(prefix)), prefix);
  assert.equal(maskOfPrefix(24), '255.255.255.0');
  assert.equal(maskOfPrefix(32), '255.255.255.255');
});

test('a route of everything is recognised', () => {
  for (const route of ['default', '0.0.0.0/0', '0.0.0.0/0.0.0.0', '::/0'])
    assert.equal(isDefaultRoute(route), true);
  for (const route of ['10.0.0.0/8', 'Default', '']) assert.equal(isDefaultRoute(route), false);
});

test('a mapped address is an IPv4 transport', () => {
  assert.equal(isIpv6Transport('192.0.2.1'), false);
  assert.equal(isIpv6Transport('::ffff:192.0.2.1'), false);
  assert.equal(isIpv6Transport('2001:db8::1'), true);
});
