// Names that go into certificates and paths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHostName, checkUserName } from '../../../core/pki/names.ts';

test('user names that could leave their folder or forge a line are refused', () => {
  for (const name of [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'a\u0000b',
    'a\nb',
    '-rf',
    '.hidden',
    'x'.repeat(64),
  ]) {
    assert.equal(checkUserName(name).ok, false, JSON.stringify(name));
  }
  for (const name of ['alice', 'a', 'jörg', 'Bob Smith', 'alice@example.com', 'x'.repeat(63)]) {
    assert.deepEqual(checkUserName(name), { ok: true, value: name });
  }
});

test('host names come back as A-labels, addresses as they are, nonsense not at all', () => {
  assert.deepEqual(checkHostName('VPN.Example.com'), {
    ok: true,
    value: { kind: 'dns', name: 'vpn.example.com' },
  });
  assert.deepEqual(checkHostName('vpn.münchen.de'), {
    ok: true,
    value: { kind: 'dns', name: 'vpn.xn--mnchen-3ya.de' },
  });
  assert.deepEqual(checkHostName('*.example.com'), {
    ok: true,
    value: { kind: 'dns', name: '*.example.com' },
  });
  assert.deepEqual(checkHostName('192.0.2.4'), { ok: true, value: { kind: 'ip', name: '192.0.2.4' } });
  assert.deepEqual(checkHostName('2001:db8::1'), { ok: true, value: { kind: 'ip', name: '2001:db8::1' } });
  for (const name of ['', 'a..b', '-a.b', 'a b', 'a/b', 'w*.example.com', '*.', `${'x'.repeat(64)}.de`]) {
    assert.equal(checkHostName(name).ok, false, name);
  }
});
