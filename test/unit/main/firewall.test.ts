import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialSettings, type Configuration, type Settings } from '../../../core/config/index.ts';
import { Firewall } from '../../../core/main/firewall.ts';
import type { NftOutcome } from '../../../core/main/nft.ts';
import { memoryKeyedStore, type KeyedStore } from '../../../core/store/index.ts';
import { createLogger } from '../../../core/system/index.ts';

const log = createLogger({ component: 'main:', level: 0, destinations: { stderr: false } });
/** No device has it. */
const index = 2 ** 30;

function session(name: string, more: Partial<Settings> = { 'restrict-user-to-routes': true }) {
  return { device: { name, index }, settings: { ...initialSettings, ...more } };
}

/** A firewall whose transactions end when the test says so. */
function held(store: KeyedStore = memoryKeyedStore()) {
  const asked: { readonly input: string; readonly end: (outcome: NftOutcome) => void }[] = [];
  const firewall = new Firewall(
    store,
    (input) => new Promise((resolve) => asked.push({ input, end: resolve })),
  );
  return { firewall, asked };
}

/** Lets what is already resolved run on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const done = { output: '' };
const removes = (input = ''): boolean => !input.includes('chain');

test('a session without restrictions has no table', async () => {
  const { firewall, asked } = held();
  const free = session('vpns0', {});
  assert.equal(await firewall.raise(free), undefined);
  await firewall.lower(free, log);
  assert.equal(asked.length, 0);
});

test('ports alone restrict to routes too', async () => {
  const { firewall, asked } = held();
  const raised = firewall.raise(
    session('vpns0', { 'restrict-user-to-ports': ['tcp(443)'], route: ['10.1.0.0/16'] }),
  );
  await settle();
  assert.match(asked[0]?.input ?? '', /ip daddr \{ 10\.1\.0\.0\/16 \} accept\n {4}reject/);
  asked[0]?.end(done);
  assert.equal(await raised, undefined);
});

test('what nft complains of refuses the session', async () => {
  const { firewall, asked } = held();
  const raised = firewall.raise(session('vpns0'));
  await settle();
  asked[0]?.end({ problem: 'nft: no such thing' });
  assert.equal(await raised, 'nft: no such thing');
});

test('the end of a session takes no table of the next one on a device of the same name', async () => {
  const { firewall, asked } = held();
  const [former, next] = [session('vpns0'), session('vpns0')];
  const first = firewall.raise(former);
  await settle();
  asked[0]?.end(done);
  await first;
  // The removal has begun: the new table is made after it.
  const lowered = firewall.lower(former, log);
  await settle();
  assert.ok(removes(asked[1]?.input));
  const second = firewall.raise(next);
  await settle();
  assert.equal(asked.length, 2, 'one after the other');
  asked[1]?.end(done);
  await lowered;
  await settle();
  assert.ok(!removes(asked[2]?.input));
  asked[2]?.end(done);
  assert.equal(await second, undefined);
  // Here the next session is there before the removal begins.
  const third = session('vpns0');
  const raised = firewall.raise(third);
  const late = firewall.lower(next, log);
  await settle();
  asked[3]?.end(done);
  await Promise.all([raised, late]);
  assert.equal(asked.length, 4, 'nothing was removed');
});

test('a start looks for tables of a killed server where there may be any, and fails where they are needed', async () => {
  const store = memoryKeyedStore();
  const free: Configuration = { file: 'f', hosts: [{ settings: initialSettings, explicit: [] }] };
  const restricting: Configuration = {
    file: 'f',
    hosts: [{ settings: session('x').settings, explicit: [] }],
  };

  const quiet = held(store);
  await quiet.firewall.removeLeftovers(free, log);
  assert.equal(quiet.asked.length, 0);

  // A session with rules: killed before its end.
  const killed = held(store);
  const raised = killed.firewall.raise(session('no-such-dev'));
  await settle();
  killed.asked[0]?.end(done);
  await raised;

  const again = held(store);
  const cleaned = again.firewall.removeLeftovers(free, log);
  await settle();
  assert.equal(again.asked[0]?.input, 'list tables inet\n');
  again.asked[0]?.end({ output: 'table inet ocserv_no_such_dev\ntable inet other\n' });
  await settle();
  assert.equal(
    again.asked[1]?.input,
    'table inet ocserv_no_such_dev\ndelete table inet ocserv_no_such_dev\n',
  );
  again.asked[1]?.end(done);
  await cleaned;
  await again.firewall.removeLeftovers(free, log);
  assert.equal(again.asked.length, 2, 'once');

  const failing = held(store);
  const started = failing.firewall.removeLeftovers(restricting, log);
  await settle();
  failing.asked[0]?.end({ problem: 'nft: Operation not supported' });
  await assert.rejects(started, /cannot set the firewall rules.*: nft: Operation not supported/);
});
