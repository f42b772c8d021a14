import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Accounting, type Tunnel } from '../../../../core/secmod/accounting/index.ts';
import { valueOf } from '../../../../core/secmod/radius/attributes.ts';
import type { RadiusSite } from '../../../../core/secmod/radius/index.ts';
import type { Session } from '../../../../core/secmod/sessions.ts';
import { memoryKeyedStore, type KeyedStore } from '../../../../core/store/index.ts';
import { FakeClock } from '../fake-clock.ts';

const kinds = { 1: 'Start', 2: 'Stop', 3: 'Interim' } as const;

function setUp(store: KeyedStore = memoryKeyedStore(), clock = new FakeClock(), sent: string[] = []) {
  const log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
  const site: RadiusSite = {
    nasIdentifier: undefined,
    nasAddress: undefined,
    defaultRealm: undefined,
    groupSeparator: 'semicolon',
    exchange: {
      ask: (_kind, attributes) => {
        const kind = kinds[(valueOf(attributes, 'Acct-Status-Type') ?? 1) as keyof typeof kinds];
        const cause = valueOf(attributes, 'Acct-Terminate-Cause');
        sent.push(
          [
            kind,
            (valueOf(attributes, 'Acct-Session-Id') ?? '').slice(0, 2),
            `${valueOf(attributes, 'Acct-Session-Time') ?? 0}s`,
            `${valueOf(attributes, 'Acct-Input-Octets') ?? 0}/${valueOf(attributes, 'Acct-Output-Octets') ?? 0}`,
            valueOf(attributes, 'Framed-IP-Address') ?? '-',
            ...(cause === undefined ? [] : [`cause ${cause}`]),
          ].join(' '),
        );
        return Promise.resolve({ answer: { code: 5, attributes: [] } });
      },
    },
  };
  const accounting = new Accounting({
    store,
    clock,
    log,
    site: (vhost) => (vhost === 'default' ? site : undefined),
  });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 30; round++) await turn();
  };
  return { accounting, sent, settle, clock, store };
}

const sessionOf = (clock: FakeClock, vhost = 'default'): Session => ({
  sessionId: 'S1-of-28-characters',
  username: 'alice',
  groupname: undefined,
  vhost,
  userAgent: undefined,
  loginAddress: '192.0.2.9',
  remoteAddress: '192.0.2.9',
  createdAt: clock.now(),
  expiresAt: 0,
  useCount: 1,
  isOpen: true,
  certificateAuth: false,
  certificateUser: undefined,
  supplement: undefined,
  rxBytes: 0,
  txBytes: 0,
});
const tunnel = (openedAt: number, ipv4 = '10.0.0.1'): Tunnel => ({
  openedAt,
  remoteAddress: '192.0.2.9',
  localAddress: '192.0.2.2',
  ipv4,
});
const bytes = (rxBytes: number, txBytes: number) => ({ rxBytes, txBytes });
const id = 'S1-of-28-characters';

test('one Start, updates with the sums of all tunnels, and a Stop dated at the last sign of life', async () => {
  const { accounting, sent, settle, clock } = setUp();
  const session = sessionOf(clock);
  clock.advance(1_000);
  accounting.tunnelOpened(session, tunnel(1));
  clock.advance(10_000);
  accounting.countersReported(id, 1, bytes(10, 20), false);
  accounting.countersReported(id, 1, bytes(9, 30), true);
  accounting.tunnelClosed(id, 1, bytes(11, 30), 'error');
  clock.advance(10_000);
  accounting.tunnelOpened(session, tunnel(2, '10.0.0.2'));
  accounting.countersReported(id, 2, bytes(100, 200), true);
  accounting.tunnelClosed(id, 2, bytes(100, 200), 'dpdTimeout');
  clock.advance(315_000);
  accounting.sessionEnded(id);
  accounting.sessionEnded(id);
  await settle();
  assert.deepEqual(sent, [
    'Start S1 0s 0/0 10.0.0.1',
    'Interim S1 11s 10/30 10.0.0.1',
    'Interim S1 11s 11/30 10.0.0.1',
    'Interim S1 21s 111/230 10.0.0.2',
    'Interim S1 21s 111/230 10.0.0.2',
    'Stop S1 21s 111/230 10.0.0.2 cause 2',
  ]);
});

test('a takeover is one session, in whichever order its two halves arrive', async () => {
  for (const order of ['close first', 'open first']) {
    const { accounting, sent, settle, clock } = setUp();
    const session = sessionOf(clock);
    accounting.tunnelOpened(session, tunnel(1));
    const steps = [
      () => accounting.tunnelClosed(id, 1, bytes(5, 5), 'takeover'),
      () => accounting.tunnelOpened(session, tunnel(2)),
    ];
    for (const step of order === 'close first' ? steps : steps.reverse()) step();
    accounting.countersReported(id, 2, bytes(7, 7), false);
    accounting.tunnelClosed(id, 2, bytes(8, 8), 'userDisconnect');
    accounting.sessionEnded(id);
    await settle();
    assert.equal(sent.filter((line) => line.startsWith('Start')).length, 1, order);
    assert.equal(sent.at(-1), 'Stop S1 0s 13/13 10.0.0.1 cause 1', order);
  }
});

test('the security module dies: the tunnel goes on counting in the next one', async () => {
  const first = setUp();
  const session = sessionOf(first.clock);
  first.accounting.tunnelOpened(session, tunnel(1));
  first.accounting.countersReported(id, 1, bytes(50, 50), false);
  await first.settle();
  const second = setUp(first.store, first.clock, first.sent);
  second.accounting.settle(() => true);
  second.accounting.tunnelOpened(session, tunnel(1));
  second.accounting.tunnelClosed(id, 1, bytes(60, 60), 'idleTimeout');
  second.accounting.sessionEnded(id);
  await second.settle();
  assert.deepEqual(first.sent, [
    'Start S1 0s 0/0 10.0.0.1',
    'Interim S1 0s 60/60 10.0.0.1',
    'Stop S1 0s 60/60 10.0.0.1 cause 4',
  ]);
});

test('everything dies: a session that comes back goes on, one that does not gets its Stop', async () => {
  const first = setUp();
  const session = sessionOf(first.clock);
  first.accounting.tunnelOpened(session, tunnel(1));
  first.clock.advance(60_000);
  first.accounting.countersReported(id, 1, bytes(50, 50), false);
  await first.settle();
  const second = setUp(first.store, first.clock, first.sent);
  second.accounting.settle(() => true);
  second.accounting.tunnelOpened(session, tunnel(2));
  second.accounting.countersReported(id, 2, bytes(1, 1), false);
  const third = setUp(first.store, first.clock, first.sent);
  first.clock.advance(600_000);
  third.accounting.settle(() => false);
  await third.settle();
  assert.deepEqual(first.sent, ['Start S1 0s 0/0 10.0.0.1', 'Stop S1 60s 51/51 10.0.0.1 cause 11']);
});

test('the stop of the server: a Stop for all, with a cause of its own where the session had one', async () => {
  for (const [reason, cause] of [
    ['serverDisconnect', 7],
    ['dpdTimeout', 2],
    [undefined, 7],
  ] as const) {
    const { accounting, sent, settle, clock, store } = setUp();
    const session = sessionOf(clock);
    accounting.tunnelOpened(session, tunnel(1));
    if (reason !== undefined) accounting.tunnelClosed(id, 1, bytes(3, 3), reason);
    await accounting.shutDown(1_500);
    await settle();
    assert.match(sent.at(-1) ?? '', new RegExp(`^Stop S1 .* cause ${cause}$`));
    // The next server: the session comes back under another id, or is forgotten without a second Stop.
    const next = setUp(store, clock, sent);
    next.accounting.settle(() => true);
    next.accounting.tunnelOpened(session, tunnel(9));
    await next.settle();
    assert.match(sent.at(-1) ?? '', /^Start (?!S1)/);
    const count = sent.length;
    await next.accounting.shutDown(1_500);
    assert.equal(sent.length, count + 1);
    setUp(store, clock, sent).accounting.settle(() => false);
    await next.settle();
    assert.equal(sent.length, count + 1);
  }
});

test('hosts without accounting, sessions that were never opened and unknown tunnels are left alone', async () => {
  const { accounting, sent, settle, clock } = setUp();
  accounting.tunnelOpened(sessionOf(clock, 'other'), tunnel(1));
  accounting.countersReported(id, 1, bytes(1, 1), true);
  accounting.tunnelClosed(id, 1, bytes(1, 1), 'error');
  accounting.sessionEnded(id);
  await settle();
  assert.deepEqual(sent, []);
});
