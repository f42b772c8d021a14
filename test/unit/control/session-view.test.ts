// Sessions and bans as tables, blocks and JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  banPointsTable,
  bansJson,
  bansTable,
  sessionBlocks,
  sessionJson,
  sessionsTable,
} from '../../../core/control/session-view.ts';
import type { ControlSession } from '../../../core/interfaces/index.ts';

const now = 1_795_460_700;
const session: ControlSession = {
  sessionId: 'SYPPx0M5jHJYmqt6vTX3JfPt2KI=',
  createdAt: now - 26,
  expiresAt: now + 300,
  state: 'authenticated',
  username: 'dave',
  vhost: 'default',
  userAgent: 'AnyConnect-compatible OpenConnect VPN Agent',
  remoteAddress: '192.0.2.13',
  isOpen: true,
  certificateAuth: false,
  inUse: false,
};

test('the sessions table cuts the user agent and pads nothing else away', () => {
  assert.equal(
    sessionsTable([session], now),
    [
      'session     user    vhost             ip               user agent  created   status\n',
      'SYPPx0     dave  default     192.0.2.13 AnyConnect-compatible Op      26s authenticated\n',
    ].join(''),
  );
});

test('an unknown session is a sentence that scripts look for', () => {
  assert.equal(sessionBlocks([]), 'Session ID not found or expired\n');
});

test('a session in use shows no end', () => {
  const { expiresAt: _ended, ...inUse } = session;
  assert.match(sessionBlocks([session]), /Created: .* {3}Expires: /);
  assert.doesNotMatch(sessionBlocks([{ ...inUse, inUse: true }]), /Expires/);
});

test('JSON has the three flags as numbers', () => {
  const json = sessionJson(session);
  assert.deepEqual([json['session_is_open'], json['tls_auth_ok'], json['in_use']], [1, 0, 0]);
  assert.equal(json['Session'], 'SYPPx0');
  assert.equal(json['Groupname'], '(none)');
});

const bans = [
  { address: '198.51.100.4', score: 90, banned: true, expiresAt: now + 277 },
  { address: '192.0.2.4', score: 0, banned: false },
];

test('bans lists the banned alone, points everybody, both by address', () => {
  assert.match(
    bansTable(bans, now),
    /^ {13}IP {6}score {24}expires\n {3}198\.51\.100\.4 {9}90 {15}\d{4}-\d\d-\d\d \d\d:\d\d \( 4m:37s\)\n$/,
  );
  assert.equal(
    banPointsTable(bans),
    '             IP      score\n      192.0.2.4          0\n   198.51.100.4         90\n',
  );
  assert.equal(bansTable([], now), '');
  assert.deepEqual(
    bansJson(bans, now).map((ban) => [ban['IP'], ban['_Since'], ban['Score']]),
    [['198.51.100.4', ' 4m:37s', 90]],
  );
});
