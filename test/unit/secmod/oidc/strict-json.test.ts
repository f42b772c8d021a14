import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStrictJson } from '../../../../core/secmod/oidc/strict-json.ts';

const parse = (text: string | Buffer) => parseStrictJson(Buffer.from(text));

test('what has one meaning is read', () => {
  const texts = [
    '{}',
    '[]',
    '"a"',
    '1',
    'null',
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '{"a":"b","b":"a:"}',
  ];
  for (const text of [...texts, '{"a":"\\"b\\":1","b":"{\\"b\\":"}', ' { "a" : [ "a" , "a" ] } '])
    assert.deepEqual(parse(text), { value: JSON.parse(text) as unknown }, text);
  // A name like any other, not the object's prototype.
  assert.deepEqual(Object.keys(parse('{"__proto__":1}')?.value as object), ['__proto__']);
});

test('a member twice, at any depth and however it is written, is refused', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"b":[],"a":2}}',
    '[[{"a":1,"a":2}]]',
    '{"a" : 1, "b":{"a":1}, "a"\n:2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
  ])
    assert.equal(parse(text), undefined, text);
});

test('so is what is no JSON or no UTF-8', () => {
  for (const text of ['', '{', '{a:1}', "{'a':1}", '{"a":1,}', '{"a":1} x', '\ufeff{}', 'NaN'])
    assert.equal(parse(text), undefined, text);
  assert.equal(parse(Buffer.from('22ff22', 'hex')), undefined);
});
