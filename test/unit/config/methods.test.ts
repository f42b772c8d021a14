import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMethod } from '../../../core/config/methods.ts';

const refused: readonly [text: string, pattern: RegExp][] = [
  ['', /unknown or unsupported auth method: /],
  ['none', /unknown or unsupported auth method: none/],
  ['plain', /plain: no password or OTP file specified/],
  ['plain[', /error parsing plain\[/],
  ['plain[file]', /error parsing plain\[file\]/],
  ['plain[otp=/x,otp-window=21]', /otp-window: found '21'; expected 0 to 20 steps/],
  ['plain[otp=/x,otp-window=-1]', /otp-window: found '-1'/],
  ['plain[pass=/x]', /unknown option 'pass'/],
  ['radius', /No radius configuration specified: radius/],
  ['radius[/x,other]', /No known configuration option: other/],
  ['radius[config=/x,group-separator=dot]', /unknown group-separator value 'dot'/],
  ['pam[gid-min=-1]', /error in gid-min value: -1/],
  ['pam[service=a/b]', /expected the name of a PAM service/],
  ['gssapi[tgt-freshness-time=0]', /Invalid value for 'tgt-freshness-time': 0/],
  ['oidc', /no configuration passed!/],
];

for (const [text, pattern] of refused) {
  test(`auth = ${text} is refused`, () => assert.match(readMethod('auth', text).error ?? '', pattern));
}

const accepted: readonly [text: string, name: string, options: Record<string, string>][] = [
  ['plain[passwd=/x]', 'plain', { passwd: '/x' }],
  ['PLAIN [ Passwd = /x , otp = /y ] junk', 'plain', { passwd: '/x', otp: '/y' }],
  ['plainfoo[passwd=/x]', 'plain', { passwd: '/x' }],
  ['plain[passwd=/x,otp=/y,otp-window=0]', 'plain', { passwd: '/x', otp: '/y', 'otp-window': '0' }],
  ['plain[/x]', 'plain', { passwd: '/x' }],
  ['plain[./x]', 'plain', { passwd: './x' }],
  ['certificate[whatever]', 'certificate', {}],
  ['pam', 'pam', {}],
  ['radius[/x,groupconfig]', 'radius', { config: '/x', groupconfig: 'true' }],
  ['oidc[config=/x,unknown=1]', 'oidc', { config: '/x', unknown: '1' }],
];

for (const [text, name, options] of accepted) {
  test(`auth = ${text} is read`, () => assert.deepEqual(readMethod('auth', text).value, { name, options }));
}

test('a sixth suboption is dropped with a warning', () => {
  const { warnings } = readMethod('auth', 'oidc[config=/x,a=1,b=2,c=3,d=4,e=5]');
  assert.deepEqual(warnings, ['only the first 5 suboptions of oidc are read']);
});
