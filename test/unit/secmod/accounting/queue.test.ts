import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AccountingQueue, type Delivery } from '../../../../core/secmod/accounting/queue.ts';
import type { AccountingRecord } from '../../../../core/secmod/accounting/record.ts';
import { memoryKeyedStore, openKeyedStore, type KeyedStore } from '../../../../core/store/index.ts';
import { FakeClock } from '../fake-clock.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-queue-'));
after(() => rmSync(folder, { recursive: true }));

const failure = { failure: 'no RADIUS server gave an answer' };

function setUp(store: KeyedStore = memoryKeyedStore(), clock = new FakeClock()) {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const tried: string[] = [];
  let decide: (record: AccountingRecord) => Delivery | Promise<Delivery> = () => 'taken';
  const queue = new AccountingQueue({
    store,
    clock,
    log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
    deliver: (record) => {
      tried.push(`${record.acctSessionId} ${record.status}`);
      return Promise.resolve(decide(record));
    },
  });
  const add = (acctSessionId: string, status: AccountingRecord['status']): void => {
    queue.add({
      status,
      acctSessionId,
      vhost: 'default',
      username: 'alice',
      localAddress: '192.0.2.2',
      remoteAddress: '192.0.2.9',
      classes: [],
      eventAt: clock.now(),
      seconds: 0,
      rxBytes: 0,
      txBytes: 0,
    });
  };
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 50; round++) await turn();
  };
  const answer = (with_: typeof decide): void => {
    decide = with_;
  };
  return { queue, add, tried, lines, clock, settle, answer };
}

test('records of one session in order, none before the one ahead is taken', async () => {
  const { add, tried, settle, answer, queue } = setUp();
  const gate = Promise.withResolvers<Delivery>();
  answer(({ acctSessionId }) => (acctSessionId === 'a' ? gate.promise : 'taken'));
  add('a', 'start');
  add('a', 'stop');
  add('b', 'start');
  await settle();
  assert.deepEqual([tried, queue.size], [['a start', 'b start'], 2]);
  gate.resolve('taken');
  await settle();
  assert.deepEqual([tried, queue.size], [['a start', 'b start', 'a stop'], 0]);
});

test('an outage: one try at a time, growing pauses, one line, and nothing lost', async () => {
  const { add, tried, lines, clock, settle, answer, queue } = setUp();
  answer(() => failure);
  add('a', 'start');
  await settle();
  add('b', 'start');
  add('a', 'stop');
  await settle();
  assert.deepEqual(tried, ['a start']);
  for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]) {
    clock.advance(pause - 1);
    await settle();
    const before = tried.length;
    clock.advance(1);
    await settle();
    assert.equal(tried.length, before + 1, `after ${pause} ms`);
  }
  assert.equal(queue.size, 3);
  answer(() => 'taken');
  clock.advance(30_000);
  await settle();
  assert.deepEqual(
    tried.slice(7),
    ['a start', 'a stop', 'b start'].sort((x, y) => tried.indexOf(x, 7) - tried.indexOf(y, 7)),
  );
  assert.equal(queue.size, 0);
  assert.deepEqual(lines, [
    'accounting: no RADIUS server gave an answer; records are kept until a server takes them',
    'accounting: records are taken again; 2 are waiting',
  ]);
});

test('what a killed process left is sent by the next, in order, and only once', async () => {
  const file = path.join(folder, 'left.db');
  const open = (): KeyedStore => openKeyedStore(file, assert.ifError);
  const first = setUp(open());
  first.answer(() => failure);
  for (let session = 0; session < 12; session++) {
    first.add(`s${session}`, 'start');
    first.add(`s${session}`, 'stop');
  }
  await first.settle();
  // No close: the process is gone. What is on disk is what a second one finds.
  const store = open();
  const second = setUp(store);
  await second.settle();
  assert.equal(second.tried.length, 24);
  for (let session = 0; session < 12; session++) {
    assert.ok(second.tried.indexOf(`s${session} start`) < second.tried.indexOf(`s${session} stop`));
  }
  assert.match(second.lines[0] ?? '', /^accounting: 24 records of a former process are waiting$/);
  store.close();
  const third = setUp(open());
  assert.equal(third.queue.size, 0);
});

test('records that can never be delivered do not hold up the rest', async () => {
  const { add, tried, lines, settle, answer, queue, clock } = setUp();
  answer(({ status }) => (status === 'start' ? { dropped: 'it does not fit' } : 'taken'));
  add('abcdefgh', 'start');
  add('abcdefgh', 'stop');
  await settle();
  assert.deepEqual([tried.length, queue.size], [2, 0]);
  assert.deepEqual(lines, ['accounting: the record start of session abcdef is dropped: it does not fit']);
  answer(() => failure);
  add('x', 'interim');
  await settle();
  clock.advance(8 * 24 * 3_600_000);
  await settle();
  clock.advance(30_000);
  await settle();
  assert.equal(queue.size, 0);
  assert.match(lines.at(-1) ?? '', /dropped: it is a week old$/);
});

test('the end of the server: all at once, and no longer than allowed', async () => {
  const { add, tried, clock, settle, answer, queue } = setUp();
  answer(() => failure);
  add('a', 'stop');
  await settle();
  for (let session = 0; session < 40; session++) add(`s${session}`, 'stop');
  const gate = Promise.withResolvers<Delivery>();
  answer(({ acctSessionId }) => (acctSessionId === 'a' ? gate.promise : 'taken'));
  let isOver = false;
  const draining = queue.drain(1_500).then(() => {
    isOver = true;
  });
  await settle();
  assert.deepEqual([isOver, queue.size, new Set(tried).size], [false, 1, 41]);
  clock.advance(1_500);
  await draining;
  queue.close();
  gate.resolve('taken');
  await settle();
});

test('interim updates give way when too many records wait; ends do not', async () => {
  const { add, answer, settle, queue, lines } = setUp();
  answer(() => failure);
  for (let count = 0; count < 20_001; count++) add('a', 'interim');
  await settle();
  assert.equal(queue.size, 20_000);
  assert.equal(lines[0], 'accounting: 20000 records are waiting; a further one (interim) is lost');
  add('a', 'stop');
  assert.equal(queue.size, 20_001);
});
