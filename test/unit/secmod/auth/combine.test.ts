import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backendOf,
  begun,
  RETRY_PROMPT,
  slotsOf,
  stepLogin,
  type LoginEvent,
  type LoginRules,
  type LoginState,
  type MethodName,
  type Verdict,
} from '../../../../core/secmod/auth/combine.ts';

const rulesFor = (methods: MethodName[], more: Partial<LoginRules> = {}): LoginRules => ({
  slot: { methods },
  tries: 3,
  requestedGroup: undefined,
  certificateNamesGroups: false,
  ...more,
});

function play(rules: LoginRules, events: LoginEvent[]): { state: LoginState; verdicts: Verdict[] } {
  let state = begun;
  const verdicts: Verdict[] = [];
  for (const event of events) {
    const result = stepLogin(rules, state, event);
    state = result.state;
    verdicts.push(result.verdict);
  }
  return { state, verdicts };
}

const noCertificate: LoginEvent = { kind: 'begin', certificate: undefined };
const aliceCertificate: LoginEvent = { kind: 'begin', certificate: { username: 'alice', groups: ['staff'] } };
const answer: LoginEvent = { kind: 'answer' };
const accepted: LoginEvent = { kind: 'accepted', username: 'alice', groups: ['staff', 'vpn'] };
const rejected: LoginEvent = { kind: 'rejected', reason: 'wrong password', isFinal: false };

test('auth lines make one slot, each enable-auth line its own', () => {
  assert.deepEqual(slotsOf(['certificate', 'plain', 'certificate'], ['gssapi', 'oidc']), [
    { methods: ['certificate', 'plain'] },
    { methods: ['gssapi'] },
    { methods: ['oidc'] },
  ]);
  assert.equal(backendOf({ methods: ['certificate'] }), undefined);
  assert.equal(backendOf({ methods: ['certificate', 'radius'] }), 'radius');
});

test('the third wrong password refuses; the first two ask again', () => {
  const { verdicts, state } = play(rulesFor(['plain']), [
    noCertificate,
    answer,
    rejected,
    answer,
    rejected,
    answer,
    rejected,
    answer,
    accepted,
  ]);
  const again: Verdict = { say: 'ask', prompt: RETRY_PROMPT, promptNumber: 0, failure: 'wrong password' };
  const no: Verdict = { say: 'no', reason: 'Authentication failed', failure: 'wrong password' };
  const late: Verdict = { say: 'no', reason: 'Authentication failed' };
  assert.deepEqual(verdicts, [
    { say: 'ask', prompt: undefined, promptNumber: 0 },
    { say: 'check' },
    again,
    { say: 'check' },
    again,
    { say: 'check' },
    no,
    late,
    late,
  ]);
  assert.equal(state.phase, 'refused');
});

test('a group refusal looks exactly like a wrong password', () => {
  const rules = rulesFor(['plain'], { requestedGroup: 'admins' });
  const strip = (verdict: Verdict | undefined) => ({ ...verdict, failure: undefined });
  const refusedGroup = play(rules, [noCertificate, answer, accepted]).verdicts[2];
  const wrongPassword = play(rules, [noCertificate, answer, rejected]).verdicts[2];
  assert.deepEqual(strip(refusedGroup), strip(wrongPassword));
  assert.ok(refusedGroup?.say === 'ask' && refusedGroup.failure === 'not a member of the requested group');
});

test('the group is the requested one of a member, else the first', () => {
  const cases: [string | undefined, readonly string[] | undefined, string | undefined][] = [
    [undefined, ['staff', 'vpn'], 'staff'],
    [undefined, [], undefined],
    [undefined, undefined, undefined],
    ['vpn', ['staff', 'vpn'], 'vpn'],
    ['VPN', ['staff', 'vpn'], 'refused'],
    ['vpn', [], 'refused'],
    ['vpn', undefined, 'refused'],
  ];
  for (const [requestedGroup, groups, expected] of cases) {
    const { verdicts } = play(rulesFor(['plain'], { requestedGroup, tries: 1 }), [
      noCertificate,
      answer,
      { kind: 'accepted', username: 'alice', groups },
    ]);
    const last = verdicts[2];
    if (expected === 'refused') assert.equal(last?.say, 'no');
    else assert.deepEqual(last, { say: 'yes', username: 'alice', groupname: expected });
  }
});

test('with certificate and password both must be there and be the same user', () => {
  const rules = rulesFor(['certificate', 'plain'], { tries: 1 });
  assert.deepEqual(play(rules, [noCertificate]).verdicts, [
    { say: 'no', reason: 'No certificate', failure: 'no certificate' },
  ]);
  assert.equal(play(rules, [aliceCertificate]).verdicts[0]?.say, 'ask', 'a certificate alone is not enough');
  assert.equal(play(rules, [aliceCertificate, answer, accepted]).verdicts[2]?.say, 'yes');
  const mallory: LoginEvent = { kind: 'accepted', username: 'mallory', groups: [] };
  assert.deepEqual(play(rules, [aliceCertificate, answer, mallory]).verdicts[2], {
    say: 'no',
    reason: 'Authentication failed',
    failure: 'certificate is for another user',
  });
  const nameless: LoginEvent = { kind: 'begin', certificate: { username: undefined, groups: [] } };
  assert.equal(play(rules, [nameless, answer, accepted]).verdicts[2]?.say, 'no');
  const grouped = rulesFor(['certificate', 'plain'], {
    certificateNamesGroups: true,
    requestedGroup: 'vpn',
    tries: 1,
  });
  assert.equal(play(grouped, [aliceCertificate, answer, accepted]).verdicts[2]?.say, 'no');
});

test('with cert-group-oid the group must be one of the certificate', () => {
  const rules = rulesFor(['certificate', 'plain'], { certificateNamesGroups: true, tries: 1 });
  const outcome = (requestedGroup: string | undefined, groups: readonly string[] | undefined) =>
    play({ ...rules, requestedGroup }, [
      aliceCertificate,
      answer,
      { kind: 'accepted', username: 'alice', groups },
    ]).verdicts[2]?.say;
  assert.equal(outcome(undefined, ['staff', 'vpn']), 'yes');
  assert.equal(outcome('staff', ['vpn', 'staff']), 'yes');
  assert.equal(outcome('vpn', ['vpn', 'staff']), 'no');
  assert.equal(outcome(undefined, []), 'no');
  assert.equal(outcome(undefined, undefined), 'no');
});

test('the number of a prompt never goes down', () => {
  const prompted = (promptNumber: number): LoginEvent => ({ kind: 'prompted', prompt: 'code', promptNumber });
  const { verdicts } = play(rulesFor(['pam']), [
    noCertificate,
    answer,
    prompted(2),
    answer,
    prompted(1),
    answer,
    rejected,
  ]);
  assert.deepEqual(
    verdicts.map((verdict) => ('promptNumber' in verdict ? verdict.promptNumber : undefined)),
    [0, undefined, 2, undefined, 2, undefined, 2],
  );
});

test('a certificate alone is enough only where it is the only method and names a user', () => {
  const rules = rulesFor(['certificate']);
  assert.deepEqual(play(rules, [aliceCertificate]).verdicts, [
    { say: 'yes', username: 'alice', groupname: 'staff' },
  ]);
  assert.equal(play(rules, [noCertificate]).verdicts[0]?.say, 'no');
  const nameless: LoginEvent = { kind: 'begin', certificate: { username: undefined, groups: [] } };
  assert.deepEqual(play(rules, [nameless]).verdicts, [
    { say: 'no', reason: 'Could not read certificate', failure: 'the certificate names no user' },
  ]);
});

test('a back end in trouble costs nobody points', () => {
  const { verdicts } = play(rulesFor(['radius']), [
    noCertificate,
    answer,
    { kind: 'unavailable', reason: 'timeout' },
  ]);
  assert.deepEqual(verdicts[2], { say: 'no', reason: 'Internal error' });
});

// Every sequence of events up to a length, for every kind of slot, against what must hold whatever happens.
test('no sequence of events grants a login that does not satisfy every method of its slot', () => {
  const events: LoginEvent[] = [
    noCertificate,
    aliceCertificate,
    answer,
    { kind: 'prompted', prompt: 'code', promptNumber: 1 },
    accepted,
    { kind: 'accepted', username: 'mallory', groups: ['staff'] },
    rejected,
    { kind: 'rejected', reason: 'wrong code', isFinal: true },
    { kind: 'unavailable', reason: 'down' },
    { kind: 'banned' },
    { kind: 'abandoned' },
  ];
  const slots: MethodName[][] = [[], ['plain'], ['certificate'], ['certificate', 'plain'], ['oidc']];
  let sequences = 0;
  let grants = 0;
  const explore = (
    rules: LoginRules,
    state: LoginState,
    path: LoginEvent[],
    charged: number,
    depth: number,
  ): void => {
    for (const event of events) {
      sequences += 1;
      const before = state.phase;
      const { state: next, verdict } = stepLogin(rules, state, event);
      const walked = [...path, event];
      const failures = charged + ('failure' in verdict && verdict.failure !== undefined ? 1 : 0);
      if (before === 'granted' || before === 'refused') {
        assert.equal(verdict.say, 'no', 'nothing follows an end');
        assert.equal(next.phase, before);
        continue;
      }
      assert.ok(next.wrongAnswers <= rules.tries);
      assert.equal(
        next.phase,
        { ask: 'asking', check: 'checking', no: 'refused', yes: 'granted' }[verdict.say],
      );
      if (event.kind === 'rejected' && before === 'checking')
        assert.equal(failures, charged + 1, 'each wrong answer is charged');
      if (event.kind === 'unavailable') assert.ok(verdict.say === 'no');
      if (verdict.say === 'yes') {
        grants += 1;
        const { methods } = rules.slot;
        assert.equal(walked.filter(({ kind }) => kind === 'begin').length, 1);
        const first = walked[0];
        assert.ok(first?.kind === 'begin');
        if (methods.includes('certificate')) {
          assert.ok(first.certificate !== undefined);
          assert.equal(verdict.username, first.certificate.username);
        }
        const backend = backendOf(rules.slot);
        if (backend !== undefined) {
          assert.equal(event.kind, 'accepted');
          assert.equal(walked.at(-2)?.kind, 'answer', 'an acceptance counts only for an answer just given');
        } else {
          assert.deepEqual(methods, ['certificate']);
        }
        if (rules.requestedGroup !== undefined) assert.equal(verdict.groupname, rules.requestedGroup);
        assert.ok(!walked.some(({ kind }) => kind === 'banned' || kind === 'abandoned'));
      }
      if (depth > 1 && next.phase !== 'refused' && next.phase !== 'granted')
        explore(rules, next, walked, failures, depth - 1);
      if (next.phase === 'refused' || next.phase === 'granted') explore(rules, next, walked, failures, 1);
    }
  };
  for (const methods of slots) {
    for (const tries of [1, 2]) {
      for (const requestedGroup of [undefined, 'staff', 'admins']) {
        explore(rulesFor(methods, { tries, requestedGroup }), begun, [], 0, 6);
      }
    }
  }
  assert.ok(sequences > 10_000 && grants > 50, `${sequences} sequences, ${grants} grants`);
});
