// Escaping and cutting of text that somebody else chose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutToBytes, escapeText } from '../../../core/system/index.ts';

test('text is cut at the limit and marked, control characters are spelled out', () => {
  const cases: [string, number, string][] = [
    ['abcd', 5, 'abcd'],
    ['abcde', 5, 'abcde'],
    ['abcdef', 5, 'abcde…'],
    ['', 0, ''],
    ['a\0b\u007f\u0085', 9, 'a\\x00b\\x7f\\x85'],
    ['jörg', 9, 'jörg'],
    ['\ud800', 9, '\ufffd'],
    // The limit falls into a surrogate pair.
    ['a😀', 2, 'a\ufffd…'],
  ];
  for (const [text, limit, expected] of cases) assert.equal(escapeText(text, limit), expected);
});

test('cutting to bytes never leaves half a character, at any length', () => {
  const text = 'aé€😀z';
  for (let limit = 0; limit <= Buffer.byteLength(text) + 1; limit += 1) {
    const cut = cutToBytes(text, limit);
    assert.ok(text.startsWith(cut) && Buffer.byteLength(cut) <= limit, `${String(limit)}: ${cut}`);
    assert.ok(limit < Buffer.byteLength(text) || cut === text);
  }
});
