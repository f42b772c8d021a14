// The numbered events that a watch can be taken up from again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLog } from '../../../core/main/event-log.ts';
import type { ControlEvent } from '../../../core/interfaces/index.ts';

const startedAtMs = 1_795_460_692_000;

test('numbers count up, also over a restart', () => {
  const log = new EventLog(startedAtMs);
  const first = log.last;
  for (let count = 0; count < 5; count++) log.publish({ kind: 'connect' }, startedAtMs + 1500);
  assert.equal(log.last, first + 5);
  assert.ok(Number.isSafeInteger(log.last));
  assert.ok(new EventLog(startedAtMs + 1).last > log.last);
});

test('the events after a number are given again, with their times', () => {
  const log = new EventLog(startedAtMs);
  const first = log.last;
  log.publish({ kind: 'connect' }, startedAtMs + 1500);
  log.publish({ kind: 'disconnect', reason: 'idle timeout' }, startedAtMs + 2500);
  assert.deepEqual(log.since(first + 1), [
    { number: first + 2, time: 1_795_460_694, kind: 'disconnect', reason: 'idle timeout' },
  ]);
  assert.equal(log.since(first)?.length, 2);
  assert.deepEqual(log.since(first + 2), []);
});

test('numbers of another life, of the future and of what is not kept any more are not known', () => {
  const log = new EventLog(startedAtMs);
  const first = log.last;
  assert.deepEqual(log.since(first), []);
  for (const number of [first - 1, first + 1, 0, -1])
    assert.equal(log.since(number), undefined, String(number));
  for (let count = 0; count < 1001; count++) log.publish({ kind: 'connect' }, startedAtMs);
  assert.equal(log.since(first), undefined);
  assert.equal(log.since(first + 1)?.length, 1000);
});

test('everybody who watches hears of an event, until he stops', () => {
  const log = new EventLog(startedAtMs);
  const seen: ControlEvent[][] = [[], []];
  const [stop] = seen.map((list) => log.watch((event) => list.push(event)));
  log.publish({ kind: 'connect' }, startedAtMs);
  stop?.();
  log.publish({ kind: 'disconnect' }, startedAtMs);
  assert.deepEqual(
    seen.map((list) => list.map(({ kind }) => kind)),
    [['connect'], ['connect', 'disconnect']],
  );
});
