import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifyClient, keepDeviceText, keepUserAgent } from '../../../core/protocol/index.ts';

test('clients are told apart by the prefix of their User-Agent, in any case', () => {
  const agents = [
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['curl/8', 'unknown'],
    ['x AnyConnect', 'unknown'],
    ['Open AnyConnect VPN Agent v3.20', 'openconnectV3'],
    ['Open AnyConnect VPN Agent v4.0', 'openconnect'],
    ['Open AnyConnect VPN Agent v8.20', 'openconnect'],
    ['Open AnyConnect VPN Agent v', 'openconnect'],
    ['OpenConnect VPN Agent (NetworkManager) v9', 'openconnect'],
    ['AnyConnect-compatible OpenConnect VPN Agent v9.21-5', 'openconnect'],
    ['anyconnect-compatible openconnect', 'openconnect'],
    ['Cisco AnyConnect VPN Agent for Apple iPhone 4', 'anyconnect'],
    ['Cisco AnyConnect VPN Agent for Windows 4.10', 'anyconnect'],
    ['AnyConnect Linux_64 5.0', 'anyconnect'],
    ['Clavister OneConnect VPN 3', 'clavister'],
    ['AnyLink Secure Client 1', 'anylink'],
    ['Cisco SVC IPPhone Client v1.0', 'ipPhone'],
  ] as const;
  for (const [agent, kind] of agents) assert.equal(identifyClient(agent, undefined).kind, kind, agent);
});

test('the platform header and the Apple agent tell mobile and iOS', () => {
  assert.deepEqual(identifyClient('AnyConnect Android', 'android 14'), {
    kind: 'anyconnect',
    mobile: true,
    ios: false,
  });
  assert.deepEqual(identifyClient(undefined, 'Apple-iOS'), { kind: 'unknown', mobile: true, ios: true });
  assert.equal(identifyClient('Cisco AnyConnect VPN Agent for Apple', undefined).ios, true);
  assert.equal(identifyClient('x', 'linux').mobile, false);
});

test('an agent is cut at 63 bytes, a device text longer than that is dropped, control characters go', () => {
  assert.equal(keepUserAgent('a'.repeat(64)), 'a'.repeat(63));
  assert.equal(keepUserAgent('a\r\nb\u0085'), 'a??b?');
  assert.equal(keepDeviceText('d'.repeat(63)), 'd'.repeat(63));
  assert.equal(keepDeviceText('d'.repeat(64)), undefined);
});
