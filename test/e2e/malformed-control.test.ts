// Malformed Varlink on the control socket of the running server: one clear line each at level info (2), with the number
// of the connection and the process behind it; then occtl works as before.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/command.ts';
import { seeded } from '../support/seeded.ts';
import { Siege } from '../support/siege.ts';

interface Input {
  readonly name: string;
  readonly parts: readonly Buffer[];
  /** The client leaves without waiting for an end or an answer. */
  readonly leaves: boolean;
}

const raw = (name: string, ...parts: readonly (string | Buffer)[]): Input => ({
  name,
  parts: parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  leaves: false,
});
const message = (name: string, value: unknown): Input => raw(name, `${JSON.stringify(value)}\0`);
const call = (method: string, parameters: unknown = {}, more: object = {}): Input =>
  message(`${method} ${JSON.stringify(parameters).slice(0, 60)} ${JSON.stringify(more)}`, {
    method: `org.ocserv.Control.${method}`,
    parameters,
    ...more,
  });
const leaving = (name: string, ...parts: readonly (string | Buffer)[]): Input => ({
  ...raw(name, ...parts),
  leaves: true,
});

const random = seeded(2718);
const status = '{"method":"org.ocserv.Control.GetStatus"}';

const notJson = [
  ...[
    '',
    ' ',
    '{',
    '}',
    '[',
    'null x',
    '{"method"}',
    "{'method': 1}",
    '{"a":1,}',
    'GET / HTTP/1.1\r\n\r\n',
    'NaN',
    'undefined',
  ],
  ...['{"method":"\\x"}', '{"method":"\n"}', '\ufeff{}', '{}{}', '01', '"unfinished', '{"a":tru}', '/**/{}'],
].map((text) => raw(`not JSON: ${JSON.stringify(text)}`, `${text}\0`));
const garbage = Array.from({ length: 15 }, (_, index) =>
  raw(
    `garbage ${String(index)}`,
    Buffer.concat([Buffer.from([0xff]), random.bytes(1 + random.below(500)), Buffer.from([0])]),
  ),
);
const notCalls = [
  ...[null, true, 7, 'text', [], [[]], [{ method: 'x' }]].map((value) =>
    message(`no object: ${JSON.stringify(value)}`, value),
  ),
  ...[
    {},
    { method: null },
    { method: 5 },
    { method: [] },
    { method: {} },
    { parameters: {} },
    { error: 'x' },
  ].map((value) => message(`no method: ${JSON.stringify(value)}`, value)),
  call('GetStatus', null),
  call('GetStatus', 7),
  call('GetStatus', []),
  call('GetStatus', 'x'),
  call('GetStatus', {}, { more: 1 }),
  call('GetStatus', {}, { oneway: 'yes' }),
  call('GetStatus', {}, { serial: 1 }),
  call('GetStatus', {}, { descriptors: 1 }),
  call('GetStatus', {}, { descriptors: -1 }),
  call('GetStatus', {}, { descriptors: 'many' }),
];
const noMethods = [
  ...['', '.', 'GetStatus', 'org.ocserv.Control', 'org.ocserv.Control.', 'org.ocserv.Control.getStatus'],
  ...['org.ocserv.Control.constructor', 'org.ocserv.Control.__proto__', 'org.ocserv.Control.toString'],
  ...['org.ocserv.Sessions.OpenSession', 'org.varlink.service.Nothing', 'org.ocserv.Control.GetStatus\0x'],
  ...[`org.ocserv.Control.${'M'.repeat(50_000)}`, 'org.ocserv.Control.\u202eevil\n', '../../etc/passwd'],
].map((method) => message(`method ${JSON.stringify(method).slice(0, 60)}`, { method }));
const parameters = [
  call('ListUsers', { id: '1' }),
  call('ListUsers', { id: 1.5 }),
  call('ListUsers', { id: 1e300 }),
  call('ListUsers', { username: 5 }),
  call('ListUsers', { username: ['alice'] }),
  call('ListUsers', { nothing: 1 }),
  call('ListUsers', { ['__proto__x']: {} }),
  raw('a prototype', '{"method":"org.ocserv.Control.ListUsers","parameters":{"__proto__":{"id":1}}}\0'),
  call('DisconnectUser'),
  call('DisconnectUser', { username: 'alice' }),
  call('DisconnectUser', { username: null, terminate: true }),
  call('DisconnectUser', { username: {}, terminate: false }),
  call('DisconnectUser', { username: 'alice', terminate: 'no' }),
  call('DisconnectId', { id: 'all', terminate: false }),
  call('DisconnectId', { id: {}, terminate: false }),
  call('TerminateSession', { sessionId: 7 }),
  call('UnbanAddress', { address: [] }),
  call('UnbanAddress', { address: 'x', more: 1 }),
  call('Reload', { file: '/etc/passwd' }),
  call('Stop', { now: true }),
];
const sizes = [
  raw('a message one byte too long', Buffer.concat([Buffer.alloc(65_537, 0x20), Buffer.from([0])])),
  raw('1 MB without an end', Buffer.alloc(1024 * 1024, 0x61)),
  raw('a long message in pieces', ...Array.from({ length: 70 }, () => Buffer.alloc(1000, 0x20))),
  raw('30000 brackets', `${'['.repeat(30_000)}${']'.repeat(30_000)}\0`),
  raw('30000 open brackets', `${'['.repeat(30_000)}\0`),
  raw('10000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}\0`),
  raw(
    'nesting in the parameters',
    `{"method":"org.ocserv.Control.ListUsers","parameters":{"id":${'['.repeat(30_000)}${']'.repeat(30_000)}}}\0`,
  ),
  raw('no NUL between two calls', `${status}${status}\0`),
];
const halves = [
  ...[1, 2, 10, 20, status.length - 1, status.length].map((length) =>
    leaving(`the first ${String(length)} characters`, status.slice(0, length)),
  ),
  leaving('half a call behind a whole one', `${status}\0${status.slice(0, 12)}`),
  leaving('60 KB of a call', Buffer.alloc(60_000, 0x7b)),
];

const pattern = /^main: ctl: client (\d+) \(process \d+\): (.{8,})$/;

test('malformed calls leave one line each, disturb nobody, and occtl goes on working', async () => {
  await using siege = await Siege.begin();
  const socketFile = `${siege.site.folder}/occtl.socket`;
  const lines = (): string[] => siege.logLines().filter((line) => pattern.test(line));
  const open = async (): Promise<Socket> => {
    const socket = connect(socketFile);
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  };

  const inputs = [...notJson, ...garbage, ...notCalls, ...noMethods, ...parameters, ...sizes, ...halves];
  assert.ok(inputs.length >= 100);
  const wrong: string[] = [];
  for (const input of inputs) {
    const before = lines().length;
    const socket = await open();
    for (const part of input.parts) socket.write(part);
    if (input.leaves) socket.end();
    await until(input.name, () => lines().length > before, 3_000, 10).catch(() => undefined);
    const found = lines().slice(before);
    if (found.length !== 1) wrong.push(`${input.name}: ${JSON.stringify(found)}`);
    socket.destroy();
  }
  assert.deepEqual(wrong, [], 'not exactly one clear line each');
  await sleep(300);
  const clients = lines().map((line) => pattern.exec(line)?.[1]);
  assert.equal(clients.length, inputs.length, 'late lines');
  assert.equal(new Set(clients).size, inputs.length, 'a line for each connection');
  assert.doesNotMatch(siege.site.log(), /[\u202e\0]|M{200}/, 'the log is clean and bounded');

  // Connections that say nothing: so many are held, further ones are refused with a line each.
  const idle: Socket[] = [];
  for (let count = 0; count < 160; count++) idle.push(await open());
  await until('the refusals', () => lines().length >= inputs.length + 32);
  assert.equal(
    lines().filter((line) => line.includes('refused, there are 128 connections already')).length,
    32,
  );
  for (const socket of idle) socket.destroy();
  await until('room for occtl', async () => (await siege.site.occtl('show', 'status')).status === 0);
  const users = await siege.site.occtlJson<{ Username: string }[]>('show', 'users');
  assert.deepEqual(
    users.map(({ Username }) => Username),
    ['alice'],
  );
  await siege.endure();
});
