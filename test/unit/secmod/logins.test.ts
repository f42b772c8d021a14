import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend, BackendReply } from '../../../core/secmod/auth/backend.ts';
import { EventStream, type SecmodEvent } from '../../../core/secmod/events.ts';
import { FailedAttempts } from '../../../core/secmod/failed-attempts.ts';
import { banKey, Logins, type LoginHost, type LoginRequest } from '../../../core/secmod/logins.ts';
import { PresentedCertificates } from '../../../core/secmod/presented.ts';
import { SessionTable } from '../../../core/secmod/sessions.ts';
import { AuthStatistics } from '../../../core/secmod/statistics.ts';
import { UserThrottle } from '../../../core/secmod/throttle.ts';
import type { Ticket } from '../../../core/secmod/tickets.ts';
import { memorySessionStore } from '../../../core/store/index.ts';
import { FakeClock } from './fake-clock.ts';

const RIGHT = 'planted-right-password';
const WRONG = 'planted-wrong-password';

function setUp(auth = ['plain'], failureDelayMs = 0, isByToken = false) {
  const clock = new FakeClock();
  const presented = new PresentedCertificates(clock);
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const stream = new EventStream();
  const events: SecmodEvent[] = [];
  stream.subscribe((event) => void events.push(event));
  const statistics = new AuthStatistics();
  const sessions = new SessionTable({ clock, store: memorySessionStore(), cookieTimeoutSeconds: () => 300 });
  /** When set, the back end waits for it. */
  let gate: Promise<void> | undefined;
  const lengths: number[] = [];
  const backend: Backend = {
    name: 'plain',
    isByToken,
    tries: 3,
    begin: ({ username: given }) => ({
      async answer(password): Promise<BackendReply> {
        await gate;
        if (password === 'VDE=') return { kind: 'prompted', prompt: '', promptNumber: 0, token: 'VDI=' };
        lengths.push(password.length);
        if (password === 'boom') throw new Error(`unexpected ${password}`);
        const username = isByToken ? 'alice' : given;
        return password === RIGHT && username === 'alice'
          ? { kind: 'accepted', username, groups: ['staff', 'vpn'], ...(isByToken ? { token: 'VDQ=' } : {}) }
          : {
              kind: 'rejected',
              reason: username === 'alice' ? 'wrong password' : 'unknown user',
              isFinal: false,
            };
      },
      close: () => {},
    }),
    listGroups: () => Promise.resolve([]),
  };
  const settings = {
    auth: auth.map((name) => ({ name, options: {} })),
    'enable-auth': [],
    'auth-timeout': 240,
    'cookie-timeout': 300,
    'ban-points-wrong-password': 10,
    'default-select-group': 'Standard',
  } as unknown as LoginHost['settings'];
  const host: LoginHost = {
    name: 'default',
    logPrefix: '',
    settings,
    backends: new Map([['plain', backend]]),
  };
  const logins = new Logins({
    clock,
    log,
    failures: new FailedAttempts({ events: stream, log, statistics }),
    presented,
    failureDelayMs,
    statistics,
    sessions,
    throttle: new UserThrottle(clock),
    host: (name) => (name === '' || name === 'default' ? host : undefined),
  });
  let connection = 0;
  const ticket = (remoteAddress = '192.0.2.1', connectionId = ++connection): Ticket => ({
    workerId: 1,
    connectionId,
    remoteAddress,
    localAddress: '192.0.2.2',
    acceptedAt: clock.now(),
  });
  const request = (password?: string, username = 'alice', group?: string): LoginRequest => ({
    vhost: '',
    method: 0,
    credentials: { username, password, group },
  });
  const hold = () => {
    let release = (): void => {};
    gate = new Promise((resolve) => (release = resolve));
    return () => {
      gate = undefined;
      release();
    };
  };
  return { clock, lines, events, statistics, sessions, presented, logins, ticket, request, hold, lengths };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a right password gives a fresh cookie that opens the session', async () => {
  const { logins, ticket, request, sessions, events } = setUp();
  const step = await logins.start(ticket(), request(RIGHT));
  assert.equal(step.outcome, 'yes');
  assert.equal(step.username, 'alice');
  assert.equal(step.groupname, 'staff');
  assert.equal(step.context, undefined);
  assert.equal(sessions.find(step.cookie ?? '')?.username, 'alice');
  assert.deepEqual(events, []);
  assert.equal(logins.count, 0);
});

test('without a password the first answer is a question', async () => {
  const { logins, ticket, request } = setUp();
  const here = ticket();
  const step = await logins.start(here, request());
  assert.deepEqual({ ...step, context: undefined }, { outcome: 'ask', context: undefined, promptNumber: 0 });
  assert.equal((await logins.continue(here, step.context ?? '', RIGHT))?.outcome, 'yes');
});

test('three wrong passwords end the login; each costs points and leaves a line', async () => {
  for (const username of ['alice', 'nobody']) {
    const { logins, ticket, request, events, lines, statistics } = setUp();
    const here = ticket();
    const first = await logins.start(here, request(WRONG, username));
    assert.equal(first.prompt, 'Login failed.\nPlease enter your password.');
    const context = first.context ?? '';
    assert.equal((await logins.continue(here, context, WRONG))?.outcome, 'ask');
    assert.deepEqual(await logins.continue(here, context, WRONG), {
      outcome: 'no',
      reason: 'Authentication failed',
    });
    assert.equal(await logins.continue(here, context, RIGHT), undefined, 'the login is gone');
    assert.deepEqual(
      events.map(({ kind, points }) => [kind, points]),
      [
        ['failed', 0],
        ['points', 10],
        ['failed', 0],
        ['points', 10],
        ['failed', 0],
        ['points', 10],
      ],
    );
    assert.equal(
      lines.filter((line) => line.startsWith(`login attempt failed for user '${username}' from '192.0.2.1'`))
        .length,
      3,
    );
    assert.equal(
      lines.filter((line) => line === `plain-auth: error authenticating user '${username}'`).length,
      1,
    );
    assert.equal(statistics.authenticationFailures, 3);
  }
});

test('the answer to a failed attempt comes after a set time, to a right one at once', async () => {
  const { clock, logins, ticket, request } = setUp(['plain'], 500);
  assert.equal((await logins.start(ticket(), request(RIGHT))).outcome, 'yes');
  for (const username of ['alice', 'nobody', '']) {
    let answered = false;
    const step = logins.start(ticket(), request(WRONG, username)).then((result) => {
      answered = true;
      return result;
    });
    await settle();
    clock.advance(499);
    await settle();
    assert.equal(answered, false);
    clock.advance(1);
    assert.notEqual((await step).outcome, 'yes');
  }
});

test('a certificate counts for the connection and the host it was presented on', async () => {
  const { logins, ticket, request, presented, sessions, events } = setUp(['certificate']);
  const here = ticket();
  const certificate = { username: 'carol', groups: ['staff'] };
  presented.put(here.connectionId, 'other', certificate, 1000);
  assert.deepEqual(await logins.start(here, request(undefined, '')), {
    outcome: 'no',
    reason: 'No certificate',
  });
  assert.deepEqual(
    events.map(({ kind, points, method, reason }) => [kind, points, method, reason]),
    [
      ['failed', 0, 'certificate', 'no certificate'],
      ['points', 10, 'certificate', 'no certificate'],
    ],
  );
  const there = ticket();
  presented.put(there.connectionId, 'default', certificate, 1000);
  const step = await logins.start(there, request(undefined, ''));
  assert.deepEqual([step.outcome, step.username, step.groupname], ['yes', 'carol', 'staff']);
  const session = sessions.find(step.cookie ?? '');
  assert.deepEqual([session?.certificateAuth, session?.certificateUser], [true, 'carol']);
});

test('a presented certificate is forgotten in time', () => {
  const { clock, presented } = setUp();
  presented.put(1, 'default', { username: 'carol', groups: [] }, 1000);
  clock.advance(999);
  assert.equal(presented.find(1, 'default')?.username, 'carol');
  clock.advance(1);
  assert.equal(presented.find(1, 'default'), undefined);
  presented.put(2, 'default', { username: 'carol', groups: [] }, 1000);
  presented.clear();
  assert.equal(clock.pending, 0);
});

test('an empty user name fails at once', async () => {
  const { logins, ticket, request, events } = setUp();
  assert.deepEqual(await logins.start(ticket(), request(RIGHT, '')), {
    outcome: 'no',
    reason: 'Authentication failed',
  });
  assert.equal(events.length, 2);
});

test('beginning again on the same connection does not bring new tries', async () => {
  const { logins, ticket, request } = setUp();
  const here = ticket();
  for (const [wrong, outcome] of [
    [1, 'ask'],
    [2, 'ask'],
    [3, 'no'],
    [4, 'no'],
  ] as const) {
    const step = await logins.start(here, request(WRONG));
    assert.equal(step.outcome, outcome, `wrong password ${wrong}`);
    if (step.context !== undefined) assert.equal(logins.abandon(here, step.context), true);
  }
});

test('a second login beside an unfinished one costs points and ends both', async () => {
  const { logins, ticket, request, events } = setUp();
  const here = ticket();
  const first = await logins.start(here, request());
  assert.equal((await logins.start(here, request(RIGHT))).outcome, 'no');
  assert.equal(events.filter(({ kind }) => kind === 'points').length, 1);
  assert.equal(await logins.continue(here, first.context ?? '', RIGHT), undefined);
});

test('answers in parallel do not multiply the tries', async () => {
  const { logins, ticket, request, hold, sessions } = setUp();
  const here = ticket();
  const { context = '' } = await logins.start(here, request());
  const release = hold();
  const guesses = [WRONG, RIGHT, RIGHT].map((guess) => logins.continue(here, context, guess));
  release();
  const outcomes = (await Promise.all(guesses)).map((step) => step?.outcome);
  assert.deepEqual(outcomes, ['no', 'no', undefined]);
  assert.equal(sessions.size, 0);
});

test('a ban while the password is being checked refuses even the right one', async () => {
  for (const [address, banned, outcome] of [
    ['192.0.2.1', '192.0.2.1', 'no'],
    ['192.0.2.1', '192.0.2.2', 'yes'],
    ['2001:db8::1', '2001:db8:0:0:ffff::9', 'no'],
    ['2001:db8::1', '2001:db8::/64', 'no'],
    ['2001:db8::1', '2001:db8:0:1::1', 'yes'],
  ] as const) {
    const { logins, ticket, request, hold } = setUp();
    const release = hold();
    const step = logins.start(ticket(address), request(RIGHT));
    logins.addressBanned(banned);
    release();
    assert.equal((await step).outcome, outcome, `${address} with ${banned} banned`);
  }
});

test('a login may go on over another connection from the same address and no other', async () => {
  const { logins, ticket, request } = setUp();
  const { context = '' } = await logins.start(ticket(), request());
  assert.equal(await logins.continue(ticket('192.0.2.77'), context, RIGHT), undefined);
  assert.equal(logins.abandon(ticket('192.0.2.77'), context), false);
  assert.equal((await logins.continue(ticket(), context, RIGHT))?.outcome, 'yes');
});

test('a login ends with auth-timeout, to the millisecond, and leaves no timer', async () => {
  for (const [waitMs, outcome] of [
    [239_999, 'yes'],
    [240_000, undefined],
  ] as const) {
    const { clock, logins, ticket, request } = setUp();
    const here = ticket();
    const { context = '' } = await logins.start(here, request());
    clock.advance(waitMs);
    assert.equal((await logins.continue(here, context, RIGHT))?.outcome, outcome);
    assert.equal(logins.count, 0);
  }
  const { clock, logins, ticket, request, sessions } = setUp();
  const { cookie = '' } = await logins.start(ticket(), request(RIGHT));
  clock.advance(240_000);
  assert.ok(sessions.find(cookie), 'the timer of the login does not touch the session');
});

test('a requested group must be one of the user; the default entry of the form is no request', async () => {
  for (const [group, expected] of [
    ['vpn', 'vpn'],
    ['Standard', 'staff'],
    ['', 'staff'],
    ['admins', undefined],
  ] as const) {
    const { logins, ticket, request, events } = setUp();
    const step = await logins.start(ticket(), request(RIGHT, 'alice', group));
    assert.equal(step.groupname, expected, group);
    assert.equal(step.outcome, expected === undefined ? 'ask' : 'yes');
    assert.equal(events.length, expected === undefined ? 2 : 0);
  }
});

test('an unknown host or slot is refused without points', async () => {
  const { logins, ticket, request, events } = setUp();
  for (const change of [{ vhost: 'nowhere' }, { method: 1 }, { method: -1 }, { method: 0.5 }]) {
    assert.deepEqual(await logins.start(ticket(), { ...request(RIGHT), ...change }), {
      outcome: 'no',
      reason: 'Internal error',
    });
  }
  assert.deepEqual(events, []);
});

test('a crafted user name cannot forge a log line', async () => {
  const { logins, ticket, request, lines } = setUp();
  const forged = "x' from '203.0.113.9\nworker: 203.0.113.9 failed authentication for 'y";
  await logins.start(ticket(), request(WRONG, forged));
  await logins.start(ticket(), request(WRONG, 'n'.repeat(5000)));
  for (const line of lines) {
    assert.ok(!line.includes('\n') && line.length < 400, line);
    assert.ok(!line.includes("'203.0.113.9"), line);
  }
});

test('no password, cookie or context is ever logged or put into an event', async () => {
  const { logins, ticket, request, lines, events } = setUp();
  const here = ticket();
  const asked = await logins.start(here, request(WRONG));
  await logins.continue(here, asked.context ?? '', 'boom');
  const step = await logins.start(ticket(), request(RIGHT));
  const written = JSON.stringify([lines, events]);
  assert.ok(lines.length > 4);
  for (const secret of [RIGHT, WRONG, 'boom', asked.context ?? '?', step.cookie ?? '?'])
    assert.ok(!written.includes(secret), secret);
});

test('addresses are banned whole, IPv6 by /64, however written', () => {
  const cases: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8:0:0'],
    ['2001:db8:0:0:1:2:3:4', '2001:db8:0:0'],
    ['2001:0db8:0000:0001::', '2001:db8:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ];
  for (const [address, key] of cases) assert.equal(banKey(address), key, address);
});

test('a login by token: who it is comes out of the token, name and password count for nothing', async () => {
  const { logins, ticket, sessions, lines } = setUp(['plain'], 0, true);
  const start = (credentials: LoginRequest['credentials']) =>
    logins.start(ticket(), { vhost: '', method: 0, credentials });
  const step = await start({ username: 'mallory', password: WRONG, token: RIGHT });
  assert.deepEqual([step.outcome, step.username], ['yes', 'alice']);
  assert.equal(sessions.find(step.cookie ?? '')?.username, 'alice');
  for (const credentials of [
    { username: '', token: WRONG },
    { username: 'alice', password: RIGHT },
    { username: '' },
    { username: 'alice', password: RIGHT, token: '' },
  ])
    assert.notEqual((await start(credentials)).outcome, 'yes', JSON.stringify(credentials));
  assert.match(lines.join('\n'), /login attempt failed for user 'alice' .* reason: no token/);
  assert.doesNotMatch(lines.join('\n'), /planted/);
});

test('a token is nothing to a method that asks for passwords', async () => {
  const { logins, ticket } = setUp();
  const step = await logins.start(ticket(), {
    vhost: '',
    method: 0,
    credentials: { username: 'alice', token: RIGHT },
  });
  assert.deepEqual([step.outcome, step.cookie], ['ask', undefined]);
});

test('a negotiation: each side is told what the other says', async () => {
  const { logins, ticket } = setUp(['plain'], 0, true);
  const here = ticket();
  const first = await logins.start(here, {
    vhost: '',
    method: 0,
    credentials: { username: '', token: 'VDE=' },
  });
  assert.deepEqual([first.outcome, first.token], ['ask', 'VDI=']);
  const last = await logins.continue(here, first.context ?? '', RIGHT);
  assert.deepEqual([last?.outcome, last?.username, last?.token], ['yes', 'alice', 'VDQ=']);
});

test('of an answer the back end sees as much as it may need', async () => {
  for (const [isByToken, expected] of [
    [true, 16_384],
    [false, 4_096],
  ] as const) {
    const { logins, ticket, lengths } = setUp(['plain'], 0, isByToken);
    const long = 'A'.repeat(20_000);
    const credentials = { username: 'alice', password: long, token: long };
    await logins.start(ticket(), { vhost: '', method: 0, credentials });
    assert.deepEqual(lengths, [expected]);
  }
});
