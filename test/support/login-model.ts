// What must hold of core/secmod/auth/combine.ts, checked over everything it can be in: for every slot that pairs and
// triples of methods make, all states that any sequence of events, however long, can reach, together with the state of
// a plain reading of the rules (`Expectation`). Called by the model test and, with altered copies, by the mutation run.
import assert from 'node:assert/strict';
import type * as combine from '../../core/secmod/auth/combine.ts';
import type {
  LoginEvent,
  LoginRules,
  LoginState,
  MethodName,
  Verdict,
  VerifiedCertificate,
} from '../../core/secmod/auth/combine.ts';

export interface ModelCount {
  readonly slots: number;
  readonly states: number;
  readonly steps: number;
  readonly grants: number;
}

const methodNames: readonly MethodName[] = ['certificate', 'plain', 'pam', 'radius', 'gssapi', 'oidc'];

const certificates: readonly (VerifiedCertificate | undefined)[] = [
  undefined,
  { username: 'alice', groups: ['staff'] },
  { username: 'alice', groups: [] },
  { username: 'mallory', groups: ['staff', 'admins'] },
  { username: undefined, groups: ['staff'] },
];

const events: readonly LoginEvent[] = [
  ...certificates.map((certificate): LoginEvent => ({ kind: 'begin', certificate })),
  { kind: 'answer' },
  { kind: 'prompted', prompt: 'first code', promptNumber: 1 },
  { kind: 'prompted', prompt: 'second code', promptNumber: 2 },
  { kind: 'accepted', username: 'alice', groups: ['staff', 'vpn'] },
  { kind: 'accepted', username: 'alice', groups: [] },
  { kind: 'accepted', username: 'mallory', groups: undefined },
  { kind: 'accepted', username: 'mallory', groups: ['admins', 'staff'] },
  { kind: 'rejected', reason: 'wrong password', isFinal: false },
  { kind: 'rejected', reason: 'wrong code', isFinal: false, prompt: 'Once more' },
  { kind: 'rejected', reason: 'wrong code', isFinal: true },
  { kind: 'unavailable', reason: 'down' },
  { kind: 'banned' },
  { kind: 'expired' },
  { kind: 'abandoned' },
];

/** Where a login stands by the rules, and what has been proved so far. */
interface Expectation {
  readonly stage: 'new' | 'asked' | 'answered' | 'in' | 'out';
  readonly proved: VerifiedCertificate | undefined;
  readonly mistakes: number;
  readonly factor: number;
}

const phases = {
  new: 'begun',
  asked: 'asking',
  answered: 'checking',
  in: 'granted',
  out: 'refused',
} as const;
const fresh: Expectation = { stage: 'new', proved: undefined, mistakes: 0, factor: 0 };

/** Throws an AssertionError at the first thing that is not as it must be. */
export function checkLoginModel(module: typeof combine): ModelCount {
  checkParts(module);
  const count = { slots: 0, states: 0, steps: 0, grants: 0 };
  for (const methods of combinations()) {
    // All as `auth`, and the last one as `enable-auth` beside the others.
    const [first, ...alternatives] = module.slotsOf(methods.slice(0, -1), methods.slice(-1));
    const [all] = module.slotsOf(methods, []);
    assert.deepEqual(alternatives, [{ methods: methods.slice(-1) }]);
    assert.deepEqual(first, { methods: [...new Set(methods.slice(0, -1))] });
    assert.deepEqual(all, { methods: [...new Set(methods)] });
    count.slots += 1;
    for (const tries of [1, 2]) {
      for (const requestedGroup of [undefined, 'staff', 'admins']) {
        for (const certificateNamesGroups of [false, true]) {
          explore(
            module,
            { slot: { methods: all.methods }, tries, requestedGroup, certificateNamesGroups },
            count,
          );
        }
      }
    }
  }
  explore(module, { ...rulesOfNothing, slot: { methods: [] } }, count);
  return count;
}

const rulesOfNothing = { tries: 3, requestedGroup: undefined, certificateNamesGroups: false };

function checkParts(module: typeof combine): void {
  assert.equal(module.PASSWORD_TRIES, 3);
  assert.equal(module.RETRY_PROMPT, 'Login failed.\nPlease enter your password.');
  for (const name of methodNames) {
    const backend = name === 'certificate' ? undefined : name;
    assert.equal(module.backendOf({ methods: [name] }), backend);
    assert.equal(module.backendOf({ methods: ['certificate', name] }), backend);
  }
}

/** Every method, every pair in both orders (also a method with itself), every triple. */
function combinations(): MethodName[][] {
  const pairs = methodNames.flatMap((one) => methodNames.map((other) => [one, other]));
  const triples = methodNames.flatMap((one, first) =>
    methodNames
      .slice(first + 1)
      .flatMap((two, second) => methodNames.slice(first + second + 2).map((three) => [one, two, three])),
  );
  return [...methodNames.map((name) => [name]), ...pairs, ...triples];
}

/** All that can be reached, step by step; ends because states repeat. */
function explore(
  module: typeof combine,
  rules: LoginRules,
  count: { states: number; steps: number; grants: number },
): void {
  const seen = new Set<string>();
  const open: [LoginState, Expectation][] = [[module.begun, fresh]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [state, expectation] = next;
    const key = JSON.stringify(next);
    if (seen.has(key)) continue;
    seen.add(key);
    assert.ok(seen.size < 1000, 'a state that never repeats');
    count.states += 1;
    for (const event of events) {
      const result = module.stepLogin(rules, state, event);
      const expected = expect(rules, expectation, event);
      const where = `${rules.slot.methods.join('+')} ${JSON.stringify([expectation, event])}`;
      assert.deepEqual(result.verdict, expected.verdict, where);
      assert.equal(result.state.phase, phases[expected.next.stage], where);
      if (result.verdict.say === 'yes') {
        count.grants += 1;
        // What the session remembers of the certificate it was granted for.
        const presented = event.kind === 'begin' ? event.certificate : expectation.proved;
        assert.deepEqual(
          result.state.certificate,
          rules.slot.methods.includes('certificate') ? presented : undefined,
        );
        checkGrant(rules, expectation, event, result.verdict);
      }
      count.steps += 1;
      open.push([result.state, expected.next]);
    }
  }
}

/** The one thing that counts, said once more without any state: each method of the slot, for the same user, now. */
function checkGrant(
  { slot, requestedGroup, certificateNamesGroups }: LoginRules,
  { stage, proved }: Expectation,
  event: LoginEvent,
  { username, groupname }: Extract<Verdict, { say: 'yes' }>,
): void {
  assert.ok(slot.methods.length > 0);
  for (const method of slot.methods) {
    if (method === 'certificate') {
      const certificate = event.kind === 'begin' ? event.certificate : proved;
      assert.equal(certificate?.username, username);
      if (certificateNamesGroups && slot.methods.length > 1)
        assert.ok(groupname !== undefined && certificate?.groups.includes(groupname));
    } else {
      assert.ok(stage === 'answered' && event.kind === 'accepted' && event.username === username);
      assert.ok(groupname === undefined || event.groups?.includes(groupname));
    }
  }
  assert.ok(slot.methods.filter((method) => method !== 'certificate').length <= 1);
  if (requestedGroup !== undefined) assert.equal(groupname, requestedGroup);
}

interface Expected {
  readonly next: Expectation;
  readonly verdict: Verdict;
}

/** The rules, read plainly. */
function expect(rules: LoginRules, at: Expectation, event: LoginEvent): Expected {
  const no = (reason: combine.PublicReason, failure?: string): Expected => ({
    next: { ...at, stage: at.stage === 'in' ? 'in' : 'out' },
    verdict: { say: 'no', reason, ...(failure === undefined ? {} : { failure }) },
  });
  if (at.stage === 'in' || at.stage === 'out') return no('Authentication failed');
  if (['banned', 'expired', 'abandoned'].includes(event.kind)) return no('Authentication failed');
  const turn = { new: 'begin', asked: 'answer', answered: 'prompted accepted rejected unavailable' }[
    at.stage
  ];
  if (!turn.split(' ').includes(event.kind)) return no('Authentication failed', 'answer out of turn');

  const again = (failure: string, isFinal = false, words?: string): Expected => {
    const mistakes = at.mistakes + 1;
    if (isFinal || mistakes === rules.tries) return no('Authentication failed', failure);
    return {
      next: { ...at, stage: 'asked', mistakes },
      verdict: {
        say: 'ask',
        prompt: words ?? 'Login failed.\nPlease enter your password.',
        promptNumber: at.factor,
        failure,
      },
    };
  };
  const yes = (username: string, groupname: string | undefined): Expected => ({
    next: { ...at, stage: 'in' },
    verdict: { say: 'yes', username, groupname },
  });
  const groupOf = (groups: readonly string[]): string | undefined | false => {
    const wanted = rules.requestedGroup ?? groups[0];
    return wanted === undefined || groups.includes(wanted) ? wanted : false;
  };

  switch (event.kind) {
    case 'begin': {
      const { methods } = rules.slot;
      const others = methods.filter((method) => method !== 'certificate');
      if (methods.length === 0 || others.length > 1) return no('Internal error');
      const isNeeded = methods.length > others.length;
      const { certificate } = event;
      if (isNeeded && certificate === undefined) return no('No certificate', 'no certificate');
      if (others.length === 1) {
        return {
          next: { ...at, stage: 'asked', proved: isNeeded ? certificate : undefined },
          verdict: { say: 'ask', prompt: undefined, promptNumber: 0 },
        };
      }
      if (certificate?.username === undefined)
        return no('Could not read certificate', 'the certificate names no user');
      const group = groupOf(certificate.groups);
      return group === false
        ? no('Authentication failed', 'not a member of the requested group')
        : yes(certificate.username, group);
    }
    case 'answer':
      return { next: { ...at, stage: 'answered' }, verdict: { say: 'check' } };
    case 'prompted': {
      const factor = event.promptNumber > at.factor ? event.promptNumber : at.factor;
      return {
        next: { ...at, stage: 'asked', factor },
        verdict: { say: 'ask', prompt: event.prompt, promptNumber: factor },
      };
    }
    case 'rejected':
      return again(event.reason, event.isFinal, event.prompt);
    case 'unavailable':
      return no('Internal error');
    case 'accepted': {
      const group = groupOf(event.groups ?? []);
      if (group === false) return again('not a member of the requested group');
      const { proved } = at;
      if (proved === undefined) return yes(event.username, group);
      if (proved.username !== event.username) return again('certificate is for another user');
      const fits = !rules.certificateNamesGroups || (group !== undefined && proved.groups.includes(group));
      return fits ? yes(event.username, group) : again('certificate is for another group');
    }
    default:
      return no('Authentication failed');
  }
}
