import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteEntry, lockEntry, setPassword, unlockEntry, type Edit } from '../../../core/passwd/edit.ts';

const textOf = (edit: Edit): string => ('text' in edit ? edit.text : edit.outcome);

test('a new user is appended, after a newline where the last line lacks one', () => {
  assert.equal(textOf(setPassword('', 'bob', undefined, 'H')), 'bob:*:H\n');
  assert.equal(
    textOf(setPassword('# note\n\na:*:x', 'bob', ['staff', 'vpn'], 'H')),
    '# note\n\na:*:x\nbob:staff,vpn:H\n',
  );
});

test('a new password keeps groups, order, foreign lines and further fields, and ends a lock', () => {
  const before = '# note\nbob:staff:!old:extra\r\n\nalice:*:x\nbob:other:dup\n';
  assert.equal(
    textOf(setPassword(before, 'bob', undefined, 'H')),
    '# note\nbob:staff:H:extra\r\n\nalice:*:x\nbob:staff:H\n',
  );
  assert.equal(textOf(setPassword('bob:staff:old\n', 'bob', [], 'H')), 'bob:*:H\n');
  assert.equal(textOf(setPassword('bob:staff:old\n', 'bob', ['a1', 'b1'], 'H')), 'bob:a1,b1:H\n');
});

test('lock and unlock are idempotent and touch one user alone', () => {
  const open = 'bobby:*:x\nbob:*:H\n';
  const locked = 'bobby:*:x\nbob:*:!H\n';
  assert.equal(textOf(lockEntry(open, 'bob')), locked);
  assert.equal(textOf(lockEntry(locked, 'bob')), 'unchanged');
  assert.equal(textOf(unlockEntry(locked, 'bob')), open);
  assert.equal(textOf(unlockEntry(open, 'bob')), 'unchanged');
  assert.equal(textOf(unlockEntry('bob:*:!!H\n', 'bob')), 'bob:*:!H\n');
});

test('unlocking never leaves an account without a hash', () => {
  assert.equal(textOf(lockEntry('bob:*:\n', 'bob')), 'bob:*:!\n');
  assert.equal(textOf(unlockEntry('bob:*:!\n', 'bob')), 'no-password');
});

test('deleting removes every line of the name and says when there is none', () => {
  assert.equal(textOf(deleteEntry('bob:*:1\nal:*:2\nbob:*:3', 'bob')), 'al:*:2\n');
  for (const edit of [deleteEntry, lockEntry, unlockEntry]) {
    assert.equal(textOf(edit('bobby:*:1\n', 'bob')), 'no-such-user');
  }
});

test('a line may have 511 bytes and not one more', () => {
  const groups = (bytes: number) => ['g'.repeat(bytes - 'bob::H'.length)];
  assert.equal(setPassword('', 'bob', groups(510), 'H').outcome, 'added');
  assert.equal(setPassword('', 'bob', groups(511), 'H').outcome, 'added');
  assert.equal(setPassword('', 'bob', groups(512), 'H').outcome, 'line-too-long');
  assert.equal(setPassword('bob:*:x\n', 'bob', groups(512), 'H').outcome, 'line-too-long');
});

test('bytes that are no UTF-8 survive', () => {
  const before = 'caf\xe9:*:x\n';
  assert.equal(textOf(setPassword(before, 'bob', undefined, 'H')), `${before}bob:*:H\n`);
});
