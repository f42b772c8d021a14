import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  groupChoices,
  impliedGroup,
  requestedGroup,
  type GroupsAtHand,
} from '../../../core/worker/groups.ts';

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

const atHand = (more: Partial<GroupsAtHand> = {}): GroupsAtHand => ({
  found: [],
  ofCertificate: [],
  requested: undefined,
  isFixed: false,
  ...more,
});

test('the requested group comes first, an unlisted one changes nothing', () => {
  const all = [
    { label: 'DEFAULT' },
    { value: 'staff', label: 'staff' },
    { value: 'dev', label: 'Developers' },
  ];
  assert.deepEqual(groupChoices(settings, atHand()), all);
  assert.deepEqual(groupChoices(settings, atHand({ requested: 'unlisted' })), all);
  assert.deepEqual(groupChoices(settings, atHand({ requested: 'dev' })), [all[2], all[1]]);
  assert.deepEqual(groupChoices({ 'select-group': [] }, atHand({ requested: 'x' })), []);
});

test('a group named by the URL is the only choice, unless there is no such group', () => {
  const byUrl = { isFixed: true };
  assert.deepEqual(groupChoices(settings, atHand({ ...byUrl, requested: 'dev' })), [
    { value: 'dev', label: 'Developers' },
  ]);
  assert.equal(groupChoices(settings, atHand({ ...byUrl, requested: 'unlisted' })).length, 3);
});

test('the groups of the back end stand in place of the list, with its labels; those of the certificate come behind', () => {
  const names = (more: Partial<GroupsAtHand>) =>
    groupChoices(settings, atHand(more)).map(({ label }) => label);
  assert.deepEqual(names({ found: ['ops', 'dev'] }), ['DEFAULT', 'ops', 'Developers']);
  assert.deepEqual(names({ ofCertificate: ['ops', 'staff', 'ops'] }), [
    'DEFAULT',
    'staff',
    'Developers',
    'ops',
  ]);
});

test('a certificate implies a group when exactly one of its groups may be selected', () => {
  assert.equal(impliedGroup(settings, ['ops', 'dev']), 'dev');
  assert.equal(impliedGroup(settings, ['staff', 'dev']), undefined);
  assert.equal(impliedGroup(settings, ['ops']), undefined);
  const open = { 'select-group': [] };
  assert.equal(impliedGroup(open, ['ops', 'ops']), 'ops');
  assert.equal(impliedGroup(open, ['ops', 'dev']), undefined);
  assert.equal(impliedGroup(open, []), undefined);
});
