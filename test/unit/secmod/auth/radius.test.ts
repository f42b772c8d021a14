// The method against a scripted exchange: what is asked, and what is made of the answers. The packets themselves are
// tested beside their code, the whole against FreeRADIUS end to end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendReply } from '../../../../core/secmod/auth/backend.ts';
import { radiusBackend, type RadiusOptions } from '../../../../core/secmod/auth/radius.ts';
import { attribute, type Attribute } from '../../../../core/secmod/radius/attributes.ts';
import type { Exchanged } from '../../../../core/secmod/radius/exchange.ts';

const accept = (...attributes: Attribute[]): Exchanged => ({ answer: { code: 2, attributes } });
const reject = (...attributes: Attribute[]): Exchanged => ({ answer: { code: 3, attributes } });
const challenge = (message: string, state = 's'): Exchanged => ({
  answer: {
    code: 11,
    attributes: [
      ...(message === '' ? [] : [attribute('Reply-Message', message)]),
      ...(state === '' ? [] : [attribute('State', Buffer.from(state))]),
    ],
  },
});

function setUp(answers: readonly Exchanged[], more: Partial<RadiusOptions> = {}, username = 'alice') {
  const asked: string[][] = [];
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text);
  const rest = [...answers];
  let signal: AbortSignal | undefined;
  const backend = radiusBackend({
    exchange: {
      ask: (_kind, attributes, given) => {
        signal = given;
        asked.push(attributes.map(({ type, value }) => `${type} ${value.toString('latin1')}`));
        return Promise.resolve(rest.shift() ?? { failure: 'nothing more to say' });
      },
    },
    nasIdentifier: undefined,
    nasAddress: undefined,
    defaultRealm: undefined,
    groupSeparator: 'semicolon',
    suppliesSettings: false,
    log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
    ...more,
  });
  const conversation = backend.begin({
    username,
    remoteAddress: '192.0.2.9',
    localAddress: '192.0.2.2',
    userAgent: 'Open AnyConnect',
    sessionId: 'session',
    hasCertificate: false,
  });
  const answer = (text: string): Promise<BackendReply> => conversation.answer(text);
  return { answer, asked, lines, conversation, aborted: () => signal?.aborted };
}

test('the request carries every attribute, in the order servers have always seen', async () => {
  const { answer, asked } = setUp([reject()], { nasIdentifier: 'gate', defaultRealm: 'example.net' });
  await answer('pw');
  assert.deepEqual(asked, [
    [
      '1 alice@example.net',
      '2 pw',
      '4 \xc0\x00\x02\x02',
      '32 gate',
      '31 192.0.2.9',
      '44 session',
      '77 Open AnyConnect',
      '6 \0\0\0\x08',
      '61 \0\0\0\0',
    ],
  ]);
  const six = setUp([reject()], { nasAddress: '::1', defaultRealm: 'example.net' }, 'alice@home');
  await six.answer('');
  assert.equal(six.asked[0]?.[0], '1 alice@home');
  assert.equal(six.asked[0]?.[2], `95 ${'\0'.repeat(15)}\x01`);
});

test('a refusal may be tried again, with the words of the server', async () => {
  const { answer } = setUp([
    reject(attribute('Reply-Message', 'Account'), attribute('Reply-Message', 'locked')),
    reject(),
  ]);
  const reason = 'refused by the RADIUS server';
  assert.deepEqual(await answer('x'), {
    kind: 'rejected',
    reason,
    isFinal: false,
    prompt: 'Account\nlocked',
  });
  assert.deepEqual(await answer('y'), { kind: 'rejected', reason, isFinal: false });
});

test('challenges: State goes back, the number rises with the text, a refusal after one is final', async () => {
  const { answer, asked } = setUp([
    challenge('Enter token', 'one\0'),
    challenge('Enter token', 'two'),
    challenge('Enter next token', 'three'),
    reject(),
  ]);
  assert.deepEqual(await answer('pw'), { kind: 'prompted', prompt: 'Enter token', promptNumber: 1 });
  assert.deepEqual(await answer('1'), { kind: 'prompted', prompt: 'Enter token', promptNumber: 1 });
  assert.deepEqual(await answer('2'), { kind: 'prompted', prompt: 'Enter next token', promptNumber: 2 });
  const last = await answer('3');
  assert.ok(last.kind === 'rejected' && last.isFinal);
  assert.deepEqual(
    asked.map((attributes) => [attributes[1], attributes.at(-1)]),
    [
      ['2 pw', '61 \0\0\0\0'],
      ['2 1', '24 one\0'],
      ['2 2', '24 two'],
      ['2 3', '24 three'],
    ],
  );
});

test('a challenge without State or text, and one too many, end the login', async () => {
  for (const [message, state, problem] of [
    ['', 's', 'a RADIUS challenge without Reply-Message'],
    ['Enter', '', 'a RADIUS challenge without State'],
  ] as const) {
    const { answer, lines } = setUp([challenge(message, state)]);
    assert.deepEqual(await answer('pw'), { kind: 'rejected', reason: problem, isFinal: true });
    assert.deepEqual(lines, [`radius-auth: ${problem} for user 'alice'`]);
  }
  const { answer } = setUp(Array.from({ length: 17 }, (_, round) => challenge(`round ${round}`)));
  for (let round = 0; round < 16; round++) assert.equal((await answer('x')).kind, 'prompted');
  assert.deepEqual(await answer('x'), {
    kind: 'rejected',
    reason: 'more than 16 RADIUS challenges',
    isFinal: true,
  });
});

test('an acceptance brings groups, classes for accounting, and settings where RADIUS supplies them', async () => {
  const attributes = [
    attribute('Class', Buffer.from('OU=staff;vpn')),
    attribute('Class', Buffer.from([0xff])),
    attribute('Session-Timeout', 60),
    attribute('Framed-Route', 'nowhere'),
  ];
  const classes = [Buffer.from('OU=staff;vpn').toString('base64'), '/w=='];
  const plain = setUp([accept(...attributes)]);
  const common = { kind: 'accepted', username: 'alice', groups: ['staff', 'vpn'] };
  assert.deepEqual(await plain.answer('pw'), { ...common, supplement: { classes } });
  assert.deepEqual(plain.lines, []);
  const supplying = setUp([accept(...attributes)], { suppliesSettings: true });
  const settingLines = ['session-timeout = 60'];
  assert.deepEqual(await supplying.answer('pw'), { ...common, supplement: { classes, settingLines } });
  assert.deepEqual(supplying.lines, [
    `radius-auth: ignored for user 'alice': Framed-Route "nowhere": expected a network with its length`,
  ]);
});

test('a service other than Framed is no acceptance', async () => {
  const { answer } = setUp([accept(attribute('Service-Type', 6)), accept(attribute('Service-Type', 2))]);
  assert.deepEqual(await answer('pw'), {
    kind: 'rejected',
    reason: 'the RADIUS server granted Service-Type 6',
    isFinal: false,
  });
  assert.equal((await answer('pw')).kind, 'accepted');
});

test('servers that do not answer are nobody’s wrong password', async () => {
  const { answer } = setUp([{ failure: 'no RADIUS server gave an answer' }]);
  assert.deepEqual(await answer('pw'), { kind: 'unavailable', reason: 'no RADIUS server gave an answer' });
});

test('what does not fit a packet is not asked', async () => {
  const { answer, asked } = setUp([]);
  assert.deepEqual(await answer('x'.repeat(129)), {
    kind: 'rejected',
    reason: 'password is too long',
    isFinal: false,
  });
  const long = setUp([], {}, 'é'.repeat(127));
  assert.deepEqual(await long.answer('x'), {
    kind: 'rejected',
    reason: 'user name is too long',
    isFinal: false,
  });
  assert.deepEqual([asked, long.asked], [[], []]);
});

test('the end of a login calls the request off', async () => {
  const { answer, conversation, aborted } = setUp([challenge('Enter')]);
  await answer('pw');
  conversation.close();
  assert.equal(aborted(), true);
});
