// What occert takes from a template of certtool, and that it names the lines it makes nothing of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTemplate } from '../../../core/pki/template.ts';

test('lines without effect are named, whatever certtool does with them', () => {
  const text = 'cn = "Example CA"\nca\ncrl_next_update = 30\ncrl_number = 7\nchallenge_password = x\n';
  const { values, ignored } = parseTemplate(text, 'ca.tmpl');
  assert.deepEqual([...values], [['cn', ['Example CA']]]);
  assert.deepEqual(ignored, ['crl_next_update', 'crl_number', 'challenge_password']);
});

test('a line that is none is refused with its place', () => {
  assert.throws(() => parseTemplate('cn = x\n= y\n', 'ca.tmpl'), /ca\.tmpl:2: expected "name = value"/);
});
