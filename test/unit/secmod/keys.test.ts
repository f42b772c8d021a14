// Encrypted server keys: every form that openssl writes, with the PIN in the configuration or in a file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { KeyRing, type KeyFiles } from '../../../core/secmod/keys.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ocserv-keys-'));
const file = (name: string): string => path.join(folder, name);
const openssl = (...words: readonly string[]): void => {
  execFileSync('openssl', words, { stdio: 'ignore', cwd: folder });
};
const pin = 'pässwörd 1';
const forms: Readonly<Record<string, readonly string[]>> = {
  'PKCS#8 with AES': ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256'],
  'PKCS#8 with scrypt': ['pkcs8', '-topk8', '-scrypt'],
  'PKCS#8 as PKCS#12 encrypts (3DES)': ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES'],
  'traditional PEM': ['ec', '-aes256'],
};
const nameOf = (form: string): string => form.replace(/\W+/g, '-');

before(() => {
  writeFileSync(file('pin'), `${pin}\r\nsecond line\n`, { mode: 0o600 });
  writeFileSync(file('pin-alone'), pin, { mode: 0o600 });
  writeFileSync(file('wrong'), 'something else\n', { mode: 0o600 });
  openssl(
    ...['req', '-x509', '-nodes', '-days', '3', '-subj', '/CN=a', '-newkey', 'ec'],
    ...['-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', 'plain', '-out', 'cert'],
  );
  for (const [form, words] of Object.entries(forms)) {
    openssl(...words, '-in', 'plain', '-out', nameOf(form), '-passout', 'file:pin-alone');
  }
});
after(() => rmSync(folder, { recursive: true }));

function load(keyFile: string, how: Partial<KeyFiles>): string[] {
  const lines: string[] = [];
  const keep = (text: string): void => void lines.push(text);
  const ring = new KeyRing({ error: keep, warning: keep, notice: keep, info: keep, debug: keep });
  const problems = ring.load([{ certificateFile: file('cert'), keyFile: file(keyFile), ...how }]);
  assert.deepEqual(lines, []);
  for (const problem of problems)
    assert.ok(!problem.includes(pin) && !problem.includes('something else'), problem);
  return problems;
}

for (const form of Object.keys(forms)) {
  test(`${form}: opened with its PIN, refused with another and without one`, () => {
    const key = nameOf(form);
    assert.deepEqual(load(key, { pin }), []);
    assert.deepEqual(load(key, { pinFile: file('pin') }), []);
    assert.deepEqual(load(key, { pinFile: file('pin-alone') }), []);
    // The inline one wins.
    assert.deepEqual(load(key, { pin, pinFile: file('wrong') }), []);
    assert.match(
      load(key, { pinFile: file('wrong') })[0] ?? '',
      /cannot load the private key \(the PIN does not fit\)$/,
    );
    assert.match(load(key, {})[0] ?? '', /\(it is encrypted; expected key-pin or pin-file\)$/);
  });
}

test('a PIN harms no key that needs none; a PIN file that is missing is named', () => {
  assert.deepEqual(load('plain', { pin }), []);
  assert.deepEqual(load('plain', { pinFile: file('pin') }), []);
  assert.match(
    load('plain', { pinFile: file('nowhere') })[0] ?? '',
    /^could not open PIN file '.*nowhere' \(ENOENT\)$/,
  );
});
