import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnectRequest } from '../../../core/protocol/index.ts';

const parse = (headers: Record<string, string>) => parseConnectRequest((name) => headers[name]);

test('without headers a client gets both families and no DTLS', () => {
  assert.deepEqual(parse({}), {
    hostname: undefined,
    baseMtu: undefined,
    cstpMtu: undefined,
    wantsIpv4: true,
    wantsIpv6: true,
    fullIpv6: false,
    dtlsPsk: false,
    dtlsSuites: { dtls12: undefined, dtls: undefined },
    dtlsMasterSecret: undefined,
    acceptsEncoding: { cstp: undefined, dtls: undefined },
  });
});

test('what openconnect 9 sends is understood', () => {
  assert.deepEqual(
    parse({
      'x-cstp-hostname': 'vm',
      'x-cstp-base-mtu': '1500',
      'x-cstp-mtu': '1390',
      'x-cstp-address-type': 'IPv6,IPv4',
      'x-cstp-full-ipv6-capability': 'true',
      'x-dtls-ciphersuite': 'PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM:AES128-SHA',
    }),
    {
      hostname: 'vm',
      baseMtu: 1500,
      cstpMtu: 1390,
      wantsIpv4: true,
      wantsIpv6: true,
      fullIpv6: true,
      dtlsPsk: true,
      dtlsSuites: { dtls12: undefined, dtls: 'PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM:AES128-SHA' },
      dtlsMasterSecret: undefined,
      acceptsEncoding: { cstp: undefined, dtls: undefined },
    },
  );
});

test('PSK-NEGOTIATE counts as a whole token in either list', () => {
  assert.equal(parse({ 'x-dtls12-ciphersuite': 'AES128-SHA:PSK-NEGOTIATE' }).dtlsPsk, true);
  assert.equal(parse({ 'x-dtls-ciphersuite': 'XPSK-NEGOTIATE:PSK-NEGOTIATE2' }).dtlsPsk, false);
});

test('one family is left out on request', () => {
  assert.equal(parse({ 'x-cstp-address-type': 'IPv4' }).wantsIpv6, false);
  assert.equal(parse({ 'x-cstp-address-type': 'IPv6' }).wantsIpv4, false);
});
