import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePasswordFile } from '../../../core/passwd/index.ts';

const read = (text: string) => parsePasswordFile(Buffer.from(text));

test('lines that are short, without fields or too long are no entries', () => {
  assert.equal(read('a::b\n').find('a'), undefined, 'four bytes');
  assert.deepEqual(read('a::bc\n').find('a'), { name: 'a', groups: [], hash: 'bc' }, 'five bytes');
  assert.equal(read('alice:staff\n').find('alice'), undefined);
  assert.equal(read(':staff:hash\n').find(''), undefined);
  for (const [bytes, isRead] of [
    [510, true],
    [511, true],
    [512, false],
  ] as const) {
    const file = read(`alice:*:${'x'.repeat(bytes - 8)}\nbob:*:hash\n`);
    assert.equal(file.find('alice') !== undefined, isRead, `${bytes} bytes`);
    assert.deepEqual(file.overlongLines, isRead ? [] : [1]);
    assert.ok(file.find('bob'), 'the next line is not swallowed');
  }
});

test('the first entry of a name wins and names are compared exactly', () => {
  const file = read('bob:one:first\nbob:two:second\n# x:*:hash\nzoë:*:utf8hash\n__proto__:*:hash\n');
  assert.equal(file.find('bob')?.hash, 'first');
  assert.equal(file.find('Bob'), undefined);
  assert.equal(file.find('bob '), undefined);
  assert.equal(file.find('# x')?.hash, 'hash', 'there are no comments');
  assert.equal(file.find('zoë')?.hash, 'utf8hash');
  assert.equal(file.find('constructor'), undefined);
});

test('a carriage return is no part of the hash, further fields are ignored', () => {
  assert.equal(read('bob:*:hash\r\n').find('bob')?.hash, 'hash');
  assert.equal(read('bob:*:hash:extra\n').find('bob')?.hash, 'hash');
  assert.equal(read('bob:staff:\n').find('bob')?.hash, '');
});

test('groups are trimmed; one character means none; 512 are read', () => {
  const cases: [string, string[]][] = [
    ['*', []],
    ['', []],
    ['x', []],
    ['staff', ['staff']],
    [' staff ,\tguests , *', ['staff', 'guests']],
  ];
  for (const [field, groups] of cases) {
    assert.deepEqual(read(`alice:${field}:hash\n`).find('alice')?.groups, groups, field);
  }
  assert.deepEqual(read('a1:one,two:hash\nb1:two,three:hash\n').groups, ['one', 'two', 'three']);
});
