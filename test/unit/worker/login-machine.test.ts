import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  moveLogin,
  type LoginEvent,
  type LoginPolicy,
  type LoginState,
} from '../../../core/worker/login-machine.ts';

const policy: LoginPolicy = {
  asksPassword: true,
  httpScheme: undefined,
  hasFallback: false,
  isRefused: false,
  lacksCertificate: false,
  mustChooseGroup: false,
};
const cookie = 'AARaP0cTul3W4IWbmHticRGp0H6nLuzREMf1/ZC6lKk=';
const asked = { context: 'ctx', message: 'm', promptNumber: 0 };
const states: LoginState[] = [
  { name: 'idle' },
  { name: 'waiting', asked: undefined },
  { name: 'asking', asked },
  { name: 'negotiating', context: 'ctx' },
  { name: 'done' },
  { name: 'over' },
];
const post = (fields: object, context?: string): LoginEvent => ({ name: 'posted', fields, context });
const full = { username: 'alice', password: 'secret' };
const move = (state: LoginState, event: LoginEvent, change: Partial<LoginPolicy> = {}) =>
  moveLogin(state, event, { ...policy, ...change });

test('success comes from a "yes" with a cookie while the security module has the word, and from nothing else', () => {
  const events: LoginEvent[] = [
    { name: 'formWanted' },
    { name: 'contextLost' },
    { name: 'unavailable' },
    post({}),
    post(full),
    post({ password: 'x' }, 'ctx'),
    { name: 'stepped', step: { outcome: 'no' } },
    { name: 'stepped', step: { outcome: 'ask', context: 'c' } },
    { name: 'stepped', step: { outcome: 'yes' } },
    { name: 'stepped', step: { outcome: 'yes', cookie: 'short' } },
    { name: 'stepped', step: { outcome: 'yes', cookie } },
  ];
  for (const state of states) {
    for (const event of events) {
      const [next, action] = move(state, event);
      const isYes = event.name === 'stepped' && event.step.outcome === 'yes' && event.step.cookie === cookie;
      const expected = state.name === 'waiting' && isYes;
      assert.equal(action.do === 'succeed', expected, `${state.name} ${JSON.stringify(event)}`);
      assert.equal(
        next.name === 'done',
        expected || (state.name === 'done' && action.do !== 'refuse' && action.do !== 'sayUnavailable'),
        `${state.name} ${JSON.stringify(event)}`,
      );
    }
  }
});

test('once over, every post is refused', () => {
  for (const name of ['done', 'over', 'waiting'] as const) {
    const state = name === 'waiting' ? { name, asked: undefined } : { name };
    assert.deepEqual(move(state, post(full)), [
      { name: 'over' },
      { do: 'refuse', reason: 'Authentication failed' },
    ]);
  }
});

test('a first post without user name shows the form, without password it is refused', () => {
  assert.deepEqual(move({ name: 'idle' }, post({})), [{ name: 'idle' }, { do: 'showForm' }]);
  assert.deepEqual(move({ name: 'idle' }, post({ username: '', password: 'x' })), [
    { name: 'idle' },
    { do: 'showForm' },
  ]);
  assert.deepEqual(move({ name: 'idle' }, post({ username: 'a' }))[1], {
    do: 'refuse',
    reason: 'No password',
  });
});

test('credentials start a login, an empty password is one', () => {
  assert.deepEqual(move({ name: 'idle' }, post(full)), [
    { name: 'waiting', asked: undefined },
    { do: 'start', username: 'alice', password: 'secret' },
  ]);
  assert.equal(move({ name: 'idle' }, post({ username: 'a', password: '' }))[1].do, 'start');
});

test('an answer on a new connection continues the login its cookie names', () => {
  assert.deepEqual(move({ name: 'idle' }, post({ password: 'x' }, 'ctx'))[1], {
    do: 'continue',
    context: 'ctx',
    answer: 'x',
  });
  assert.equal(move({ name: 'idle' }, post(full, 'ctx'))[1].do, 'start');
});

test('a prompt is shown again until it is answered', () => {
  const asking = { name: 'asking', asked } as const;
  assert.deepEqual(move(asking, post({ username: 'x' })), [asking, { do: 'showPrompt', asked }]);
  assert.deepEqual(move(asking, { name: 'formWanted' }), [asking, { do: 'showPrompt', asked }]);
  assert.deepEqual(move(asking, post({ password: 'p' })), [
    { name: 'waiting', asked },
    { do: 'continue', context: 'ctx', answer: 'p' },
  ]);
});

test('while the security module is away the login stands where it was', () => {
  assert.deepEqual(move({ name: 'waiting', asked }, { name: 'unavailable' }), [
    { name: 'asking', asked },
    { do: 'sayUnavailable' },
  ]);
  assert.equal(move({ name: 'waiting', asked: undefined }, { name: 'unavailable' })[0].name, 'idle');
  assert.deepEqual(move({ name: 'waiting', asked }, { name: 'contextLost' }), [
    { name: 'idle' },
    { do: 'showForm' },
  ]);
});

test('what the security module says is not trusted to fit a header', () => {
  const waiting = { name: 'waiting', asked: undefined } as const;
  for (const context of [undefined, '', 'a;b', 'a\r\nb', 'x'.repeat(129)]) {
    const step = { outcome: 'ask', ...(context === undefined ? {} : { context }) } as const;
    assert.deepEqual(move(waiting, { name: 'stepped', step })[1], { do: 'refuse', reason: 'Internal error' });
  }
  assert.deepEqual(
    move(waiting, { name: 'stepped', step: { outcome: 'no', reason: 'x\r\nSet-Cookie: a' } })[1],
    {
      do: 'refuse',
      reason: 'Authentication failed',
    },
  );
});

test('a certificate alone starts a login without a word, once its owner has chosen a group', () => {
  const start = { do: 'start', username: '', password: undefined };
  const change = { asksPassword: false };
  assert.deepEqual(move({ name: 'idle' }, post({}), change)[1], start);
  assert.deepEqual(move({ name: 'idle' }, post({}), { ...change, mustChooseGroup: true }), [
    { name: 'idle' },
    { do: 'showForm' },
  ]);
});

test('without the certificate that is needed the security module is asked all the same, without a password', () => {
  const start = { do: 'start', username: '', password: undefined };
  assert.deepEqual(move({ name: 'idle' }, post(full), { lacksCertificate: true })[1], start);
});

test('after a refused certificate no other way in is tried', () => {
  assert.deepEqual(move({ name: 'idle' }, post(full), { isRefused: true }), [
    { name: 'over' },
    { do: 'refuse', reason: 'Authentication failed' },
  ]);
});

test('a login by bearer token: challenged until the token comes, which is passed on in place of name and password', () => {
  const change = { asksPassword: false, httpScheme: 'Bearer' } as const;
  const withToken = (scheme: string, token: string): LoginEvent => ({
    name: 'posted',
    fields: full,
    context: 'ctx',
    httpCredentials: { scheme, token },
  });
  const challenged = [{ name: 'idle' }, { do: 'challenge', scheme: 'Bearer' }];
  assert.deepEqual(move({ name: 'idle' }, post(full, 'ctx'), change), challenged);
  assert.deepEqual(move({ name: 'idle' }, { name: 'formWanted' }, change), challenged);
  assert.deepEqual(move({ name: 'idle' }, withToken('bearer', 'a.b.c'), change), [
    { name: 'waiting', asked: undefined },
    { do: 'start', username: '', password: undefined, token: 'a.b.c' },
  ]);
  for (const [scheme, token] of [
    ['bearer', ''],
    ['basic', 'a.b.c'],
    ['negotiate', 'a.b.c'],
    ['', ''],
  ] as const) {
    assert.deepEqual(
      move({ name: 'idle' }, withToken(scheme, token), change),
      [{ name: 'over' }, { do: 'refuse', reason: 'Authentication failed' }],
      scheme,
    );
  }
  for (const name of ['done', 'over'] as const)
    assert.equal(move({ name }, withToken('bearer', 'a.b.c'), change)[1].do, 'refuse');
  // openconnect shows its token with GET.
  assert.deepEqual(
    move(
      { name: 'idle' },
      { name: 'formWanted', httpCredentials: { scheme: 'bearer', token: 't' } },
      change,
    )[1],
    { do: 'start', username: '', password: undefined, token: 't' },
  );
  assert.deepEqual(
    move(
      { name: 'done' },
      { name: 'formWanted', httpCredentials: { scheme: 'bearer', token: 't' } },
      change,
    )[1].do,
    'refuse',
  );
  // Where tokens are not taken they are nothing.
  assert.equal(move({ name: 'idle' }, withToken('bearer', 'a.b.c'))[1].do, 'start');
  assert.deepEqual(
    move({ name: 'idle' }, withToken('bearer', 'a.b.c'), { ...change, isRefused: true })[1].do,
    'refuse',
  );
  // Without the certificate that must stand beside it the security module is not shown the token.
  assert.deepEqual(
    move({ name: 'idle' }, withToken('bearer', 't'), { ...change, lacksCertificate: true })[1],
    {
      do: 'start',
      username: '',
      password: undefined,
    },
  );
});

test('Negotiate: token rounds until the security module says yes; its last word goes along', () => {
  const change = { asksPassword: false, httpScheme: 'Negotiate' } as const;
  const withToken = (token: string, scheme = 'negotiate'): LoginEvent => ({
    name: 'posted',
    fields: full,
    context: undefined,
    httpCredentials: { scheme, token },
  });
  const [waiting, begun] = move({ name: 'idle' }, withToken('T1'), change);
  assert.deepEqual(begun, { do: 'start', username: '', password: undefined, token: 'T1' });
  const more = { outcome: 'ask', context: 'ctx', token: 'T2' } as const;
  const [negotiating, challenge] = move(waiting, { name: 'stepped', step: more }, change);
  assert.deepEqual(negotiating, { name: 'negotiating', context: 'ctx' });
  assert.deepEqual(challenge, { do: 'challenge', scheme: 'Negotiate', token: 'T2' });
  const [last, answer] = move(negotiating, withToken('T3'), change);
  assert.deepEqual(answer, { do: 'continue', context: 'ctx', answer: 'T3' });
  // What is no token of the negotiation ends it there, where failures are counted.
  assert.deepEqual(move(negotiating, withToken('T3', 'basic'), change)[1], { ...answer, answer: '' });
  const yes = { outcome: 'yes', cookie, token: 'T4' } as const;
  assert.deepEqual(move(last, { name: 'stepped', step: yes }, change), [
    { name: 'done' },
    { do: 'succeed', cookie, step: yes },
  ]);
  assert.deepEqual(move(last, { name: 'contextLost' }, change), [
    { name: 'idle' },
    { do: 'challenge', scheme: 'Negotiate' },
  ]);
});

test('a negotiation that fails ends the login, or makes room for another method', () => {
  const no: LoginEvent = { name: 'stepped', step: { outcome: 'no' } };
  const waiting: LoginState = { name: 'waiting', asked: undefined };
  const change = { asksPassword: false, httpScheme: 'Negotiate' } as const;
  assert.equal(move(waiting, no, change)[1].do, 'refuse');
  assert.deepEqual(move(waiting, no, { ...change, hasFallback: true }), [
    { name: 'idle' },
    { do: 'fallBack' },
  ]);
  // A token that is refused is the end of it, whatever else there is.
  assert.equal(move(waiting, no, { ...change, httpScheme: 'Bearer', hasFallback: true })[1].do, 'refuse');
  assert.equal(move(waiting, no, { hasFallback: true })[1].do, 'refuse');
});
