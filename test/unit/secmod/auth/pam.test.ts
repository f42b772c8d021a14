// What the method makes of what PAM says, with PAM played from a script; the real one is in test/e2e/pam.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { PamReport, PamTask } from '../../../../core/native/index.ts';
import {
  checkPamAccount,
  pamBackend,
  PromptNumbers,
  type StartPam,
} from '../../../../core/secmod/auth/pam.ts';
import { FakeClock } from '../fake-clock.ts';

const end = (code: number, more: Partial<Extract<PamReport, { kind: 'end' }>> = {}): PamReport => ({
  kind: 'end',
  phase: 'authenticate',
  code,
  text: 'Words of PAM',
  user: 'alice',
  groups: ['staff', 'vpn'],
  ...more,
});
const question = (text: string, phase: 'authenticate' | 'password' = 'authenticate'): PamReport => ({
  kind: 'question',
  phase,
  text,
});
const message = (text: string): PamReport => ({ kind: 'message', text });

/** Each list of reports is played when the conversation starts or gets its next answer. */
function setUp(script: readonly (readonly PamReport[])[], remoteAddress = '192.0.2.1') {
  const clock = new FakeClock();
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const log = { error: keep, warning: keep, notice: keep, info: keep, debug: keep };
  const tasks: PamTask[] = [];
  const answers: string[] = [];
  let closed = 0;
  const ends: (() => void)[] = [];
  const startPam: StartPam = (task, onReport) => {
    tasks.push(task);
    const rest = [...script];
    let isClosed = false;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    ends.push(resolve);
    const play = (): void => {
      const next = rest.shift() ?? [];
      setImmediate(() => {
        for (const report of next) {
          if (!isClosed) onReport(report);
          if (report.kind === 'end' || report.kind === 'lost') resolve();
        }
      });
    };
    play();
    return {
      gone,
      answer: (text) => {
        answers.push(text);
        play();
      },
      close: () => {
        if (!isClosed) closed += 1;
        isClosed = true;
        resolve();
      },
    };
  };
  const options = { service: 'vpn', lowestGid: 100, startPam, clock, log };
  const backend = pamBackend(options);
  const begin = (username = 'alice') =>
    backend.begin({
      username,
      remoteAddress,
      localAddress: '192.0.2.2',
      userAgent: undefined,
      sessionId: 'session',
      hasCertificate: false,
    });
  return { backend, begin, options, tasks, answers, lines, clock, closed: () => closed, ends };
}

test('names and answers that PAM would read otherwise are not handed to it', async () => {
  for (const [username, answer] of [
    ['alice', 'pw\0x'],
    ['al\0ice', 'pw'],
    ['al\nice', 'pw'],
    ['x'.repeat(64), 'pw'],
  ] as const) {
    const { begin, tasks } = setUp([]);
    const reply = await begin(username).answer(answer);
    assert.ok(reply.kind === 'rejected' && reply.isFinal);
    assert.doesNotMatch(reply.reason, /pw/);
    assert.deepEqual(tasks, []);
  }
});

test('the first prompt gets the password of the form, whatever it says', async () => {
  const { begin, tasks, answers } = setUp([[question('Badge number: ')], [end(0)]]);
  assert.deepEqual(await begin().answer('pw'), {
    kind: 'accepted',
    username: 'alice',
    groups: ['staff', 'vpn'],
  });
  assert.deepEqual(tasks, [{ kind: 'login', service: 'vpn', user: 'alice', remoteAddress: '192.0.2.1' }]);
  assert.deepEqual(answers, ['pw']);
});

test('further prompts are asked with the texts before them; numbers go up when the text changes', async () => {
  const { begin, answers } = setUp([
    [message('Welcome.'), question('Password: ')],
    [message('Mind the gap.'), question('Code:')],
    [question('Code:')],
    [question('', 'password')],
    [message('Nearly there.'), end(0)],
  ]);
  const login = begin();
  assert.deepEqual(await login.answer('pw'), {
    kind: 'prompted',
    prompt: 'Welcome. Mind the gap. Code:',
    promptNumber: 1,
  });
  assert.deepEqual(await login.answer('1'), { kind: 'prompted', prompt: 'Code:', promptNumber: 2 });
  assert.deepEqual(await login.answer(''), {
    kind: 'prompted',
    prompt: 'Please enter the new password.',
    promptNumber: 3,
  });
  assert.deepEqual(await login.answer('new'), {
    kind: 'accepted',
    username: 'alice',
    groups: ['staff', 'vpn'],
    message: 'Nearly there.',
  });
  assert.deepEqual(answers, ['pw', '1', '', 'new']);
});

test('prompts are numbered by the changes before them', () => {
  for (const [texts, numbers] of [
    [
      ['Password:', 'Password:', 'Password:'],
      [0, 1, 1],
    ],
    [
      ['Password:', 'Code:', 'Code:', 'New:'],
      [0, 1, 2, 2],
    ],
    [
      ['', '', 'Code:', ''],
      [0, 0, 0, 1],
    ],
  ] as const) {
    const counter = new PromptNumbers();
    assert.deepEqual(
      texts.map((text) => counter.next(text)),
      numbers,
    );
  }
});

test('what PAM says of the user is a failure; what it says of itself is none', async () => {
  for (const code of [3, 4, 6, 7, 8, 10, 11, 12, 13, 19, 27]) {
    assert.deepEqual(
      await setUp([[end(code)]])
        .begin()
        .answer('pw'),
      {
        kind: 'rejected',
        reason: 'PAM authenticate: Words of PAM',
        isFinal: true,
      },
    );
  }
  for (const report of [
    end(1),
    end(5),
    end(9),
    end(26),
    end(28),
    end(-1, { phase: 'library' }),
    end(4, { phase: 'start' }),
    { kind: 'lost', reason: 'the PAM helper ended by SIGSEGV' } as const,
  ]) {
    assert.equal(
      (
        await setUp([[report]])
          .begin()
          .answer('pw')
      ).kind,
      'unavailable',
    );
  }
});

test('a login that ends while a module is at work is answered, and the helper is ended', async () => {
  const { begin, closed } = setUp([[question('Password: ')], []]);
  const login = begin();
  const reply = login.answer('pw');
  await turn();
  await turn();
  login.close();
  login.close();
  assert.deepEqual(await reply, {
    kind: 'unavailable',
    reason: 'the login ended while a PAM module was at work',
  });
  assert.equal(closed(), 1);
});

test('one address may keep so many helpers and no more, until they are gone', async () => {
  const { begin, lines, ends, tasks } = setUp([[]], '198.51.100.9');
  for (let count = 0; count < 32; count += 1) void begin().answer('pw');
  assert.deepEqual(await begin().answer('pw'), { kind: 'unavailable', reason: 'too many logins at once' });
  assert.deepEqual(lines, ['pam-auth: too many conversations with PAM are under way']);
  assert.equal(tasks.length, 32);
  for (const resolve of ends) resolve();
  await turn();
  void begin().answer('pw');
  assert.equal(tasks.length, 33);
  ends.at(-1)?.();
});

test('the list of groups is asked for once a minute', async () => {
  const { backend, tasks, clock } = setUp([[end(0, { phase: 'groups', groups: ['users', 'vpn'] })]]);
  assert.deepEqual(await Promise.all([backend.listGroups(), backend.listGroups()]), [
    ['users', 'vpn'],
    ['users', 'vpn'],
  ]);
  assert.deepEqual(tasks, [{ kind: 'groups', lowestGid: 100 }]);
  clock.advance(60_000);
  await backend.listGroups();
  assert.equal(tasks.length, 2);
});

test('a name service that hangs leaves the list empty', async () => {
  const { backend, clock, lines, closed } = setUp([[]]);
  const groups = backend.listGroups();
  clock.advance(10_000);
  assert.deepEqual(await groups, []);
  assert.equal(closed(), 1);
  assert.match(lines.join(), /no answer in time/);
});

test('acct = pam: allowed, refused, or no answer in time', async () => {
  const allowed = setUp([[end(0, { phase: 'account' })]]);
  assert.deepEqual(await checkPamAccount(allowed.options, 'alice', '192.0.2.1'), { outcome: 'allowed' });
  assert.deepEqual(allowed.tasks, [
    { kind: 'account', service: 'ocserv', user: 'alice', remoteAddress: '192.0.2.1' },
  ]);
  const expired = setUp([[end(13, { phase: 'account' })]]);
  assert.deepEqual(await checkPamAccount(expired.options, 'alice', '192.0.2.1'), {
    outcome: 'refused',
    reason: 'PAM account: Words of PAM',
    isFault: false,
  });
  const silent = setUp([[]]);
  const verdict = checkPamAccount(silent.options, 'alice', '192.0.2.1');
  silent.clock.advance(30_000);
  assert.deepEqual(await verdict, {
    outcome: 'refused',
    reason: 'no PAM module answered in time',
    isFault: true,
  });
  assert.equal(silent.closed(), 1);
});
