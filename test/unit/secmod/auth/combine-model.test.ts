import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as combine from '../../../../core/secmod/auth/combine.ts';
import { checkLoginModel } from '../../../support/login-model.ts';
import { runMutants } from '../../../mutation/combine.ts';

test('over all pairs and triples of methods and all that can happen, only who satisfies every method gets in', () => {
  const { slots, states, steps, grants } = checkLoginModel(combine);
  assert.ok(
    slots === 62 && states > 1000 && steps > 10_000 && grants > 100,
    `${slots} ${states} ${steps} ${grants}`,
  );
});

test('a mistake in any condition of the decision is noticed', async () => {
  const { mutants, survivors } = await runMutants();
  assert.ok(mutants > 100, `${mutants} mutants`);
  const score = 1 - survivors.length / mutants;
  assert.ok(score >= 0.95, `${(score * 100).toFixed(1)} %; survivors:\n${survivors.join('\n')}`);
});
