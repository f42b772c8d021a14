import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkPassword,
  typicalHashes,
  hashClass,
  hashSchemeName,
  hashSchemes,
  newHashSetting,
  parsePasswordFile,
  passwordProblem,
} from '../../../core/passwd/index.ts';

// A stand-in for crypt(3) that shows which settings were used.
function recorder() {
  const settings: string[] = [];
  const crypt = (password: string, setting: string): Promise<string | undefined> => {
    settings.push(setting);
    return Promise.resolve(setting.slice(0, setting.lastIndexOf('$') + 1) + password);
  };
  return { settings, crypt };
}
const DUMMY = '$5$dummy$nothing';

test('exactly one hash is computed for every kind of account', async () => {
  const cases: [string | undefined, string, string, string][] = [
    [undefined, 'pw', 'unknown user', DUMMY],
    ['', 'pw', 'no hash', DUMMY],
    ['plain text', 'pw', 'no usable hash', DUMMY],
    ['$apr1$salt$pw', 'pw', 'no usable hash', DUMMY],
    ['!', 'pw', 'locked', DUMMY],
    ['!$6$salt$pw', 'pw', 'locked', '$6$salt$pw'],
    ['!$6$salt$pw', 'no', 'wrong', '$6$salt$pw'],
    ['$6$salt$pw', 'no', 'wrong', '$6$salt$pw'],
    ['$6$salt$pw', '', 'wrong', '$6$salt$pw'],
    ['$6$salt$pw', 'pw\0', 'wrong', '$6$salt$pw'],
    ['$6$salt$pw', 'p'.repeat(512), 'wrong', '$6$salt$pw'],
    ['$6$salt$pw', 'pw', 'right', '$6$salt$pw'],
  ];
  for (const [hash, password, verdict, setting] of cases) {
    const { settings, crypt } = recorder();
    assert.equal(await checkPassword(hash, password, DUMMY, crypt), verdict, `${hash} with ${password}`);
    assert.deepEqual(settings, [setting]);
  }
});

test('a crypt that refuses the setting is never a right password', async () => {
  const refuse = () => Promise.resolve(undefined);
  assert.equal(await checkPassword('$6$salt$', '', DUMMY, refuse), 'wrong');
  assert.equal(await checkPassword('*0', 'pw', DUMMY, () => Promise.resolve('*0')), 'no usable hash');
});

test('hashes dearer than the ceilings are refused', () => {
  const cases: [string, boolean][] = [
    ['$5$rounds=999999$salt$x', true],
    ['$6$rounds=1000000$salt$x', true],
    ['$6$rounds=1000001$salt$x', false],
    ['$6$rounds=99999999999$salt$x', false],
    ['$2b$14$x', true],
    ['$2b$15$x', false],
    ['$y$j9T$salt$x', true],
    ['$y$jDT$salt$x', true],
    ['$y$jET$salt$x', false],
    ['$sha1$24680$salt$x', true],
    ['$1$salt$x', true],
    ['abcdefghijklm', true],
    ['abcdefghijklmn', false],
    [`$6$salt$${'x'.repeat(119)}`, true],
    [`$6$salt$${'x'.repeat(120)}`, false],
  ];
  for (const [hash, isAccepted] of cases) assert.equal(hashClass(hash) !== undefined, isAccepted, hash);
});

test('the stand-in hash is of the class most entries have, locked ones counted', () => {
  const file = parsePasswordFile(
    Buffer.from('a1:*:$1$s$x\nb1:*:!$6$rounds=9000$s$x\nc1:*:$6$rounds=9000$t$y\nd1:*:!\n'),
  );
  assert.deepEqual(typicalHashes(file), ['$6$rounds=9000$s$x', '$1$s$x']);
  assert.deepEqual(typicalHashes(parsePasswordFile(Buffer.from('a1:*:\n'))), []);
});

test('passwords that crypt cannot take are named', () => {
  assert.equal(passwordProblem(''), 'is empty');
  assert.equal(passwordProblem('a\0b'), 'contains a NUL character');
  assert.equal(passwordProblem('x'), undefined);
  assert.equal(passwordProblem('x'.repeat(511)), undefined);
  assert.equal(passwordProblem('x'.repeat(512)), 'is longer than 511 bytes');
});

test('a new hash is yescrypt, SHA-512 where the library has no yescrypt, or what was wished for', () => {
  const library = (...known: readonly string[]) => {
    return (prefix: string, cost = 0): string => {
      if (!known.includes(prefix)) throw new Error(`no ${prefix}`);
      return `${prefix}${cost}`;
    };
  };
  assert.equal(newHashSetting(library('$y$', '$6$')), '$y$5');
  assert.equal(newHashSetting(library('$6$')), '$6$50000');
  assert.equal(newHashSetting(library('$y$', '$5$'), 'sha256'), '$5$50000');
  assert.throws(() => newHashSetting(library('$6$'), 'yescrypt'), /no \$y\$/);
  assert.deepEqual(hashSchemes, ['yescrypt', 'sha512', 'sha256']);
});

test('every hash that can be checked has a name', () => {
  const names: Record<string, string> = {
    $y$j9T$salt$x: 'yescrypt',
    '!$y$j9T$salt$x': 'yescrypt',
    $gy$j9T$salt$x: 'gost-yescrypt',
    $6$salt$x: 'sha512',
    $5$salt$x: 'sha256',
    $1$salt$x: 'md5',
    $2b$12$x: 'bcrypt',
    $sha1$24680$salt$x: 'sha1',
    abcdefghijklm: 'des',
    'plain text': 'unknown',
    $apr1$salt$x: 'unknown',
    '!': 'none',
  };
  for (const [hash, name] of Object.entries(names)) assert.equal(hashSchemeName(hash), name, hash);
});
