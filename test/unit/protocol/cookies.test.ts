import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalCookie,
  clearedContextCookie,
  contextCookie,
  parseCookies,
  successCookies,
} from '../../../core/protocol/index.ts';

const cookie = 'AARaP0cTul3W4IWbmHticRGp0H6nLuzREMf1/ZC6lKk=';

test('a cookie that is not 32 bytes in one canonical spelling counts as absent', () => {
  const refused = [
    '',
    'A',
    cookie.slice(0, 43),
    `${cookie}A`,
    `${cookie.slice(0, 42)}l=`, // the two unused bits set
    cookie.replace('/', '_'),
    cookie.replace('A', ' '),
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    'A'.repeat(100_000),
  ];
  for (const value of refused) assert.equal(canonicalCookie(value), undefined, value.slice(0, 50));
  assert.equal(canonicalCookie(cookie), cookie);
});

test('the Cookie header is split at semicolons, blanks around pairs do not count', () => {
  assert.deepEqual(parseCookies(`a=b;  webvpn=${cookie}  ; webvpncontext=Y3R4`), {
    session: cookie,
    context: 'Y3R4',
  });
  assert.deepEqual(parseCookies(`WEBVPN=${cookie}`), { session: undefined, context: undefined });
  assert.deepEqual(parseCookies(`xwebvpn=${cookie}`), { session: undefined, context: undefined });
  assert.deepEqual(parseCookies('webvpn'), { session: undefined, context: undefined });
  assert.deepEqual(parseCookies(`webvpncontext=${'x'.repeat(129)}`), {
    session: undefined,
    context: undefined,
  });
  assert.deepEqual(parseCookies('webvpncontext=a"b'), { session: undefined, context: undefined });
});

test('Set-Cookie values have the bytes clients know', () => {
  assert.equal(
    clearedContextCookie(),
    'webvpncontext=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; Secure; HttpOnly',
  );
  assert.equal(contextCookie('Y3R4', 300), 'webvpncontext=Y3R4; Max-Age=300; Secure; HttpOnly');
  const certificateSha1 = '6ABDEC181D8542B87A1C2775D065EAB9F5EB97B8';
  assert.deepEqual(successCookies({ cookie, context: 'Y3R4', certificateSha1 }), [
    [
      'webvpncontext=Y3R4; Secure; HttpOnly',
      `webvpn=${cookie}; Secure; HttpOnly`,
      'webvpnc=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; Secure; HttpOnly',
    ],
    'webvpnc=bu:/&p:t&iu:1/&sh:6ABDEC181D8542B87A1C2775D065EAB9F5EB97B8; path=/; Secure; HttpOnly',
  ]);
  const profile = { name: '/etc/a b;c.xml', sha1: 'AB12' };
  assert.equal(
    successCookies({ cookie, context: undefined, certificateSha1, profile })[1],
    'webvpnc=bu:/&p:t&iu:1/&sh:6ABDEC181D8542B87A1C2775D065EAB9F5EB97B8' +
      '&lu:/+CSCOT+/translation-table?textdomain%3DAnyConnect%26type%3Dmanifest' +
      '&fu:profiles%2F/etc/a%20b%3Bc.xml&fh:AB12; path=/; Secure; HttpOnly',
  );
});
