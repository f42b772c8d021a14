import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute, nasAddress, valueOf, valuesOf } from '../../../../core/secmod/radius/attributes.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('values become bytes', () => {
  assert.deepEqual(attribute('Session-Timeout', 3600), { type: 27, value: hex('00000e10') });
  assert.deepEqual(attribute('NAS-IP-Address', '192.0.2.1'), { type: 4, value: hex('c0000201') });
  const six = hex('20010db8000000000000000000000001');
  assert.deepEqual(attribute('NAS-IPv6-Address', '2001:db8::1'), { type: 95, value: six });
  assert.deepEqual(attribute('RP-Upstream-Speed-Limit', 1), {
    vendor: 10_055,
    type: 1,
    value: hex('00000001'),
  });
  assert.equal(attribute('User-Name', 'x'.repeat(300)).value.length, 253);
  assert.equal(attribute('Connect-Info', `${'x'.repeat(252)}é`).value.toString(), 'x'.repeat(252));
});

test('values that do not fit are refused', () => {
  assert.throws(() => attribute('Session-Timeout', -1), RangeError);
  assert.throws(() => attribute('Session-Timeout', 2 ** 32), RangeError);
  assert.throws(() => attribute('Session-Timeout', 1.5), RangeError);
  assert.throws(() => attribute('NAS-IP-Address', '2001:db8::1'), RangeError);
  assert.throws(() => attribute('Class', Buffer.alloc(254)), RangeError);
});

test('bytes become values; those of a wrong length are left out', () => {
  assert.equal(valueOf([{ type: 27, value: hex('ffffffff') }], 'Session-Timeout'), 4_294_967_295);
  assert.equal(valueOf([{ type: 27, value: hex('ffff') }], 'Session-Timeout'), undefined);
  assert.equal(valueOf([{ type: 8, value: hex('0a010203') }], 'Framed-IP-Address'), '10.1.2.3');
  assert.equal(valueOf([{ type: 8, value: hex('0a0102') }], 'Framed-IP-Address'), undefined);
  assert.equal(
    valueOf([{ type: 168, value: hex('fda90077000000000000000000000005') }], 'Framed-IPv6-Address'),
    'fda9:77::5',
  );
  assert.equal(valueOf([{ type: 168, value: hex('fda90077') }], 'Framed-IPv6-Address'), undefined);
  const messages = [
    { type: 18, value: Buffer.from('grüße') },
    { type: 18, value: hex('ff') },
    { type: 18, value: Buffer.from('two') },
    { vendor: 311, type: 18, value: Buffer.from('of a vendor') },
  ];
  assert.deepEqual(valuesOf(messages, 'Reply-Message'), ['grüße', 'two']);
});

test('prefixes of any length, with and without their trailing bytes', () => {
  const prefix = (bytes: string): string | undefined =>
    valueOf([{ type: 123, value: hex(bytes) }], 'Delegated-IPv6-Prefix');
  assert.equal(prefix('0038fda900770000aa00'), 'fda9:77:0:aa00::/56');
  assert.equal(prefix('0038fda900770000aaff'), 'fda9:77:0:aa00::/56');
  assert.equal(prefix('0040fda90077000000010000000000000000'), 'fda9:77:0:1::/64');
  assert.equal(prefix('0000'), '::/0');
  assert.equal(prefix('0080fda90077000000000000000000000001'), 'fda9:77::1/128');
  assert.equal(prefix('0040fda900'), undefined);
  assert.equal(prefix('0081fda90077000000010000000000000000'), undefined);
  assert.equal(prefix('00'), undefined);
  assert.equal(prefix('0008fd'.padEnd(38, '0')), undefined);
});

test('the address of the server in the form of its family', () => {
  assert.equal(nasAddress('192.0.2.1').type, 4);
  assert.equal(nasAddress('::ffff:192.0.2.1').type, 4);
  assert.deepEqual(nasAddress('fe80::1%eth0').value, hex('fe800000000000000000000000000001'));
});
