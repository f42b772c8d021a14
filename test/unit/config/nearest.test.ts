import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../../core/config/nearest.ts';
import { optionNames } from '../../../core/config/index.ts';

for (const [name, expected] of [
  ['', undefined],
  ['include', undefined],
  ['x'.repeat(61), undefined],
  ['DPD', 'dpd'],
  ['camouflage-secret', 'camouflage_secret'],
  ['max-client', 'max-clients'],
  ['ipv4-netwrok', 'ipv4-network'],
  ['tls-priority', 'tls-priorities'],
] as const) {
  test(`nearest option to "${name.slice(0, 20)}"`, () =>
    assert.equal(nearestName(name, optionNames), expected));
}
