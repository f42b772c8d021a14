// A secret does not show itself in any of the ways a value is printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../../core/system/index.ts';

test('a secret prints as three asterisks everywhere and reveals its value on request', () => {
  const secret = new Secret('hunter2');
  const printed = [
    String(secret),
    secret.toString(),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    Object.values(secret).join(''),
  ].join('\n');
  assert.ok(!printed.includes('hunter2'), printed);
  assert.equal(JSON.stringify({ secret }), '{"secret":"***"}');
  assert.equal(secret.reveal(), 'hunter2');
});
