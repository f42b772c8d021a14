import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findOption, initialSettings, optionNames, type OptionName } from '../../../core/config/index.ts';

interface Fact {
  readonly scope: string[];
  readonly reload: boolean;
  readonly list: boolean;
  readonly status: string;
  readonly default?: number | boolean;
}

const facts = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'c-program-options.json'), 'utf8'),
) as Record<string, Fact>;

test('every option of the C program has a row', () => {
  assert.equal(Object.keys(facts).length, 137);
  assert.deepEqual(
    Object.keys(facts).filter((name) => findOption(name) === undefined),
    [],
  );
});

test('the only options beyond those of the C program are our own six', () => {
  assert.deepEqual(optionNames.filter((name) => facts[name] === undefined).sort(), [
    'occtl-read-only-group',
    'occtl-socket-group',
    'packet-path-disable',
    'proxy-proto-trusted',
    'state-dir',
    'worker-processes',
  ]);
});

for (const [name, fact] of Object.entries(facts)) {
  if (findOption(name)?.role !== 'value') continue;
  test(`${name} has scope, reload rule, repetition and default of the C program`, () => {
    const row = findOption(name);
    assert.ok(row?.role === 'value');
    assert.deepEqual(row.scope, fact.scope);
    assert.equal(row.reload, fact.reload);
    // compression-algo-priority is a list that its sheet calls "last wins" while all its lines take effect.
    if (name !== 'compression-algo-priority') {
      assert.equal(row.kind.shape === 'texts' || row.kind.shape === 'methods', fact.list);
    }
    // isolate-workers: the fence stands unless a file takes it down.
    if (fact.default !== undefined && !['ipv6-prefix', 'isolate-workers'].includes(name)) {
      assert.equal(initialSettings[name as OptionName], fact.default);
    }
  });
}

test('each summary is one clean sentence', () => {
  for (const name of optionNames) {
    const row = findOption(name);
    assert.match(row?.summary ?? '', /^[A-Za-z][^\n]*\.$/, name);
  }
});
