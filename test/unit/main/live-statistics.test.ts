// The rates and losses of occtl top.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounters, type Main } from '../../../core/main/context.ts';
import { LiveStatistics } from '../../../core/main/live-statistics.ts';

function mainWith(counters: object, dtlsCiphersuite?: string): Main {
  const session = {
    isHandedOver: true,
    username: 'alice',
    vhost: 'default',
    lease: { ipv4: { address: '192.168.77.5', local: '192.168.77.1' } },
    device: { name: 'vpns0' },
    dtlsCiphersuite,
    counters: { ...noCounters('s'), ...counters },
  };
  const open = { id: 7, acceptedAt: 5000, remote: { address: '192.0.2.1' }, tlsCiphersuite: 'T', session };
  const early = { id: 8, acceptedAt: 6000, remote: { address: '192.0.2.2' }, session: undefined };
  return {
    connections: new Map<number, unknown>([
      [7, open],
      [8, early],
    ]),
  } as unknown as Main;
}

test('rates are means since the previous figures, and none in the first', () => {
  const main = mainWith({ rxBytes: 1000, txBytes: 10 });
  const live = new LiveStatistics(main);
  const first = live.next(10_000);
  assert.deepEqual([first.connections, first.flows.length, first.rxRate], [2, 1, 0]);
  const [connection] = main.connections.values();
  const session = connection?.session;
  assert.ok(session !== undefined);
  session.counters = { ...session.counters, rxBytes: 4000, txBytes: 110 };
  const { rxRate, txRate, flows } = live.next(12_000);
  assert.deepEqual([rxRate, txRate, flows[0]?.rxRate, flows[0]?.rxBytes], [1500, 50, 1500, 4000]);
});

test('loss is the share of packets that were thrown away or did not arrive', () => {
  const main = mainWith({});
  const live = new LiveStatistics(main);
  assert.equal(live.next(1000).flows[0]?.lossShare, 0);
  const [connection] = main.connections.values();
  const session = connection?.session;
  assert.ok(session !== undefined);
  session.counters = { ...session.counters, rxPackets: 50, txPackets: 40, txDropped: 4, rxLost: 6 };
  assert.equal(live.next(2000).flows[0]?.lossShare, 0.1);
  assert.equal(live.next(3000).flows[0]?.lossShare, 0);
});

test('the channel is DTLS while there is one; a round-trip time only when it is known', () => {
  const tls = new LiveStatistics(mainWith({})).next(1).flows[0];
  assert.deepEqual([tls?.channel, tls?.ciphersuite, tls?.roundTripMs], ['tls', 'T', undefined]);
  const dtls = new LiveStatistics(mainWith({ roundTripMicros: 2500 }, 'D')).next(1).flows[0];
  assert.deepEqual([dtls?.channel, dtls?.ciphersuite, dtls?.roundTripMs], ['dtls', 'D', 2.5]);
});
