// Framing: bytes written by hand, cut at every place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, FrameReader } from '../../../core/varlink/wire.ts';

const textsOf = (messages: readonly Buffer[]): string[] => messages.map((message) => message.toString());

test('a message may be as long as the limit and not a byte longer, finished or not', () => {
  for (const [length, isOversize] of [
    [9, false],
    [10, false],
    [11, true],
  ] as const) {
    const text = 'x'.repeat(length);
    assert.equal(new FrameReader(10).push(Buffer.from(`${text}\0`)).isOversize, isOversize, String(length));
    assert.equal(new FrameReader(10).push(Buffer.from(text)).isOversize, isOversize, String(length));
    const reader = new FrameReader(10);
    reader.push(Buffer.from(text.slice(0, 5)));
    assert.equal(reader.push(Buffer.from(text.slice(5))).isOversize, isOversize, String(length));
  }
});

test('messages before an oversize one are still delivered', () => {
  const frames = new FrameReader(3).push(Buffer.from('abc\0abcd\0'));
  assert.deepEqual([textsOf(frames.messages), frames.isOversize], [['abc'], true]);
});

test('a stream cut at any two places gives the same messages', () => {
  const bytes = Buffer.from('{"a":"é"}\0\0{}\0{"b"');
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 1) {
      const reader = new FrameReader(100);
      const messages = [
        bytes.subarray(0, first),
        bytes.subarray(first, second),
        bytes.subarray(second),
      ].flatMap((part) => textsOf(reader.push(part).messages));
      assert.deepEqual(messages, ['{"a":"é"}', '', '{}']);
      assert.equal(reader.unfinishedBytes, 4);
    }
  }
});

test('a NUL inside a string leaves as an escape', () => {
  assert.equal(encodeMessage({ a: 'x\0y' }).toString(), '{"a":"x\\u0000y"}\0');
});
