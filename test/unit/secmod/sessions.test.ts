import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  SessionTable,
  newSessionId,
  type CloseReason,
  type NewSession,
} from '../../../core/secmod/sessions.ts';
import { memorySessionStore } from '../../../core/store/index.ts';
import { FakeClock } from './fake-clock.ts';

const TIMEOUT = 300;
const LIFE = (TIMEOUT + 15) * 1000;

function setUp() {
  const clock = new FakeClock();
  const store = memorySessionStore();
  const ended: string[] = [];
  const open = () =>
    new SessionTable({
      clock,
      store,
      cookieTimeoutSeconds: () => TIMEOUT,
      onEnded: (session, why) => void ended.push(`${session.username} ${why}`),
    });
  const table = open();
  const login = (username = 'alice'): NewSession => ({
    sessionId: newSessionId(),
    username,
    groupname: 'staff',
    vhost: 'default',
    userAgent: undefined,
    loginAddress: '192.0.2.1',
    certificateAuth: false,
    certificateUser: undefined,
    supplement: undefined,
    cookieTimeoutSeconds: TIMEOUT,
  });
  const use = (target: SessionTable, cookie: string) => {
    const session = target.find(cookie);
    assert.ok(session);
    target.open(session, '192.0.2.9', TIMEOUT);
    return session.sessionId;
  };
  const close = (target: SessionTable, sessionId: string, reason: CloseReason, keepCookie: boolean) =>
    target.close(sessionId, { keepCookie, reason, rxBytes: 10, txBytes: 20, cookieTimeoutSeconds: TIMEOUT });
  return { clock, store, ended, open, table, login, use, close };
}

test('cookies that were never handed out, or in another spelling, are unknown', () => {
  const { table, login } = setUp();
  const cookie = table.issue(login());
  assert.ok(table.find(cookie));
  const respelt = Buffer.from(cookie, 'base64').toString('base64url');
  for (const other of [
    '',
    'x',
    cookie.slice(1),
    `${cookie} `,
    `${cookie}=`,
    respelt.slice(0, 43),
    Buffer.alloc(32).toString('base64'),
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
  ]) {
    assert.equal(table.find(other), undefined, JSON.stringify(other));
  }
  // The last character but one carries two bits that a lenient decoder ignores.
  const last = cookie[42] ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const lenient = `${cookie.slice(0, 42)}${alphabet[alphabet.indexOf(last) ^ 1]}=`;
  assert.equal(table.find(lenient), undefined);
});

test('an unused cookie lives for cookie-timeout and 15 seconds to the millisecond', () => {
  const { clock, table, login, ended } = setUp();
  const cookie = table.issue(login());
  clock.advance(LIFE - 1);
  assert.ok(table.find(cookie));
  clock.advance(1);
  assert.equal(table.find(cookie), undefined);
  assert.deepEqual(ended, ['alice expired'], 'by its own timer');
  assert.equal(clock.pending, 0);
});

test('in use a cookie never expires', () => {
  const { clock, table, login, use } = setUp();
  const cookie = table.issue(login());
  use(table, cookie);
  clock.advance(LIFE * 1000);
  assert.ok(table.find(cookie));
});

test('what a cookie is worth after its tunnel ended', () => {
  const cases: [CloseReason, boolean, 'dead' | 'full' | 'as before'][] = [
    ['userDisconnect', false, 'dead'],
    ['serverDisconnect', false, 'dead'],
    ['sessionTimeout', false, 'dead'],
    ['sessionTimeout', true, 'dead'],
    ['userDisconnect', true, 'as before'],
    ['serverDisconnect', true, 'as before'],
    ['temporary', true, 'full'],
    ['idleTimeout', true, 'full'],
    ['dpdTimeout', true, 'full'],
    ['error', true, 'full'],
    ['unspecified', true, 'full'],
  ];
  for (const [reason, keepCookie, expected] of cases) {
    for (const usedMs of [0, 100_000, LIFE * 2]) {
      const { clock, table, login, use, close } = setUp();
      const cookie = table.issue(login());
      const sessionId = use(table, cookie);
      clock.advance(usedMs);
      close(table, sessionId, reason, keepCookie);
      const name = `${reason} ${keepCookie} ${usedMs}`;
      if (expected === 'dead') {
        assert.equal(table.find(cookie), undefined, name);
        continue;
      }
      const restMs = expected === 'full' ? LIFE : Math.max(15_000, LIFE - usedMs);
      clock.advance(restMs - 1);
      assert.ok(table.find(cookie), name);
      clock.advance(1);
      assert.equal(table.find(cookie), undefined, name);
    }
  }
});

test('a session that was taken over survives the end of the old tunnel, however it ends', () => {
  for (const [reason, keepCookie] of [
    ['takeover', true],
    ['takeover', false],
    ['userDisconnect', false],
  ] as const) {
    const { table, login, use, close } = setUp();
    const cookie = table.issue(login());
    const sessionId = use(table, cookie);
    use(table, cookie);
    assert.equal(close(table, sessionId, reason, keepCookie)?.fate, 'in use');
    assert.ok(table.find(cookie), reason);
    assert.equal(close(table, sessionId, 'userDisconnect', false)?.fate, 'ended');
    assert.equal(table.find(cookie), undefined);
  }
});

test("terminating a user kills all his cookies and nobody else's, in use or not", () => {
  const { table, login, use, store, close, ended } = setUp();
  const inUse = table.issue(login());
  const idle = table.issue(login());
  const other = table.issue(login('bob'));
  const sessionId = use(table, inUse);
  assert.equal(table.revokeUser('alice').length, 2);
  assert.deepEqual(
    [inUse, idle, other].map((cookie) => table.find(cookie) !== undefined),
    [false, false, true],
  );
  assert.deepEqual(
    store.list().map((row) => row.username),
    ['bob'],
  );
  assert.equal(table.list().length, 1, 'a revoked session is not listed');
  assert.deepEqual(table.revokeUser('alice'), []);
  assert.equal(
    close(table, sessionId, 'temporary', true)?.fate,
    'ended',
    'even if main says the cookie may stay',
  );
  assert.deepEqual(ended, ['alice revoked', 'alice revoked']);
});

test('terminating one session kills that cookie alone', () => {
  const { table, login, use } = setUp();
  const one = table.issue(login());
  const two = table.issue(login());
  const sessionId = use(table, one);
  assert.deepEqual(table.revokeSession(sessionId), [sessionId]);
  assert.equal(table.find(one), undefined);
  assert.ok(table.find(two));
  assert.deepEqual(table.revokeSession('nobody'), []);
});

test('after a crash cookies work, sessions in use become resumable, revoked ones stay dead', () => {
  const { clock, table, login, use, open, store } = setUp();
  const unused = table.issue(login());
  const inUse = table.issue(login());
  const revoked = table.issue(login('eve'));
  const expiring = table.issue({ ...login(), cookieTimeoutSeconds: 0 });
  use(table, inUse);
  table.revokeUser('eve');
  clock.advance(100_000);
  // No stop(): the process was killed.
  const after = open();
  assert.ok(after.find(unused));
  assert.ok(after.find(inUse));
  assert.equal(after.find(revoked), undefined);
  assert.equal(after.find(expiring), undefined);
  assert.ok(store.list().every((row) => row.cookieHash !== unused && row.cookieHash !== inUse));
  clock.advance(LIFE - 100_000);
  assert.equal(after.find(unused), undefined, 'the old expiry counts');
  assert.ok(after.find(inUse));
  clock.advance(100_000);
  assert.equal(after.find(inUse), undefined);
});

test('a session that main still has a tunnel for stays in use after a restart of the security module', () => {
  const { clock, table, login, use, open } = setUp();
  const cookie = table.issue(login());
  const sessionId = use(table, cookie);
  const after = open();
  assert.equal(after.confirmUse(sessionId), true);
  assert.equal(after.confirmUse('nobody'), false);
  clock.advance(LIFE * 2);
  assert.ok(after.find(cookie));
});

test('the cookie is nowhere in what is stored or listed, and the id does not follow from it', () => {
  const { table, login, store } = setUp();
  const cookie = table.issue(login());
  const kept = JSON.stringify([store.list(), table.list()]);
  for (const form of [cookie, Buffer.from(cookie, 'base64').toString('hex')]) assert.ok(!kept.includes(form));
  assert.match(newSessionId(), /^[A-Za-z0-9+/]{27}=$/);
});
