import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork } from '../../../core/main/addresses.ts';
import { Bans } from '../../../core/main/bans.ts';
import { memoryKeyedStore } from '../../../core/store/index.ts';

const limits = { maxScore: 80, banSeconds: 300, resetSeconds: 1200 };

test('an address is banned at the limit and not below it', () => {
  const bans = new Bans(
    memoryKeyedStore(),
    () => 0,
    () => limits,
    [],
  );
  assert.equal(bans.add('198.51.100.4', 79), undefined);
  assert.equal(bans.isBanned('198.51.100.4'), false);
  assert.deepEqual(bans.add('198.51.100.4', 1), { score: 80, until: 300_000 });
  assert.equal(bans.isBanned('198.51.100.4'), true);
  assert.equal(bans.isBanned('198.51.100.5'), false);
});

test('a ban is not prolonged and the score starts anew after it', () => {
  let now = 0;
  const bans = new Bans(
    memoryKeyedStore(),
    () => now,
    () => limits,
    [],
  );
  bans.add('198.51.100.4', 80);
  now = 299_999;
  bans.add('198.51.100.4', 80);
  assert.equal(bans.isBanned('198.51.100.4'), true);
  now = 300_000;
  assert.equal(bans.isBanned('198.51.100.4'), false);
  bans.add('198.51.100.4', 10);
  assert.equal(bans.list()[0]?.score, 10);
  bans.add('198.51.100.4', 70);
  assert.equal(bans.isBanned('198.51.100.4'), true);
});

test('a score below the limit ends with its window', () => {
  let now = 0;
  const bans = new Bans(
    memoryKeyedStore(),
    () => now,
    () => limits,
    [],
  );
  bans.add('198.51.100.4', 79);
  now = 1_200_001;
  bans.add('198.51.100.4', 1);
  assert.equal(bans.list()[0]?.score, 1);
  now = 2_400_002;
  bans.maintain();
  assert.deepEqual(bans.list(), []);
});

test('IPv6 is counted by /64 and IPv4-mapped addresses as IPv4', () => {
  const bans = new Bans(
    memoryKeyedStore(),
    () => 0,
    () => limits,
    [],
  );
  bans.add('2001:db8::1', 40);
  bans.add('2001:db8::2', 40);
  assert.equal(bans.isBanned('2001:db8::3'), true);
  assert.equal(bans.isBanned('2001:db8:0:1::3'), false);
  bans.add('::ffff:198.51.100.4', 80);
  assert.equal(bans.isBanned('198.51.100.4'), true);
});

test('peers in a local subnet are charged but never refused', () => {
  const local = parseNetwork('192.0.2.0/24');
  assert.ok(local !== undefined);
  const bans = new Bans(
    memoryKeyedStore(),
    () => 0,
    () => limits,
    [local],
  );
  bans.add('192.0.2.9', 100);
  assert.equal(bans.isBanned('192.0.2.9'), false);
  assert.equal(bans.isExempt('192.0.2.9'), true);
  assert.equal(bans.bannedCount, 1);
});

test('bans outlive the process and end with unban; a limit of 0 bans nobody', () => {
  const store = memoryKeyedStore();
  new Bans(
    store,
    () => 0,
    () => limits,
    [],
  ).add('198.51.100.4', 80);
  const after = new Bans(
    store,
    () => 1,
    () => limits,
    [],
  );
  assert.equal(after.isBanned('198.51.100.4'), true);
  assert.equal(after.unban('203.0.113.1'), false);
  assert.equal(after.unban('198.51.100.4'), true);
  assert.equal(after.isBanned('198.51.100.4'), false);
  const off = new Bans(
    memoryKeyedStore(),
    () => 0,
    () => ({ ...limits, maxScore: 0 }),
    [],
  );
  assert.equal(off.add('198.51.100.4', 1000), undefined);
  assert.equal(off.isBanned('198.51.100.4'), false);
});
