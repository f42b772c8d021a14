import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { attribute } from '../../../../core/secmod/radius/attributes.ts';
import type { RadiusServer } from '../../../../core/secmod/radius/configuration.ts';
import { RadiusExchange, type ExchangeOptions } from '../../../../core/secmod/radius/exchange.ts';
import { Secret } from '../../../../core/system/index.ts';
import { startResponder, type Responder } from '../../../support/radius-responder.ts';

const SECRET = 'planted-shared-secret';
const accept = [{ code: 2 }];
const silence = () => [];

function setUp(
  servers: readonly { readonly port: number; readonly host?: string }[],
  more: Partial<ExchangeOptions> = {},
) {
  const lines: string[] = [];
  const keep = (text: string) => void lines.push(text.replace(/:\d{4,5}\b/g, ':PORT'));
  let now = 0;
  const exchange = new RadiusExchange({
    servers: servers.map(({ port, host = '127.0.0.1' }): RadiusServer => ({
      host,
      port,
      secret: new Secret(SECRET),
    })),
    timeoutMs: 60,
    retries: 1,
    deadTimeMs: 0,
    requireMessageAuthenticator: true,
    log: { error: keep, warning: keep, notice: keep, info: keep, debug: keep },
    now: () => now,
    ...more,
  });
  const ask = async (signal = new AbortController().signal): Promise<string> => {
    const result = await exchange.ask('access', [attribute('User-Name', 'alice')], signal);
    return 'answer' in result ? `code ${result.answer.code}` : result.failure.replace(/:\d{4,5}\b/g, ':PORT');
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { exchange, ask, lines, pass };
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  await using responder = await startResponder(SECRET, silence);
  return responder.port;
}

const bytesOf = (responder: Responder): string[] => responder.requests.map((bytes) => bytes.toString('hex'));

/** No address in dotted form, so it goes through the resolver, which needs neither a file nor a server for it. */
const nameOfLoopback = '127.1';

test('a lost datagram is sent again, byte for byte', async () => {
  await using server = await startResponder(SECRET, (_request, count) => (count === 1 ? [] : accept));
  assert.equal(await setUp([server]).ask(), 'code 2');
  const [first, second] = bytesOf(server);
  assert.equal(bytesOf(server).length, 2);
  assert.equal(first, second);
});

test('silent servers: each gets its tries, then the next its own packet, then there is an end', async () => {
  await using one = await startResponder(SECRET, silence);
  await using two = await startResponder(SECRET, silence);
  const { ask, lines } = setUp([one, two]);
  const sentence = '127.0.0.1:PORT gave no answer (2 tries)';
  assert.equal(await ask(), `no RADIUS server gave an answer: ${sentence}, ${sentence}`);
  assert.deepEqual([one.requests.length, two.requests.length], [2, 2]);
  assert.notEqual(bytesOf(one)[0], bytesOf(two)[0]);
  assert.deepEqual(lines, [`radius: server ${sentence}`, `radius: server ${sentence}`]);
});

test('a silent server is asked last for its dead time, and first again after it', async () => {
  await using one = await startResponder(SECRET, silence);
  await using two = await startResponder(SECRET, () => accept);
  const { ask, pass } = setUp([one, two], { deadTimeMs: 5_000 });
  await ask();
  await ask();
  assert.deepEqual([one.requests.length, two.requests.length], [2, 2]);
  pass(5_000);
  await ask();
  assert.deepEqual([one.requests.length, two.requests.length], [4, 3]);
});

test('with all servers dead the first is asked all the same, and its answer is news', async () => {
  let isUp = false;
  await using one = await startResponder(SECRET, () => (isUp ? accept : []));
  const { ask, lines } = setUp([one], { deadTimeMs: 60_000 });
  assert.match(await ask(), /^no RADIUS server/);
  isUp = true;
  assert.equal(await ask(), 'code 2');
  assert.equal(lines.at(-1), 'radius: server 127.0.0.1:PORT answers again');
});

test('where nobody listens the next server is asked at once; a lone server gets its tries', async () => {
  await using two = await startResponder(SECRET, () => accept);
  const first = setUp([{ port: await closedPort() }, two], { timeoutMs: 30_000 });
  assert.equal(await first.ask(), 'code 2');
  assert.deepEqual(first.lines, ['radius: server 127.0.0.1:PORT is not running']);
  const lone = setUp([{ port: await closedPort() }]);
  assert.equal(await lone.ask(), 'no RADIUS server gave an answer: 127.0.0.1:PORT is not running (2 tries)');
});

test('a lying server is ignored and named; the true answer behind it is taken', async () => {
  const lie = { code: 2, secret: 'guessed' };
  await using liar = await startResponder(SECRET, () => [lie]);
  const { ask, lines } = setUp([liar]);
  assert.match(await ask(), /gave no believable answer \(2 tries\)$/);
  assert.deepEqual(lines.slice(0, 1), [
    'radius: an answer of 127.0.0.1:PORT is ignored: the response authenticator is wrong; expected the same shared secret on both sides',
  ]);
  assert.doesNotMatch(lines.join(), /planted|guessed/);
  await using both = await startResponder(SECRET, () => [lie, lie, lie, lie, lie, { code: 3 }]);
  const second = setUp([both]);
  assert.equal(await second.ask(), 'code 3');
  assert.equal(second.lines.length, 3);
});

test('an answer without Message-Authenticator is taken only where that is allowed', async () => {
  await using old = await startResponder(SECRET, () => [{ code: 2, withoutMessageAuthenticator: true }]);
  assert.match(await setUp([old]).ask(), /no believable answer/);
  assert.equal(await setUp([old], { requireMessageAuthenticator: false }).ask(), 'code 2');
  // Left open: not demanded of a server on this machine, however it is written.
  assert.equal(await setUp([old], { requireMessageAuthenticator: undefined }).ask(), 'code 2');
  const here = [{ port: old.port, host: nameOfLoopback }];
  assert.equal(await setUp(here, { requireMessageAuthenticator: undefined }).ask(), 'code 2');
  const near = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry?.family === 'IPv4' && !entry.internal);
  assert.ok(near !== undefined, 'this machine has no address but those of the loopback');
  await using far = await startResponder(
    SECRET,
    () => [{ code: 2, withoutMessageAuthenticator: true }],
    near.address,
  );
  const other = [{ port: far.port, host: near.address }];
  assert.match(await setUp(other, { requireMessageAuthenticator: undefined }).ask(), /no believable answer/);
});

test('names are resolved; one that cannot be is a server that does not answer', async () => {
  await using server = await startResponder(SECRET, () => accept);
  assert.equal(await setUp([{ port: server.port, host: nameOfLoopback }]).ask(), 'code 2');
  const { ask } = setUp([{ port: 1, host: 'no-such-host.invalid' }, server], { timeoutMs: 2_000 });
  assert.equal(await ask(), 'code 2');
});

test('IPv6, and an address to send from', async () => {
  await using six = await startResponder(SECRET, () => accept, '::1');
  assert.equal(await setUp([{ port: six.port, host: '::1' }]).ask(), 'code 2');
  await using four = await startResponder(SECRET, () => accept);
  assert.equal(await setUp([four], { bindAddress: '127.0.0.9' }).ask(), 'code 2');
  const failure = await setUp([four], { bindAddress: '192.0.2.77' }).ask();
  assert.match(failure, /cannot be reached \(EADDRNOTAVAIL\)$/);
});

test('a request that nobody waits for any more ends at once', async () => {
  await using one = await startResponder(SECRET, silence);
  const { ask, lines } = setUp([one, one], { timeoutMs: 60_000 });
  const calledOff = new AbortController();
  const asking = ask(calledOff.signal);
  setTimeout(() => calledOff.abort(), 20);
  assert.equal(await asking, 'the request was called off');
  assert.equal(await ask(AbortSignal.abort()), 'the request was called off');
  assert.deepEqual(lines, []);
});

test('hundreds at once do not get in one another’s way', async () => {
  await using server = await startResponder(SECRET, () => accept);
  const { ask } = setUp([server], { timeoutMs: 300, retries: 9 });
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask()));
  assert.deepEqual(new Set(answers), new Set(['code 2']));
});
