import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupNameProblem, splitGroups, userNameProblem } from '../../../core/passwd/index.ts';

test('names that would break the file or could never log in are refused', () => {
  for (const name of [
    '',
    'a:b',
    'a\nb',
    'a\rb',
    'a\0b',
    'a\tb',
    'a\x7fb',
    'a\u0085b',
    'a\u2028b',
    '\ud800',
    'x'.repeat(64),
  ]) {
    assert.notEqual(userNameProblem(name), undefined, JSON.stringify(name));
    assert.notEqual(groupNameProblem(name), undefined, JSON.stringify(name));
  }
  for (const name of ['a', 'zoë', 'with blank', '-x', 'a,b', '# x', 'x'.repeat(62), 'x'.repeat(63)]) {
    assert.equal(userNameProblem(name), undefined, name);
  }
  assert.notEqual(groupNameProblem('a,b'), undefined);
});

test('a list of groups is split, trimmed and freed of one-character names', () => {
  assert.deepEqual(splitGroups('*'), []);
  assert.deepEqual(splitGroups(' a1 ,, b2,c'), ['a1', 'b2']);
});
