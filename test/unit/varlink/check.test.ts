// Checks of values against an interface: what is refused, with the path of the member, and what is let through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParameters, checkReply, compileChecks, describeFailure } from '../../../core/varlink/index.ts';
import { exampleDescription } from './example.ts';

test('what does not fit is refused with the path of the member, and never quoted', () => {
  const described = { kind: 'small', tags: {}, any: {} };
  const cases: [string, unknown, string][] = [
    ['Add', undefined, 'parameters: expected object, found nothing'],
    ['Add', [], 'parameters: expected object, found array'],
    ['Add', {}, 'a: expected a value, found nothing'],
    ['Add', { a: null }, 'a: expected int, found nothing'],
    ['Add', { a: '1' }, 'a: expected int, found string'],
    ['Add', { a: 1.5 }, 'a: expected int, found fraction'],
    ['Add', { a: 2 ** 53 }, 'a: expected int, found number'],
    ['Add', { a: 1, b: 'x' }, 'b: expected int, found string'],
    ['Add', { a: 1, c: 1 }, 'c: expected no such member, found it'],
    ['Add', { a: 1, 'x\n\u001b': 1 }, 'x??: expected no such member, found it'],
    ['Add', JSON.parse('{"a":1,"__proto__":1}'), '__proto__: expected no such member, found it'],
    ['Add', { a: 1, toString: 1 }, 'toString: expected no such member, found it'],
    ['Describe', { ...described, kind: 'Small' }, 'kind: expected one of small, large, found string'],
    ['Describe', { ...described, where: {} }, 'where.host: expected a value, found nothing'],
    [
      'Describe',
      { ...described, where: { host: '', port: true } },
      'where.port: expected int, found boolean',
    ],
    ['Describe', { ...described, tags: { x: ['', 1] } }, 'tags' + '.x[1]: expected string, found number'],
    ['Describe', { ...described, any: [] }, 'any: expected object, found array'],
    [
      'Plant',
      { tree: { name: '', children: [{ name: '', children: [{ name: '' }] }] }, wet: true },
      'tree.children[0].children[0].children: expected a value, found nothing',
    ],
    ['Plant', { tree: { name: '', children: [] }, wet: 0 }, 'wet: expected bool, found number'],
    [
      'Plant',
      { tree: { name: '', children: [] }, wet: true, ratio: '1' },
      'ratio: expected float, found string',
    ],
  ];
  for (const [method, value, expected] of cases) {
    const failure = checkParameters(exampleDescription, method, value);
    assert.equal(failure && describeFailure(failure), expected);
  }
});

test('optional members may be absent or null, and null is removed', () => {
  const value = { a: -0, b: null };
  assert.equal(checkParameters(exampleDescription, 'Add', value), undefined);
  assert.deepEqual(Object.keys(value), ['a']);
  for (const a of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0]) {
    assert.equal(checkParameters(exampleDescription, 'Add', { a }), undefined);
  }
  assert.equal(checkReply(exampleDescription, 'Add', { sum: 3 }), undefined);
});

test('a value nested without end is refused before the stack is', () => {
  let tree: object = { name: '', children: [] };
  for (let depth = 0; depth < 50_000; depth += 1) tree = { name: '', children: [tree] };
  const failure = checkParameters(exampleDescription, 'Plant', { tree, wet: true });
  assert.match(failure?.expected ?? '', /^at most \d+ levels$/);
});

test('who accepts additions sees later members and values pass; types and missing members are still refused', () => {
  const { methods } = compileChecks(exampleDescription, { acceptsAdditions: true });
  assert.equal(methods.get('Add')?.reply({ sum: 1, later: true }), undefined);
  assert.equal(methods.get('Add')?.reply({ sum: 'x', later: true })?.path, 'sum');
  assert.equal(methods.get('Add')?.reply({ later: true })?.path, 'sum');
  const described = { kind: 'huge', tags: {}, any: {} };
  assert.equal(methods.get('Describe')?.parameters(described), undefined);
  assert.equal(methods.get('Describe')?.parameters({ ...described, kind: 7 })?.path, 'kind');
  assert.equal(
    compileChecks(exampleDescription).methods.get('Add')?.reply({ sum: 1, later: true })?.path,
    'later',
  );
});
