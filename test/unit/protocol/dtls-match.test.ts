import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchingDtlsSuites } from '../../../core/protocol/index.ts';

const list = 'PSK-AES256-GCM-SHA384:PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA';

test('DTLS gets the suite with the cipher of the TLS session, or none', () => {
  const table = [
    ['TLS_AES_256_GCM_SHA384', 'PSK-AES256-GCM-SHA384'],
    ['TLS_CHACHA20_POLY1305_SHA256', 'PSK-CHACHA20-POLY1305'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'PSK-AES128-GCM-SHA256'],
    ['ECDHE-RSA-AES128-SHA', 'PSK-AES128-CBC-SHA'],
    ['ECDHE-RSA-AES256-SHA', ''],
    ['TLS_UNHEARD_OF', ''],
  ] as const;
  for (const [tls, expected] of table) assert.equal(matchingDtlsSuites(list, tls), expected, tls);
  assert.equal(matchingDtlsSuites('', 'TLS_AES_256_GCM_SHA384'), '');
});
