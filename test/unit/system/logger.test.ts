// The shapes of log lines, their limits, and that nobody can forge or flood them.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createLogger, mainPrefix, secmodPrefix, workerPrefix } from '../../../core/system/index.ts';

function capture(level: number, component = 'main:') {
  const lines: string[] = [];
  const clock = { now: 0 };
  const logger = createLogger({
    component,
    level,
    destinations: { syslog: (severity, line) => lines.push(`${severity}|${line}`) },
    now: () => clock.now,
  });
  return { lines, clock, logger };
}

test('a line break in a message cannot begin a second line', () => {
  const { lines, logger } = capture(0);
  logger.error('name: x\n203.0.113.9 failed\r\u001b[2J\u2028\u202e');
  assert.deepEqual(lines, ['error|main: name: x\\x0a203.0.113.9 failed\\x0d\\x1b[2J\\u2028\\u202e']);
});

test('a user name cannot close its bracket and go on with another address', () => {
  assert.equal(
    workerPrefix({ address: '192.0.2.1', username: "x]: 203.0.113.9 failed for 'y" }),
    'worker[x\\x5d: 203.0.113.9 failed for \\x27y]: 192.0.2.1',
  );
});

test('prefixes have the shapes of the C program', () => {
  const alice = { address: '192.0.2.1', username: 'alice' };
  const cases: [string, string][] = [
    [mainPrefix(), 'main:'],
    [mainPrefix({ ...alice, port: 4711 }), 'main[alice]:192.0.2.1:4711'],
    [mainPrefix({ address: '192.0.2.1', port: 4711 }), 'main:192.0.2.1:4711'],
    [mainPrefix({ address: 'fd00::1', port: 1 }), 'main:[fd00::1]:1'],
    [
      mainPrefix({ ...alice, port: 1, vhost: 'www.example.net' }),
      'main[vhost:www.example.net: alice]:192.0.2.1:1',
    ],
    [workerPrefix(), 'worker:'],
    [workerPrefix({ address: '192.0.2.1' }), 'worker: 192.0.2.1'],
    [workerPrefix(alice), 'worker[alice]: 192.0.2.1'],
    [workerPrefix({ ...alice, vhost: 'default' }), 'worker[alice]: 192.0.2.1'],
    [workerPrefix({ address: '192.0.2.1', vhost: 'a' }), 'worker[vhost:a]: 192.0.2.1'],
    [secmodPrefix(), 'sec-mod:'],
    [secmodPrefix('a'), 'sec-mod: vhost:a:'],
  ];
  for (const [found, expected] of cases) assert.equal(found, expected);
});

test('each level writes what the level before wrote and more', () => {
  const written: [number, string][] = [
    [0, 'ewn'],
    [1, 'ewn'],
    [2, 'ewni'],
    [3, 'ewnid'],
    [9, 'ewnid'],
  ];
  for (const [level, expected] of written) {
    const { lines, logger } = capture(level);
    for (const severity of ['error', 'warning', 'notice', 'info', 'debug'] as const)
      logger[severity](severity);
    assert.equal(lines.map((line) => line.charAt(0)).join(''), expected, `level ${String(level)}`);
  }
});

test('a message is cut at 511 bytes before the prefix, never inside a character', () => {
  const { lines, logger } = capture(0);
  for (const text of [
    'a'.repeat(510),
    'a'.repeat(511),
    'a'.repeat(512),
    'a'.repeat(510) + 'é',
    'é'.repeat(300),
  ]) {
    logger.error(text);
  }
  const prefixBytes = 'error|main: '.length;
  assert.deepEqual(
    lines.map((line) => Buffer.byteLength(line) - prefixBytes),
    [510, 511, 511, 510, 510],
  );
  assert.ok(!lines.join('').includes('\ufffd'));
});

test('a line is written twenty times a minute, then counted and summed up', () => {
  const { lines, logger, clock } = capture(0);
  for (let index = 0; index < 25; index += 1) logger.error('again');
  assert.equal(lines.length, 20);
  logger.error('something else');
  assert.equal(lines.length, 21);
  clock.now = 60_000;
  logger.error('again');
  assert.deepEqual(lines.slice(21), ['error|main: again (repeated 5 more times)', 'error|main: again']);
});

test('flush writes what was held back, once', () => {
  const { lines, logger } = capture(0);
  for (let index = 0; index < 21; index += 1) logger.error('again');
  logger.flush();
  logger.flush();
  assert.deepEqual(lines.slice(20), ['error|main: again (repeated 1 more times)']);
});

test('a child has its own prefix and follows a change of the level', () => {
  const { lines, logger } = capture(1);
  const child = logger.child({ component: workerPrefix({ address: '192.0.2.1' }) });
  child.info('not yet');
  logger.setLevel(2);
  child.info('now');
  assert.deepEqual(lines, ['info|worker: 192.0.2.1 now']);
  assert.equal(child.isWritten('debug'), false);
});

test('standard error has the bare line, and the identity in front when syslog has the line, too', () => {
  const written: string[] = [];
  const write = mock.method(process.stderr, 'write', (text: string) => {
    written.push(text);
    return true;
  });
  try {
    const alone = { stderr: true };
    createLogger({ component: 'sec-mod', level: 0, destinations: alone }).error('alone');
    const both = { stderr: true, syslog: () => undefined };
    createLogger({ component: 'main', level: 0, destinations: both }).error('both');
    createLogger({ component: 'main', level: 0, destinations: { syslog: () => undefined } }).error('syslog');
  } finally {
    write.mock.restore();
  }
  assert.deepEqual(written, ['sec-mod: alone\n', `ocserv[${String(process.pid)}]: main: both\n`]);
});
