import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  connectResponse,
  type ConnectAnswer,
  type LinkMtu,
  type TunnelMtu,
} from '../../../core/protocol/index.ts';

const answer: ConnectAnswer = {
  client: { kind: 'openconnect', mobile: false, ios: false },
  fullIpv6: true,
  includedHeaders: [],
  customHeaders: [],
  username: 'alice',
  groupname: 'dev',
  hostname: 'vm',
  dpdSeconds: 90,
  defaultDomains: ['example.com'],
  ipv4: { address: '192.168.99.50', netmask: '255.255.255.0' },
  ipv6: { address: 'fda9:4efe:7e3b:8e4f:9a7c:c09f:b76e:58ef', prefix: 64 },
  dns: ['192.168.99.1', 'fda9:4efe:7e3b:03ea::1'],
  nbns: ['192.168.99.2'],
  splitDns: ['corp.example.com'],
  routes: ['10.0.0.0/255.0.0.0', 'fef4:db8:1000:1001::/64'],
  noRoutes: ['10.5.0.0/255.255.0.0'],
  tunnelAllDns: false,
  clientBypassProtocol: false,
  keepaliveSeconds: 32400,
  idleTimeoutSeconds: 0,
  isDyndns: false,
  rekeySeconds: 172776,
  rekeyMethod: 'ssl',
  proxyUrl: undefined,
  sessionTimeoutSeconds: 0,
  remainingSeconds: 0,
  dtls: { port: 443, id: '3065dffc6e98c64b8b8d26338780ddef55615d025115b76fb42042ded954c39f' },
  linkMtuBytes: 1500 as LinkMtu,
  tunnelMtuBytes: 1434 as TunnelMtu,
  banner: undefined,
};

const linesOf = (change: Partial<ConnectAnswer>): string[] =>
  connectResponse({ ...answer, ...change }).split('\r\n');
const only = (lines: string[], part: string): string[] => lines.filter((line) => line.includes(part));

test('the recorded session is answered header by header', () => {
  assert.deepEqual(linesOf({}), [
    'HTTP/1.1 200 CONNECTED',
    'X-CSTP-Version: 1',
    'X-CSTP-Server-Name: OpenConnect VPN Server',
    'X-CSTP-Hostname: vm',
    'X-CSTP-DPD: 90',
    'X-CSTP-Default-Domain: example.com',
    'X-CSTP-Address: 192.168.99.50',
    'X-CSTP-Netmask: 255.255.255.0',
    'X-CSTP-Address-IP6: fda9:4efe:7e3b:8e4f:9a7c:c09f:b76e:58ef/64',
    'X-CSTP-DNS: 192.168.99.1',
    'X-CSTP-DNS: fda9:4efe:7e3b:03ea::1',
    'X-CSTP-NBNS: 192.168.99.2',
    'X-CSTP-Split-DNS: corp.example.com',
    'X-CSTP-Split-Include: 10.0.0.0/255.0.0.0',
    'X-CSTP-Split-Include-IP6: fef4:db8:1000:1001::/64',
    'X-CSTP-Tunnel-All-DNS: false',
    'X-CSTP-Client-Bypass-Protocol: false',
    'X-CSTP-Split-Exclude: 10.5.0.0/255.255.0.0',
    'X-CSTP-Keepalive: 32400',
    'X-CSTP-Idle-Timeout: none',
    'X-CSTP-Smartcard-Removal-Disconnect: true',
    'X-CSTP-Rekey-Time: 172776',
    'X-CSTP-Rekey-Method: ssl',
    'X-CSTP-Session-Timeout: none',
    'X-CSTP-Disconnected-Timeout: none',
    'X-CSTP-Keep: true',
    'X-CSTP-TCP-Keepalive: true',
    'X-CSTP-License: accept',
    'X-DTLS-DPD: 90',
    'X-DTLS-Port: 443',
    'X-DTLS-Rekey-Time: 172786',
    'X-DTLS-Keepalive: 32400',
    'X-DTLS-App-ID: 3065dffc6e98c64b8b8d26338780ddef55615d025115b76fb42042ded954c39f',
    'X-DTLS-CipherSuite: PSK-NEGOTIATE',
    'X-CSTP-Base-MTU: 1500',
    'X-CSTP-MTU: 1434',
    '',
    '',
  ]);
});

test('a value that would break out of its line is refused', () => {
  for (const bad of ['a\r\nX-Evil: 1', 'a\nb', 'a\u0000b', 'a\u007f']) {
    assert.throws(() => linesOf({ customHeaders: [`X-A: ${bad}`] }), /control character/);
    assert.throws(() => linesOf({ proxyUrl: 'http://x/%{U}', username: bad }), /MSIE-Proxy/);
    assert.throws(() => linesOf({ splitDns: [bad] }), /Split-DNS/);
  }
});

test('names are filled into configured headers, included headers come first', () => {
  const lines = linesOf({
    includedHeaders: ['Strict-Transport-Security: max-age=31536000'],
    customHeaders: ['X-My-Header: %{U} of %{G}'],
    proxyUrl: 'http://example.com/%{U}/',
  });
  assert.equal(lines[1], 'Strict-Transport-Security: max-age=31536000');
  assert.deepEqual(only(lines, 'X-My-Header'), ['X-My-Header: alice of dev']);
  assert.deepEqual(only(lines, 'Proxy'), ['X-CSTP-MSIE-Proxy-Pac-URL: http://example.com/alice/']);
  assert.deepEqual(only(linesOf({ customHeaders: ['X-G: %{G}'], groupname: undefined }), 'X-G'), ['X-G: ']);
});

test('without routes everything goes through the tunnel, names included', () => {
  const lines = linesOf({ routes: [] });
  assert.deepEqual(only(lines, 'Split-Include'), []);
  assert.deepEqual(only(lines, 'Tunnel-All-DNS'), ['X-CSTP-Tunnel-All-DNS: true']);
});

test('a client without full IPv6 capability gets the old headers and no IPv6 routes', () => {
  const lines = linesOf({ fullIpv6: false });
  assert.deepEqual(only(lines, 'fda9'), [
    'X-CSTP-Address: fda9:4efe:7e3b:8e4f:9a7c:c09f:b76e:58ef',
    'X-CSTP-Netmask: fda9:4efe:7e3b:8e4f:9a7c:c09f:b76e:58ef/64',
  ]);
  assert.deepEqual(only(lines, 'fef4'), []);
});

test('Cisco clients read IPv6 name servers elsewhere, iOS wants a route, openconnect 3 nothing of it', () => {
  const anyconnect = { kind: 'anyconnect', mobile: true, ios: true } as const;
  const lines = linesOf({ client: anyconnect });
  assert.deepEqual(only(lines, '-DNS-IP6'), ['X-CSTP-DNS-IP6: fda9:4efe:7e3b:03ea::1']);
  assert.deepEqual(only(lines, '2000::/3'), ['X-CSTP-Split-Include-IP6: 2000::/3']);
  const old = linesOf({ client: { kind: 'openconnectV3', mobile: false, ios: false } });
  assert.deepEqual(only(old, '03ea'), []);
  assert.deepEqual(only(old, 'fef4'), []);
});

test('timeouts and rekey say none when they are off', () => {
  const off = linesOf({ rekeySeconds: 0, dpdSeconds: 0 });
  assert.deepEqual(only(off, 'Rekey'), ['X-CSTP-Rekey-Method: none']);
  assert.deepEqual(only(off, 'DPD'), []);
  const on = linesOf({ sessionTimeoutSeconds: 3600, remainingSeconds: 3599, idleTimeoutSeconds: 1200 });
  assert.deepEqual(only(on, 'Session-Timeout'), [
    'X-CSTP-Session-Timeout: 3600',
    'X-CSTP-Session-Timeout-Remaining: 3599',
  ]);
  assert.deepEqual(only(on, 'Idle'), ['X-CSTP-Idle-Timeout: 1200']);
  assert.deepEqual(only(linesOf({ sessionTimeoutSeconds: 5, remainingSeconds: -1 }), 'Remaining'), [
    'X-CSTP-Session-Timeout-Remaining: 0',
  ]);
});

test('without DTLS none of its headers is sent', () => {
  assert.deepEqual(only(linesOf({ dtls: undefined }), 'X-DTLS'), []);
});

test('the banner is percent-encoded where openconnect decodes it', () => {
  assert.deepEqual(only(linesOf({ banner: '100% fun\nhere' }), 'Banner'), [
    'X-CSTP-Banner: 100%25 fun%0Ahere',
  ]);
});
