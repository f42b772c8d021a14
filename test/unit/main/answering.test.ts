import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork } from '../../../core/main/addresses.ts';
import { answers, leaseSilentAddresses } from '../../../core/main/answering.ts';
import { Leases, type LeaseRequest } from '../../../core/main/leases.ts';
import { memoryKeyedStore } from '../../../core/store/index.ts';
import { createLogger } from '../../../core/system/index.ts';

const log = createLogger({ component: 'main:', level: 0, destinations: { stderr: false } });
const ipv4 = parseNetwork('192.168.77.0/24');
const ipv6 = parseNetwork('fda9:77::/48');
if (ipv4 === undefined || ipv6 === undefined) throw new Error('networks');
const request: LeaseRequest = {
  sessionId: 'one',
  username: 'test',
  ipv4,
  ipv6,
  ipv6ClientPrefix: 128,
  predictable: true,
};

test('an address where somebody answers is passed over, for all for a while', async () => {
  let now = 0;
  const leases = new Leases(memoryKeyedStore(), () => now, 0);
  const asked: string[] = [];
  await leaseSilentAddresses(leases, request, log, (address) => {
    asked.push(address);
    return Promise.resolve(address === '192.168.77.190');
  });
  assert.deepEqual(asked, ['192.168.77.190', 'fda9:77:0:caf0:1950:2c2b:bd9d:6cef', '192.168.77.76']);
  const leased = leases.lease(request);
  assert.ok('lease' in leased);
  assert.equal(leased.lease.ipv4?.address, '192.168.77.76');
  // Nobody is asked about what the session has; others do not get the address either.
  await leaseSilentAddresses(leases, request, log, () => Promise.reject(new Error('asked again')));
  const other = leases.lease({ ...request, sessionId: 'two' });
  assert.ok('lease' in other);
  assert.equal(other.lease.ipv4?.address, '192.168.77.195');
  now += 11 * 60_000;
  leases.sweep();
  const later = leases.lease({ ...request, sessionId: 'three' });
  assert.ok('lease' in later);
  assert.equal(later.lease.ipv4?.address, '192.168.77.190');
});

test('where everything answers a client gets an address all the same; written ones are not asked about', async () => {
  const leases = new Leases(memoryKeyedStore(), () => 0, 0);
  await leaseSilentAddresses(leases, request, log, () => Promise.resolve(true));
  assert.ok('lease' in leases.lease(request));
  const explicit = { ...request, sessionId: 'x', explicitIpv4: '10.0.0.9', explicitIpv6: 'fd00::9' };
  await leaseSilentAddresses(leases, explicit, log, () => Promise.reject(new Error('asked')));
});

test('the machine itself answers', async () => {
  assert.equal(await answers('127.0.0.1'), true);
});
