import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openTicket } from '../../../core/secmod/tickets.ts';

const key = randomBytes(32);
const statement = {
  workerId: 1,
  connectionId: 7,
  remoteAddress: '192.0.2.1',
  localAddress: '192.0.2.2',
  acceptedAt: 5,
};
function seal(value: unknown, withKey = key): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${text}.${createHmac('sha256', withKey).update(text).digest('base64url')}`;
}

test('a ticket sealed by main is opened', () => {
  assert.deepEqual(openTicket(seal(statement), key), statement);
});

test('a ticket that is changed in any character is refused', () => {
  const sealed = seal(statement);
  for (let index = 0; index < sealed.length; index += 1) {
    const other = sealed[index] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
    // The last character of the seal carries two bits that mean nothing.
    if (index === sealed.length - 1) continue;
    assert.equal(openTicket(changed, key), undefined, `character ${index}`);
  }
  for (let length = 0; length < sealed.length; length += 1)
    assert.equal(openTicket(sealed.slice(0, length), key), undefined);
});

test('another key, another shape and an overlong ticket are refused', () => {
  assert.equal(openTicket(seal(statement, randomBytes(32)), key), undefined);
  assert.equal(openTicket(seal(null), key), undefined);
  assert.equal(openTicket(seal([]), key), undefined);
  for (const name of Object.keys(statement)) {
    assert.equal(openTicket(seal({ ...statement, [name]: {} }), key), undefined, name);
  }
  assert.equal(openTicket(seal({ ...statement, more: 'x'.repeat(4000) }), key), undefined);
});
