// What is made of a checked ticket; the checking itself needs a KDC (test/e2e/gssapi.test.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GssapiStep, PamReport, PamTask } from '../../../../core/native/index.ts';
import { gssapiBackend, readToken, type GssapiOptions } from '../../../../core/secmod/auth/gssapi.ts';
import { FakeClock } from '../fake-clock.ts';

const token = Buffer.from('ticket').toString('base64');
const good = {
  state: 'done',
  token: Buffer.from('last word'),
  principal: 'alice@VPN.TEST',
  localName: 'alice',
  authenticatedAt: 1_000,
  isAnonymous: false,
} as const;

function open(steps: readonly GssapiStep[], change: Partial<GssapiOptions> = {}, isLost = false) {
  const clock = new FakeClock();
  const queue = [...steps];
  const seen: string[] = [];
  const tasks: PamTask[] = [];
  const ignore = (): void => {};
  const backend = gssapiBackend({
    keytab: undefined,
    requiresLocalUser: true,
    freshnessSeconds: undefined,
    lowestGid: 0,
    acquireGssapi: () => ({
      begin: () => ({
        accept(bytes) {
          seen.push(bytes.toString());
          return Promise.resolve(queue.shift() ?? { state: 'failed', problem: "no\n'more'" });
        },
      }),
    }),
    startPam(task, onReport) {
      tasks.push(task);
      const end = { phase: 'groups', code: 0, text: '', user: '', groups: ['staff', 'vpn'] } as const;
      const report: PamReport = isLost ? { kind: 'lost', reason: 'gone' } : { kind: 'end', ...end };
      setImmediate(() => onReport(report));
      return { answer: ignore, close: ignore, gone: Promise.resolve() };
    },
    clock,
    log: { error: ignore, warning: ignore, notice: ignore, info: ignore, debug: ignore },
    ...change,
  });
  const conversation = backend.begin({
    username: '',
    remoteAddress: '192.0.2.1',
    localAddress: '192.0.2.2',
    userAgent: undefined,
    sessionId: 's',
    hasCertificate: false,
  });
  return { clock, seen, tasks, answer: (text = token) => conversation.answer(text) };
}

test('a good ticket: the local user, his groups, and the last word for the client', async () => {
  const { answer, seen, tasks } = open([good]);
  assert.deepEqual(await answer(), {
    kind: 'accepted',
    username: 'alice',
    groups: ['staff', 'vpn'],
    token: Buffer.from('last word').toString('base64'),
  });
  assert.deepEqual([seen, tasks], [['ticket'], [{ kind: 'userGroups', user: 'alice' }]]);
});

test('nobody without a local user, but where principals are users', async () => {
  const { localName, ...unmapped } = good;
  assert.equal(localName, 'alice');
  const refusal = {
    kind: 'rejected',
    isFinal: true,
    reason: "ticket of 'alice@VPN.TEST' maps to no local user",
  };
  assert.deepEqual(await open([unmapped]).answer(), refusal);
  const reply = await open([unmapped], { requiresLocalUser: false }).answer();
  assert.equal(reply.kind === 'accepted' && reply.username, 'alice@VPN.TEST');
  const long = { ...good, principal: `${'a'.repeat(60)}@VPN` };
  assert.equal((await open([long], { requiresLocalUser: false }).answer()).kind, 'rejected');
});

test('freshness counts to the second, and a ticket without a time is none', async () => {
  for (const [seconds, expected] of [
    [1_300, 'accepted'],
    [1_301, 'rejected'],
  ] as const) {
    const { answer, clock } = open([good], { freshnessSeconds: 300 });
    clock.advance(seconds * 1000 - clock.now());
    assert.equal((await answer()).kind, expected, String(seconds));
  }
  const { authenticatedAt, ...timeless } = good;
  assert.equal(authenticatedAt, 1_000);
  assert.equal((await open([timeless], { freshnessSeconds: 300 }).answer()).kind, 'rejected');
  assert.equal((await open([timeless]).answer()).kind, 'accepted');
});

test('anonymous tickets, refused tokens and what is no token are refused for good', async () => {
  assert.equal((await open([{ ...good, isAnonymous: true }]).answer()).kind, 'rejected');
  assert.deepEqual(await open([]).answer(), {
    kind: 'rejected',
    reason: 'token refused: no??more?',
    isFinal: true,
  });
  const { answer, seen } = open([good]);
  for (const text of ['', 'a', 'a b=', 'YWJj\n', '====', 'YWJj=YWJ', `${token}é`])
    assert.equal((await answer(text)).kind, 'rejected', JSON.stringify(text));
  assert.deepEqual(seen, []);
});

test('a negotiation ends after a few rounds, whatever the library says', async () => {
  const more = { state: 'underWay', token: Buffer.from('more') } as const;
  const { answer } = open(new Array<GssapiStep>(10).fill(more));
  for (let round = 0; round < 4; round += 1) {
    assert.deepEqual(await answer(), { kind: 'prompted', prompt: '', promptNumber: 0, token: 'bW9yZQ==' });
  }
  assert.equal((await answer()).kind, 'rejected');
});

test('groups that cannot be looked up are our own trouble', async () => {
  assert.deepEqual(await open([good], {}, true).answer(), {
    kind: 'unavailable',
    reason: 'groups of the user: gone',
  });
});

test('tokens survive base64 and nothing else does', () => {
  for (let length = 1; length < 100; length += 1) {
    const bytes = Buffer.alloc(length, length);
    assert.deepEqual(readToken(bytes.toString('base64')), bytes);
  }
});
