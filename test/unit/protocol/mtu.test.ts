import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreeLinkMtu,
  carriesIpv6,
  checkTunnelMtu,
  parseMtu,
  tunnelMtu,
} from '../../../core/protocol/index.ts';

const request = {
  configuredBytes: 0,
  baseMtu: 1500,
  cstpMtu: 1390,
  pathMtuBytes: 0,
  outerIpv6: false,
  hasIpv6Lease: false,
};

test('numbers of the client are decimal and no larger than a record, or absent', () => {
  const refused = [
    undefined,
    '',
    '-1',
    '0',
    '+5',
    '1e3',
    '0x5dc',
    '1500 ',
    '16385',
    '2147483648',
    '9223372036854775808',
  ];
  for (const text of refused) assert.equal(parseMtu(text), undefined, text);
  assert.equal(parseMtu('16384'), 16384);
  assert.equal(parseMtu('1'), 1);
});

test('the link MTU follows configuration, client and path', () => {
  const table: [
    Partial<typeof request> | { baseMtu: undefined; cstpMtu?: number; outerIpv6?: boolean },
    number,
  ][] = [
    [{}, 1500],
    [{ configuredBytes: 1400 }, 1400],
    [{ configuredBytes: 9000 }, 1500],
    [{ configuredBytes: 9000, baseMtu: 9000 }, 9000],
    [{ baseMtu: 1400 }, 1400],
    [{ baseMtu: 800 }, 800],
    [{ baseMtu: 799 }, 1500],
    [{ baseMtu: 1279, hasIpv6Lease: true }, 1500],
    [{ baseMtu: 1280, hasIpv6Lease: true }, 1280],
    [{ baseMtu: undefined, cstpMtu: 1390 }, 1484],
    [{ baseMtu: undefined, cstpMtu: 1300, outerIpv6: true }, 1414],
    [{ baseMtu: undefined, cstpMtu: 100 }, 1500],
    [{ pathMtuBytes: 1420 }, 1420],
    [{ pathMtuBytes: 65535 }, 1500],
    [{ pathMtuBytes: 20 }, 1500],
  ];
  for (const [change, expected] of table) {
    assert.equal(agreeLinkMtu({ ...request, ...change }), expected, JSON.stringify(change));
  }
});

test('the tunnel MTU is the link without transport, record and type byte', () => {
  const link = agreeLinkMtu(request);
  const table: [string | null, boolean, number][] = [
    ['TLS_AES_256_GCM_SHA384', false, 1434],
    ['ECDHE-RSA-AES128-CCM', false, 1434],
    ['TLS_CHACHA20_POLY1305_SHA256', false, 1442],
    ['AES128-SHA', false, 1406],
    ['ECDHE-RSA-AES256-SHA', false, 1406],
    ['DES-CBC3-SHA', false, 1422],
    [null, false, 1472],
    ['TLS_AES_256_GCM_SHA384', true, 1414],
    [null, true, 1452],
  ];
  for (const [cipher, outerIpv6, expected] of table) {
    assert.equal(tunnelMtu(link, outerIpv6, cipher), expected, `${cipher} ${outerIpv6}`);
  }
});

test('IPv6 needs 1280 bytes inside', () => {
  const link = agreeLinkMtu({ ...request, baseMtu: 1308 });
  assert.equal(carriesIpv6(tunnelMtu(link, false, null)), true);
  assert.equal(carriesIpv6(tunnelMtu(link, false, 'AES128-GCM-SHA256')), false);
});

test('a reported tunnel MTU outside 68…limit is refused', () => {
  for (const value of [67, 0, -1, 1.5, Number.NaN, 16385]) assert.equal(checkTunnelMtu(value, 0), undefined);
  assert.equal(checkTunnelMtu(68, 0), 68);
  assert.equal(checkTunnelMtu(16384, 0), 16384);
  assert.equal(checkTunnelMtu(1400, 1400), 1400);
  assert.equal(checkTunnelMtu(1401, 1400), undefined);
});
