import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzFirstDatagrams } from '../../fuzz/first-datagrams.ts';

test('honest hellos give their id, lying ones nothing that is not in them', () => {
  const rounds = 20_000;
  const { honest, named } = fuzzFirstDatagrams(rounds, 1);
  // The generator does its work: many hellos are sound to the end.
  assert.ok(honest > rounds / 4 && named > rounds / 2, `${String(honest)} ${String(named)}`);
});
