import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { TOTP, URI } from 'otpauth';
import { enrolToken, removeTokens, type TokenWish } from '../../../core/passwd/oath-enrol.ts';
import { parseOathFile } from '../../../core/passwd/oath-format.ts';
import { judgeOtp } from '../../../core/passwd/oath-verify.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-enrol-'));
after(() => rmSync(folder, { recursive: true }));
const lock = () => true;
const wish = (more: Partial<TokenWish> = {}): TokenWish => ({
  username: 'alice',
  issuer: 'vpn.example.net',
  kind: 'totp',
  digits: 6,
  stepSeconds: 30,
  ...more,
});

test('names that cannot stand in the file are refused and nothing is written', async () => {
  const file = path.join(folder, 'none');
  for (const username of ['', 'a b', 'a\tb', 'a:b', 'a\n', 'x'.repeat(64)]) {
    assert.equal((await enrolToken(file, wish({ username }), lock)).outcome, 'invalid-user', username);
  }
  assert.throws(() => readFileSync(file), /ENOENT/);
});

test('what the phone is told and what the file says give the same codes', async () => {
  for (const [more, line, uri] of [
    [{}, /^HOTP\/T30\/6\talice\t-\t[0-9a-f]{40}\n$/, /^otpauth:\/\/totp\/vpn\.example\.net:alice\?/],
    [{ digits: 8, stepSeconds: 60 }, /^HOTP\/T60\/8\talice\t-\t/, /digits=8&period=60/],
    [{ kind: 'hotp', digits: 7 }, /^HOTP\/E\/7\talice\t-\t/, /^otpauth:\/\/hotp\/.*counter=0/],
  ] as const) {
    const file = path.join(folder, 'same');
    rmSync(file, { force: true });
    const result = await enrolToken(file, wish(more), lock);
    assert.ok(result.outcome === 'enrolled');
    assert.equal(result.replaced, 0);
    const text = readFileSync(file, 'latin1');
    assert.match(text, line);
    assert.match(result.token.uri, uri);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const phone = URI.parse(result.token.uri);
    const now = Date.now();
    const code = phone instanceof TOTP ? phone.generate({ timestamp: now }) : phone.generate({ counter: 0 });
    assert.equal(judgeOtp(parseOathFile(text), 'alice', code, now, 1).outcome, 'right');
  }
});

test('a fresh token takes the place of the former ones; other lines, mode and owner stay', async () => {
  const file = path.join(folder, 'kept');
  writeFileSync(file, '# note\nHOTP alice - 00\nHOTP bob - 01\nHOTP/T30 alice - 02');
  chmodSync(file, 0o640);
  const result = await enrolToken(file, wish(), lock);
  assert.ok(result.outcome === 'enrolled');
  assert.equal(result.replaced, 2);
  assert.match(
    readFileSync(file, 'latin1'),
    /^# note\nHOTP bob - 01\nHOTP\/T30\/6\talice\t-\t[0-9a-f]{40}\n$/,
  );
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(await removeTokens(file, 'alice', lock), { outcome: 'removed', removed: 1 });
  assert.deepEqual(await removeTokens(file, 'alice', lock), { outcome: 'no-such-user' });
  assert.equal(readFileSync(file, 'latin1'), '# note\nHOTP bob - 01\n');
});

test('a folder that is not there is named', async () => {
  const file = path.join(folder, 'no/where');
  assert.deepEqual(await enrolToken(file, wish(), lock), { outcome: 'cannot-write', file, code: 'ENOENT' });
});
