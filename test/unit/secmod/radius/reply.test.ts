import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute, type Attribute } from '../../../../core/secmod/radius/attributes.ts';
import { groupsOf, supplementOf } from '../../../../core/secmod/radius/reply.ts';

const classOf = (text: string | Buffer): Attribute => attribute('Class', Buffer.from(text));
const prefix = (type: number, hex: string): Attribute => ({ type, value: Buffer.from(hex, 'hex') });

test('groups: a list after OU=, other text as one name, in order; bytes that are no text are none', () => {
  const attributes = [
    classOf('OU=staff;vpn,a'),
    classOf('guests;x'),
    classOf(Buffer.from([0xff, 0xfe])),
    classOf('a\nb'),
  ];
  assert.deepEqual(groupsOf(attributes, 'semicolon').groups, ['staff', 'vpn,a', 'guests;x']);
  assert.deepEqual(groupsOf(attributes, 'comma').groups, ['staff;vpn', 'a', 'guests;x']);
  assert.deepEqual(groupsOf([classOf('ou=staff')], 'semicolon').groups, ['ou=staff']);
  assert.deepEqual(groupsOf([classOf('OU= a;;b ')], 'semicolon').groups, [' a', '', 'b ']);
});

test('no more than 512 groups', () => {
  const many = Array.from({ length: 20 }, (_, index) =>
    classOf(`OU=${Array.from({ length: 30 }, (_, member) => `g${index}x${member}`).join(';')}`),
  );
  const { groups, dropped } = groupsOf(many, 'semicolon');
  assert.deepEqual([groups.length, dropped], [512, 88]);
});

test('every attribute of an acceptance becomes the line of its option', () => {
  const { lines, ignored } = supplementOf([
    attribute('Framed-IP-Address', '10.9.8.7'),
    attribute('Framed-IP-Netmask', '255.255.255.0'),
    attribute('Framed-IPv6-Address', 'fda9:77::5'),
    prefix(97, '0040fda9007700010000'),
    attribute('Framed-Route', '10.1.0.0/16 192.0.2.1 1'),
    attribute('Framed-Route', '10.2.0.0/255.255.0.0'),
    attribute('Framed-IPv6-Route', '2001:db8::/32 :: 1'),
    attribute('MS-Primary-DNS-Server', '10.9.8.1'),
    attribute('MS-Secondary-DNS-Server', '10.9.8.2'),
    attribute('DNS-Server-IPv6-Address', 'fda9:77::53'),
    attribute('Acct-Interim-Interval', 300),
    attribute('Session-Timeout', 3600),
    attribute('Idle-Timeout', 600),
    attribute('RP-Upstream-Speed-Limit', 100),
    attribute('RP-Downstream-Speed-Limit', 200),
  ]);
  assert.deepEqual(ignored, []);
  assert.deepEqual(lines, [
    'explicit-ipv4 = 10.9.8.7',
    'ipv4-netmask = 255.255.255.0',
    'explicit-ipv6 = fda9:77::5',
    'ipv6-subnet-prefix = 64',
    'route = fda9:77:1::/64',
    'route = 10.1.0.0/16',
    'route = 10.2.0.0/255.255.0.0',
    'route = 2001:db8::/32',
    'dns = 10.9.8.1',
    'dns = 10.9.8.2',
    'dns = fda9:77::53',
    'stats-report-time = 300',
    'session-timeout = 3600',
    'idle-timeout = 600',
    'rx-data-per-sec = 100000',
    'tx-data-per-sec = 200000',
  ]);
});

test('a delegated prefix is the address of the session and goes before a lone address', () => {
  const delegated = [attribute('Framed-IPv6-Address', 'fda9:77::5'), prefix(123, '0038fda900770000aa00')];
  assert.deepEqual(supplementOf(delegated).lines, [
    'explicit-ipv6 = fda9:77:0:aa00::',
    'ipv6-subnet-prefix = 56',
  ]);
});

test('addresses that mean the pool set nothing, nor does a mask without an address', () => {
  for (const address of ['255.255.255.254', '255.255.255.255']) {
    const attributes = [attribute('Framed-IP-Address', address), attribute('Framed-IP-Netmask', '255.0.0.0')];
    assert.deepEqual(supplementOf(attributes).lines, []);
  }
  assert.deepEqual(supplementOf([attribute('MS-Primary-DNS-Server', '0.0.0.0')]).lines, []);
});

test('what cannot be used is named, and cannot smuggle in a line', () => {
  const { lines, ignored } = supplementOf([
    attribute('Framed-Route', '10.1.0.0'),
    attribute('Framed-Route', '10.1.0.0/16\nexplicit-ipv4'),
    attribute('DNS-Server-IPv6-Address', '::1'),
    attribute('DNS-Server-IPv6-Address', '::2'),
    attribute('DNS-Server-IPv6-Address', '::3'),
  ]);
  assert.deepEqual(lines, ['dns = ::1', 'dns = ::2']);
  assert.deepEqual(ignored, [
    'Framed-Route "10.1.0.0": expected a network with its length',
    'Framed-Route "10.1.0.0/16\nexplicit-ipv4": expected a network with its length',
    'DNS-Server-IPv6-Address ::3: expected at most 2',
  ]);
});
