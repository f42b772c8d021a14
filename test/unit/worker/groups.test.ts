import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupChoices, requestedGroup } from '../../../core/worker/groups.ts';

const settings = {
  'select-group': [{ name: 'staff' }, { name: 'dev', label: 'Developers' }],
  'default-select-group': 'DEFAULT',
};

test('a choice is a name or a label; the default choice means none', () => {
  assert.equal(requestedGroup(settings, 'Developers'), 'dev');
  assert.equal(requestedGroup(settings, 'staff'), 'staff');
  assert.equal(requestedGroup(settings, 'DEFAULT'), undefined);
  assert.equal(requestedGroup(settings, ''), undefined);
  assert.equal(requestedGroup(settings, 'unlisted'), 'unlisted');
});

test('the requested group comes first, an unlisted one changes nothing', () => {
  const all = [
    { label: 'DEFAULT' },
    { value: 'staff', label: 'staff' },
    { value: 'dev', label: 'Developers' },
  ];
  assert.deepEqual(groupChoices(settings, [], undefined), all);
  assert.deepEqual(groupChoices(settings, [], 'unlisted'), all);
  assert.deepEqual(
    groupChoices(settings, ['ops', 'staff'], 'dev').map(({ value }) => value),
    ['dev', 'staff', 'ops'],
  );
  assert.deepEqual(groupChoices({ 'select-group': [] }, [], 'x'), []);
});
