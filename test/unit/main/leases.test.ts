import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress, parseNetwork, type Network } from '../../../core/main/addresses.ts';
import { candidates, hashLittle, seedOf } from '../../../core/main/lease-candidates.ts';
import { Leases, type LeaseRequest } from '../../../core/main/leases.ts';
import { memoryKeyedStore } from '../../../core/store/index.ts';

const network = (text: string): Network => {
  const parsed = parseNetwork(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
};
const request = (sessionId: string, username: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  sessionId,
  username,
  ipv4: network('192.168.77.0/24'),
  ipv6ClientPrefix: 128,
  predictable: true,
  ...more,
});
const ipv4Of = (leases: Leases, wanted: LeaseRequest): string | undefined => {
  const result = leases.lease(wanted);
  return 'lease' in result ? result.lease.ipv4?.address : result.refused;
};

test('the hash of a user name is that of the C program', () => {
  assert.equal(hashLittle(Buffer.from('test')), 0xbe0c1952);
  assert.equal(seedOf('test', true).toString('hex'), '52190cbe');
  // Check values of the hash's author.
  assert.equal(hashLittle(Buffer.from('')), 0xdeadbeef);
  assert.equal(hashLittle(Buffer.from('Four score and seven years ago')), 0x17770551);
});

test('candidates follow the chain of the C program', () => {
  const order = [...candidates(network('192.168.77.0/24'), seedOf('test', true))].map((value) =>
    formatAddress(4, value),
  );
  assert.deepEqual(
    order.slice(0, 6),
    [190, 76, 195, 139, 243, 247].map((host) => `192.168.77.${host}`),
  );
  assert.equal(order.length, 16 + 256, 'a small pool is searched through at last');
  const [first] = candidates(network('fda9:77::/48'), seedOf('test', true));
  assert.equal(formatAddress(6, first ?? 0n), 'fda9:77:0:caf0:1950:2c2b:bd9d:6cef');
});

test('the second session of a user takes the second candidate', () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  assert.equal(ipv4Of(leases, request('one', 'test')), '192.168.77.190');
  assert.equal(ipv4Of(leases, request('two', 'test')), '192.168.77.76');
});

test('an address stays with its session as long as the cookie lives, to the millisecond', () => {
  let now = 0;
  const leases = new Leases(memoryKeyedStore(), () => now, 0);
  ipv4Of(leases, request('one', 'test'));
  leases.release('one', 1000);
  now = 999;
  assert.equal(ipv4Of(leases, request('two', 'test')), '192.168.77.76');
  assert.equal(ipv4Of(leases, request('one', 'test')), '192.168.77.190');
  leases.release('one', 1000);
  now = 1999;
  assert.equal(ipv4Of(leases, request('three', 'test')), '192.168.77.190');
});

test('leases outlive the process', () => {
  const store = memoryKeyedStore();
  ipv4Of(new Leases(store, () => 0, 1000), request('one', 'test'));
  const after = new Leases(store, () => 10, 1000);
  assert.equal(ipv4Of(after, request('two', 'test')), '192.168.77.76');
  assert.equal(ipv4Of(after, request('one', 'test')), '192.168.77.190');
});

test('an explicit address is registered and refused to a second session in use', () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  const explicitIpv4 = '192.168.77.190';
  assert.equal(ipv4Of(leases, request('one', 'anna', { explicitIpv4 })), explicitIpv4);
  assert.match(ipv4Of(leases, request('two', 'bert', { explicitIpv4 })) ?? '', /in use/);
  assert.equal(ipv4Of(leases, request('three', 'test')), '192.168.77.76');
  for (const reserved of ['192.168.77.0', '192.168.77.1', '192.168.77.255', 'x']) {
    assert.match(ipv4Of(leases, request('four', 'x', { explicitIpv4: reserved })) ?? '', /reserved|no IPv4/);
  }
});

test('a full pool is a refusal, and every lease of a pool is different', () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  const ipv4 = network('10.0.0.0/30');
  assert.equal(ipv4Of(leases, request('one', 'a', { ipv4 })), '10.0.0.2');
  assert.equal(ipv4Of(leases, request('two', 'b', { ipv4 })), 'could not figure out a valid IPv4 IP');
});

test('one exhausted pool leaves the addresses of the other family', () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  const both = { ipv4: network('10.0.0.0/30'), ipv6: network('fda9:77::/126') };
  const families = (id: string, more: Partial<LeaseRequest> = {}): string => {
    const result = leases.lease(request(id, id, { ...both, ...more }));
    return 'lease' in result ? `${Object.keys(result.lease).join()} ${result.missing ?? ''}` : result.refused;
  };
  assert.equal(families('one'), 'ipv4,ipv6 ');
  assert.equal(families('two'), 'ipv6 could not figure out a valid IPv4 IP; the client gets IPv6 alone');
  assert.equal(families('three'), 'could not figure out a valid IPv4 IP');
  assert.match(
    families('four', { ipv4: network('10.0.1.0/30') }),
    /^ipv4 .* IPv6 IP; the client gets IPv4 alone$/,
  );
  leases.release('two', 0);
  assert.match(families('five', { explicitIpv4: '10.0.0.2' }), /in use/, 'not without the explicit address');
  assert.equal(families('six'), 'ipv6 could not figure out a valid IPv4 IP; the client gets IPv6 alone');
});

test('IPv6 leases are unique by client subnet', () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  const ipv6 = network('fda9:77::/48');
  const subnets = new Set<string>();
  for (const id of ['a', 'b', 'c']) {
    const result = leases.lease({
      sessionId: id,
      username: 'test',
      ipv6,
      ipv6ClientPrefix: 64,
      predictable: true,
    });
    assert.ok('lease' in result && result.lease.ipv6 !== undefined);
    assert.equal(result.lease.ipv6.local, 'fda9:77::1');
    subnets.add(((parseAddress(result.lease.ipv6.address)?.value ?? 0n) >> 64n).toString(16));
  }
  assert.equal(subnets.size, 3);
});

test('addresses of all forms are read and written', () => {
  const cases: [string, string][] = [
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [given, expected] of cases) {
    const parsed = parseAddress(given);
    assert.ok(parsed !== undefined, given);
    assert.equal(formatAddress(parsed.family, parsed.value), expected);
  }
  for (const wrong of ['', '1.2.3', '1.2.3.256', ':::', '1:2', 'host'])
    assert.equal(parseAddress(wrong), undefined);
  for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/255.0.255.0', 'fd00::/129', 'x/8']) {
    assert.equal(parseNetwork(wrong), undefined, wrong);
  }
  assert.deepEqual(network('10.1.2.3/255.255.0.0'), network('10.1.0.0/16'));
});
