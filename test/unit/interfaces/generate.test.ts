// The generated types are what the interface files say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generateModules } from '../../../core/interfaces/generate.ts';

for (const { file, text } of generateModules()) {
  test(`${file.split('/').at(-1) ?? ''} is up to date`, () => {
    assert.equal(readFileSync(file, 'utf8'), text, 'run "node core/interfaces/generate.ts"');
  });
}
