import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePriorities } from '../../../core/protocol/priorities.ts';

const refused: readonly (readonly [text: string, rest: string])[] = [
  ['', ''],
  ['+AES-128-GCM', '+AES-128-GCM'],
  ['NORMALLY', 'NORMALLY'],
  ['NORMAL:%SERVER_PRECEDENCE:+AES-129-GCM:-RSA', '+AES-129-GCM:-RSA'],
  ['NORMAL:%COMPATIBLE', '%COMPATIBLE'],
  ['NORMAL:AES-128-GCM', 'AES-128-GCM'],
  ['NORMAL::-RSA', ':-RSA'],
  ['NORMAL:-VERS-ALL', ''],
  ['NORMAL:-CIPHER-ALL', ''],
  ['NONE', ''],
];
for (const [text, rest] of refused) {
  test(`"${text}" is refused from "${rest}" on`, () => {
    const result = parsePriorities(text);
    assert.ok('error' in result);
    assert.equal(result.rest, rest);
  });
}

const accepted: readonly (readonly [
  text: string,
  versions: string,
  firstCipher: string,
  firstSuite: string,
])[] = [
  ['NORMAL:%SERVER_PRECEDENCE:%COMPAT', '1.2-1.3', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_AES_256_GCM_SHA384'],
  ['NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-TLS1.3', '1.2-1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', ''],
  [
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-SSL3.0:-VERS-TLS1.0:-VERS-TLS1.1',
    '1.2-1.3',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'TLS_AES_256_GCM_SHA384',
  ],
  [
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-RSA:-VERS-SSL3.0:-ARCFOUR-128',
    '1.2-1.3',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'TLS_AES_256_GCM_SHA384',
  ],
  [
    'SECURE128:%SERVER_PRECEDENCE:%COMPAT:-VERS-SSL3.0',
    '1.2-1.3',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'TLS_AES_256_GCM_SHA384',
  ],
  [
    'PERFORMANCE:%SERVER_PRECEDENCE:%COMPAT',
    '1.2-1.3',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'TLS_AES_128_GCM_SHA256',
  ],
  [
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-TLS-ALL:+VERS-TLS1.2',
    '1.2-1.2',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    '',
  ],
  [
    'NORMAL:%SERVER_PRECEDENCE:%COMPAT:-VERS-TLS-ALL:+VERS-TLS1.2:+VERS-TLS1.3',
    '1.2-1.3',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'TLS_AES_256_GCM_SHA384',
  ],
  ['normal:-vers-all:+vers-tls1.3', '1.3-1.3', '', 'TLS_AES_256_GCM_SHA384'],
  ['@SYSTEM', '1.2-1.3', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_AES_256_GCM_SHA384'],
  [
    'NONE:%SERVER_PRECEDENCE:%COMPAT:+VERS-TLS-ALL:+SIGN-ALL:+COMP-ALL:+RSA:+SHA1:+AES-256-CBC',
    '1.2-1.2',
    'ECDHE-RSA-AES256-SHA',
    '',
  ],
  ['SECURE256', '1.2-1.3', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_AES_256_GCM_SHA384'],
];
for (const [text, versions, firstCipher, firstSuite] of accepted) {
  test(`"${text}" is understood`, () => {
    const result = parsePriorities(text);
    assert.ok('priorities' in result, JSON.stringify(result));
    const { policy } = result.priorities;
    assert.equal(`${policy.minVersion}-${policy.maxVersion}`, versions);
    assert.equal(policy.cipherList.split(':')[0], firstCipher);
    assert.equal(policy.cipherSuites.split(':')[0], firstSuite);
    assert.equal(policy.serverPreference, text.includes('%SERVER_PRECEDENCE'));
    assert.equal(policy.encryptThenMac, !text.includes('%COMPAT'));
  });
}

test('the PSK suites of DTLS follow the ciphers and MACs of the string', () => {
  const result = parsePriorities('NORMAL:-CIPHER-ALL:+AES-128-CBC:+AES-256-GCM');
  assert.ok('priorities' in result);
  assert.equal(result.priorities.dtlsCipherList, 'PSK-AES128-CBC-SHA:PSK-AES256-GCM-SHA384');
});

test('a string for old phones gets forward secrecy instead of RSA key exchange, and a note says so', () => {
  const result = parsePriorities('NONE:+VERS-TLS-ALL:+COMP-ALL:+RSA:+SHA1:+AES-256-CBC');
  assert.ok('priorities' in result);
  assert.equal(result.priorities.policy.cipherList, 'ECDHE-RSA-AES256-SHA:DHE-RSA-AES256-SHA');
  assert.deepEqual(result.priorities.notes, [
    'TLS 1.0 and TLS 1.1 are not offered',
    'key exchange RSA is not offered, ECDHE-RSA and DHE-RSA take its place',
  ]);
});

test('signature algorithms are listed only when the string touches them', () => {
  const untouched = parsePriorities('NORMAL');
  const chosen = parsePriorities('NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-ECDSA-SHA256');
  assert.ok('priorities' in untouched && 'priorities' in chosen);
  assert.equal(untouched.priorities.policy.signatureAlgorithms, '');
  assert.equal(chosen.priorities.policy.signatureAlgorithms, 'rsa_pss_rsae_sha256:ECDSA+SHA256');
});
