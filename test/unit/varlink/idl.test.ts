// The interface file parser: mistakes with their position, then what the grammar allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdlError, parseInterface } from '../../../core/varlink/index.ts';

const head = 'interface org.example.X\n';

test('a mistake is reported with line, column and what was expected', () => {
  const cases: [string, string][] = [
    ['', '1:1: expected "interface", found the end of the file'],
    ['interface x', '1:11: expected an interface name like org.example.Name, found "x"'],
    [head, '2:1: the interface declares nothing'],
    [`${head}class A ()`, '2:1: expected "type", "method" or "error", found "class"'],
    [`${head}type a ()`, '2:6: expected a name with a capital first letter after "type", found "a"'],
    [`${head}type A (b: int`, '2:15: expected "," or ")", found the end of the file'],
    [`${head}type A (b: int,)`, '2:16: expected a field name, found ")"'],
    [`${head}type A (b: number)`, '2:12: expected a type, found "number"'],
    [`${head}type A (b: Other)`, '2:12: unknown type "Other"'],
    [`${head}type A (b: ??int)`, '2:13: a type cannot be optional twice'],
    [`${head}type A (b: int, b: int)`, '2:17: field "b" is declared twice'],
    [`${head}type A (b, b)`, '2:12: value "b" is declared twice'],
    [`${head}type A (b_: int)`, '2:9: expected a field name, found "b_"'],
    [`${head}type A ()\ntype A ()`, '3:6: "A" is declared twice'],
    [`${head}method A() ()`, '2:12: expected "->", found "("'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseInterface(text), { name: 'IdlError', message }, text);
  }
});

test('a file cut anywhere is refused or complete, never a crash', () => {
  const text = `${head}type A (b, c)\nmethod M(x: ?[]A, y: [string](p: int)) -> ()\nerror E ()\n`;
  for (let length = 0; length < text.length; length += 1) {
    try {
      parseInterface(text.slice(0, length));
    } catch (error) {
      assert.ok(error instanceof IdlError, String(error));
    }
  }
});

test('inline structs and enums, maps, optionals, and declarations over several lines are understood', () => {
  const description = parseInterface(
    `${head}type A (\n  # Two of them.\n  b: (one,\n    two),\n  c: ?[][string](d: int), # not documentation\n  e: object\n)\nmethod M()->()`,
  );
  assert.deepEqual(description.types['A']?.type, {
    kind: 'struct',
    members: [
      { name: 'b', type: { kind: 'enum', values: ['one', 'two'] }, documentation: 'Two of them.' },
      {
        name: 'c',
        type: {
          kind: 'optional',
          element: {
            kind: 'array',
            element: {
              kind: 'map',
              element: { kind: 'struct', members: [{ name: 'd', type: { kind: 'int' } }] },
            },
          },
        },
      },
      { name: 'e', type: { kind: 'object' } },
    ],
  });
  assert.deepEqual(description.methods['M'], {
    parameters: { kind: 'struct', members: [] },
    reply: { kind: 'struct', members: [] },
  });
});
