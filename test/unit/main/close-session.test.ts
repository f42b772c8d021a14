import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialSettings } from '../../../core/config/index.ts';
import { keepsCookie, laterCounters } from '../../../core/main/close-session.ts';
import { noCounters } from '../../../core/main/context.ts';
import { normalRoutes } from '../../../core/main/session-settings.ts';
import type { SessionsReason } from '../../../core/interfaces/index.ts';

test('which ends leave the cookie alive', () => {
  const cases: [SessionsReason, boolean, boolean][] = [
    ['userDisconnect', false, true],
    ['serverDisconnect', false, true],
    ['sessionTimeout', false, false],
    ['idleTimeout', true, true],
    ['dpdTimeout', true, true],
    ['temporary', true, true],
    ['error', true, true],
    ['takeover', true, true],
    ['unspecified', true, true],
    ['healthProbe', true, true],
  ];
  for (const [reason, usual, persistent] of cases) {
    const settings = initialSettings;
    assert.equal(keepsCookie({ isTerminated: false, settings }, reason), usual, reason);
    const lasting = { ...settings, 'persistent-cookies': true };
    assert.equal(keepsCookie({ isTerminated: false, settings: lasting }, reason), persistent, reason);
    assert.equal(keepsCookie({ isTerminated: true, settings: lasting }, reason), false, reason);
  }
});

test('counters never go back, and belong to their session whatever a worker says', () => {
  const known = { ...noCounters('one'), rxBytes: 10, txBytes: 5 };
  const said = { ...noCounters('other'), rxBytes: 4, txBytes: 9 };
  assert.deepEqual(laterCounters(known, said), { ...noCounters('one'), rxBytes: 10, txBytes: 9 });
  assert.equal(laterCounters(known, undefined), known);
});

test('routes have dotted masks for IPv4, and a default route means no list', () => {
  assert.deepEqual(normalRoutes(['10.0.0.0/8', '10.1.0.0/255.255.0.0', 'fd00::/8']), [
    '10.0.0.0/255.0.0.0',
    '10.1.0.0/255.255.0.0',
    'fd00::/8',
  ]);
  for (const everything of ['default', 'DEFAULT', '0.0.0.0/0', '::/0', '0.0.0.0/0.0.0.0']) {
    assert.deepEqual(normalRoutes(['10.0.0.0/8', everything]), []);
  }
});
