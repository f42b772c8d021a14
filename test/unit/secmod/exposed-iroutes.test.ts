import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { initialSettings } from '../../../core/config/index.ts';
import { exposeIroutes, readExposedIroutes } from '../../../core/secmod/exposed-iroutes.ts';
import type { Log } from '../../../core/secmod/log.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'exposed-iroutes-'));
after(() => rmSync(folder, { recursive: true }));

const said: string[] = [];
const say = (text: string): void => void said.push(text);
const log: Log = { error: say, warning: say, notice: say, info: say, debug: say };

test('the iroutes of all files are found, each once; what is no good file is left out', () => {
  const files = {
    alice: 'iroute = 10.1.0.0/16\ndpd = 5\niroute = fd11::/48\n',
    bob: 'iroute = 10.1.0.0/255.255.0.0\niroute = 10.2.0.0/16\n',
    carol: 'iroute = 10.3.0.0/16\niroute = 10.4.0.0\n',
    dave: 'dpd = 3\n',
    '.hidden': 'iroute = 10.5.0.0/16\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  mkdirSync(path.join(folder, 'subfolder'));
  writeFileSync(path.join(folder, 'subfolder/erin'), 'iroute = 10.6.0.0/16\n');
  symlinkSync(path.join(folder, '.hidden'), path.join(folder, 'link'));
  const settings = { ...initialSettings, 'expose-iroutes': true, 'config-per-user': folder };
  assert.deepEqual(readExposedIroutes(settings, log), [
    '10.1.0.0/255.255.0.0',
    'fd11::/48',
    '10.2.0.0/255.255.0.0',
  ]);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /iroutes are not exposed: error: .*carol:2:10: iroute: route '10\.4\.0\.0'/);
  assert.deepEqual(readExposedIroutes({ ...settings, 'expose-iroutes': false }, log), []);
  assert.deepEqual(readExposedIroutes({ ...settings, 'config-per-user': '/nowhere' }, log), []);
  assert.match(said[1] ?? '', /\/nowhere: cannot open the folder/);
});

test('a session gets those of others behind its routes, and none when it sends everything', () => {
  const exposed = ['10.1.0.0/255.255.0.0', '10.2.0.0/255.255.0.0', '10.9.0.0/255.255.0.0'];
  const session = {
    ...initialSettings,
    route: ['10.9.0.0/255.255.0.0'],
    iroute: ['10.1.0.0/255.255.0.0'],
  };
  assert.deepEqual(exposeIroutes(session, exposed).route, ['10.9.0.0/255.255.0.0', '10.2.0.0/255.255.0.0']);
  const full = { ...session, route: [] };
  assert.equal(exposeIroutes(full, exposed), full);
});
