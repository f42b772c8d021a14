import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostname } from '../../../core/protocol/index.ts';

test('what is no host name is dropped whole', () => {
  const refused = [
    '',
    '.',
    '.x',
    '-a',
    'a-',
    'a b',
    'ä',
    'a_b',
    '192.0.2.1',
    'a\nb',
    'a/b',
    '..',
    'a'.repeat(64),
  ];
  for (const name of refused) assert.equal(parseHostname(name), undefined, name);
});

test('the first label of a host name is kept', () => {
  assert.equal(parseHostname('lap.top'), 'lap');
  assert.equal(parseHostname('Laptop-7'), 'Laptop-7');
  assert.equal(parseHostname('7'), '7');
  assert.equal(parseHostname('a'.repeat(63)), 'a'.repeat(63));
});
