import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountingAttributes,
  isAccountingRecord,
  terminateCause,
  type AccountingRecord,
} from '../../../../core/secmod/accounting/record.ts';

const record: AccountingRecord = {
  status: 'stop',
  acctSessionId: 'id',
  vhost: 'default',
  username: 'alice',
  userAgent: 'Open AnyConnect',
  localAddress: '192.0.2.2',
  remoteAddress: '192.0.2.9',
  ipv4: '10.9.8.7',
  classes: ['/w=='],
  eventAt: 1_700_000_000_000,
  seconds: 61,
  rxBytes: 5 * 2 ** 32 + 7,
  txBytes: 2 ** 32 - 1,
  cause: 1,
};
const site = { nasIdentifier: 'gate', nasAddress: undefined };

const shown = (given: AccountingRecord, now = given.eventAt): string[] =>
  accountingAttributes(given, site, now).map(({ type, value }) => `${type} ${value.toString('hex')}`);

test('a Stop, attribute by attribute, with counters beyond 32 bits', () => {
  assert.deepEqual(shown(record, record.eventAt + 60_999), [
    '40 00000002',
    '49 00000001',
    '32 67617465',
    '4 c0000202',
    '1 616c696365',
    '6 00000002',
    '7 00000001',
    '8 0a090807',
    '31 3139322e302e322e39',
    '44 6964',
    '45 00000001',
    '25 ff',
    '46 0000003d',
    '42 00000007',
    '43 ffffffff',
    '52 00000005',
    '53 00000000',
    '55 6553f100',
    '41 0000003c',
  ]);
});

test('a Start names the client’s program and counts nothing; an update of no length has no time', () => {
  const { cause: _cause, ...open } = record;
  const types = (given: AccountingRecord): number[] => shown(given).map((text) => Number(text.split(' ')[0]));
  const start = types({ ...open, status: 'start' });
  assert.ok(start.includes(77));
  assert.ok(![42, 43, 46, 49, 52, 53].some((type) => start.includes(type)));
  const interim = types({ ...open, status: 'interim', seconds: 0, ipv6: 'fda9::1' });
  assert.ok(interim.includes(168) && interim.includes(42) && !interim.includes(46) && !interim.includes(77));
});

test('a clock that went back does not make a negative delay', () => {
  assert.equal(shown(record, record.eventAt - 5_000).at(-1), '41 00000000');
});

test('causes of every end', () => {
  const reasons = [
    'userDisconnect',
    'dpdTimeout',
    'unspecified',
    'temporary',
    'takeover',
    'healthProbe',
    'idleTimeout',
    'sessionTimeout',
    'serverDisconnect',
    'shutdown',
    'crash',
    'error',
  ] as const;
  assert.deepEqual(reasons.map(terminateCause), [1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 11, 17]);
});

test('what comes back from disk is a record or is not taken', () => {
  assert.ok(isAccountingRecord(JSON.parse(JSON.stringify(record))));
  for (const change of [
    { status: 'toString' },
    { username: 1 },
    { rxBytes: -1 },
    { rxBytes: 0.5 },
    { classes: [1] },
    { classes: undefined },
    { ipv4: 4 },
    { cause: 'x' },
    { eventAt: undefined },
  ]) {
    assert.equal(isAccountingRecord({ ...record, ...change }), false, JSON.stringify(change));
  }
  assert.equal(isAccountingRecord(null), false);
});
