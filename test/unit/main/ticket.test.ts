import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealTicket } from '../../../core/main/ticket.ts';
import { openTicket } from '../../../core/secmod/tickets.ts';

const key = Buffer.alloc(32, 1);
const statement = {
  workerId: 1,
  connectionId: 2,
  remoteAddress: '192.0.2.9',
  localAddress: '192.0.2.1',
  acceptedAt: 3,
};

test('the security module opens what main seals, with the same key alone', () => {
  const ticket = sealTicket(statement, key);
  assert.deepEqual(openTicket(ticket, key), statement);
  assert.equal(openTicket(ticket, Buffer.alloc(32, 2)), undefined);
  assert.equal(openTicket(`${ticket.slice(0, -1)}${ticket.endsWith('A') ? 'B' : 'A'}`, key), undefined);
});
