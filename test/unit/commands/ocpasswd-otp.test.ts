// The built program enrols tokens: what it prints where, and what the file says afterwards.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-ocpasswd-'));
after(() => rmSync(folder, { recursive: true }));
const program = path.resolve(import.meta.dirname, '../../../bin/ocpasswd');

function ocpasswd(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { input: '', encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('what cannot be done is said with status 1, and no file appears', () => {
  const file = path.join(folder, 'refused');
  for (const [args, message] of [
    [['--otp', file, 'a b'], /the user name "a b" contains a blank/],
    [['--otp', file, '-l', 'alice'], /--lock and --otp cannot be used together/],
    [['--otp', file, '-g', 'staff', 'alice'], /--groupname and --otp cannot be used together/],
    [['--otp', file, '-c', file, 'alice'], /are about different files/],
    [['--otp', file, '--otp-digits', '9', 'alice'], /expected --otp-digits=9 to be one of: 6, 7, 8/],
    [['--otp', file, '--otp-issuer', 'a:b', 'alice'], /the issuer must be a text without ":"/],
    [['--otp', file, '-d', 'alice'], /there is no token of "alice"/],
    [['--otp', path.join(file, 'x'), 'alice'], /Cannot open .* for writing|cannot open .* for writing/],
    [
      ['--otp', file, '--list'],
      /--list and --otp cannot be used together|--otp and --list cannot be used together/,
    ],
  ] as const) {
    const { status, stdout, stderr } = ocpasswd(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
  assert.equal(existsSync(file), false);
});

test('on a pipe the URI stands alone; with --json all of it', () => {
  const file = path.join(folder, 'users.oath');
  const first = ocpasswd('--otp', file, 'alice');
  assert.equal(first.stderr, '');
  assert.match(
    first.stdout,
    new RegExp(
      `^otpauth://totp/${hostname()}:alice\\?issuer=${hostname()}&secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30\\n$`,
    ),
  );
  const second = ocpasswd('--otp', file, '--json', '--otp-type', 'hotp', '--otp-issuer', 'my vpn', 'alice');
  assert.equal(second.stderr, 'ocpasswd: the former token of "alice" does not count any more\n');
  const { secret, uri, ...rest } = JSON.parse(second.stdout) as Record<string, unknown>;
  assert.deepEqual(rest, { username: 'alice', issuer: 'my vpn', type: 'hotp', digits: 6 });
  assert.match(String(secret), /^[A-Z2-7]{32}$/);
  assert.match(String(uri), /^otpauth:\/\/hotp\/my%20vpn:alice\?.*counter=0$/);
  assert.match(readFileSync(file, 'utf8'), /^HOTP\/E\/6\talice\t-\t[0-9a-f]{40}\n$/);
  assert.equal(ocpasswd('--otp', file, '-d', 'alice').status, 0);
  assert.equal(readFileSync(file, 'utf8'), '');
});

test('on a terminal there is a QR code, and the secret in groups of four', () => {
  const file = path.join(folder, 'terminal.oath');
  const { stdout } = spawnSync('script', ['-qec', `${program} --otp ${file} alice`, '/dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm' },
  });
  assert.match(stdout, /█{5}/);
  assert.match(stdout, /otpauth:\/\/totp\//);
  assert.match(stdout, /secret: (?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\r\n$/);
});

test('the help shows how, on standard error as the C tool does', () => {
  const { status, stdout, stderr } = ocpasswd('--help');
  assert.equal(status, 0);
  assert.equal(stdout, '');
  assert.match(stderr, /--otp FILE/);
  assert.match(stderr, /Adds USERNAME or sets a new password;.*\n(?:.*\n)*.*With --otp it gives/);
  assert.match(stderr, /\$ ocpasswd --otp \/etc\/ocserv\/users\.oath --otp-issuer vpn\.example\.net alice/);
});
