// The frames of occtl top.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topFrame } from '../../../core/control/index.ts';
import type { ControlFlow } from '../../../core/interfaces/index.ts';

const flow: ControlFlow = {
  ...{ id: 1, username: 'alice', vhost: 'default', remoteAddress: '192.0.2.1', device: 'vpns0' },
  ...{ ipv4: '192.168.77.50', connectedAt: 940, channel: 'dtls', userAgent: 'Agent' },
  ciphersuite: '(DTLS1.2)-(PSK)-(AES-256-GCM)',
  ...{ rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, rxDropped: 0, txDropped: 0, rxLost: 0 },
  ...{ rxRate: 8800, txRate: 0, lossShare: 0.0123, roundTripMs: 12.3 },
};
const statistics = {
  ...{ timeMs: 1_000_000, connections: 3, rxRate: 8800, txRate: 500 },
  flows: [
    flow,
    { ...flow, id: 2, username: 'bob', rxRate: 0, txRate: 500, lossShare: 0.5, roundTripMs: undefined },
  ],
};

test('80 columns hold user, address, rates, loss, round trip, channel and cipher', () => {
  assert.deepEqual(topFrame(statistics, { columns: 80, sort: 'rx' }), [
    '2 tunnels, 3 connections, rx 8.8 kB/s, tx 500 bytes/s',
    'user       address              rx/s      tx/s  loss    rtt ch   cipher',
    'alice      192.168.77.50      8.8 kB       0 B  1.2%   12ms dtls AES-256-GCM',
    'bob        192.168.77.50         0 B     500 B   50%      - dtls AES-256-GCM',
  ]);
});

test('no line is longer than the screen, whatever its width and what clients call themselves', () => {
  const long = {
    ...flow,
    username: 'x'.repeat(200),
    userAgent: 'y\u001b[2J'.repeat(50),
    ipv4: undefined,
    ipv6: 'fd00::'.repeat(9),
  };
  for (const columns of [20, 40, 79, 80, 81, 120, 300])
    for (const line of topFrame({ ...statistics, flows: [long] }, { columns, sort: 'user' })) {
      assert.ok(line.length <= columns, `${String(columns)}: ${line}`);
      assert.doesNotMatch(line, /\u001b/);
    }
});

test('a screen with few rows shows the first of the order', () => {
  const first = (sort: 'rx' | 'tx' | 'loss' | 'rtt' | 'user') =>
    topFrame(statistics, { columns: 80, rows: 4, sort });
  assert.equal(first('rx').length, 3);
  for (const [sort, user] of [
    ['rx', 'alice'],
    ['tx', 'bob'],
    ['loss', 'bob'],
    ['rtt', 'alice'],
    ['user', 'alice'],
  ] as const)
    assert.match(first(sort)[2] ?? '', new RegExp(`^${user}`), sort);
});
