import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documents } from '../../../core/config/generate.ts';
import {
  formatDiagnostic,
  optionNames,
  optionTable,
  parseConfiguration,
} from '../../../core/config/index.ts';

for (const { file, text } of documents) {
  test(`${file.split('/').at(-1)} is what the option table gives (else run core/config/generate.ts)`, () => {
    assert.equal(readFileSync(file, 'utf8'), text);
  });
}

const [sample, manual] = documents;

test('the sample configuration is accepted without warning', () => {
  const { configuration, diagnostics } = parseConfiguration('sample', sample.text);
  assert.ok(configuration);
  assert.deepEqual(diagnostics.filter(({ severity }) => severity !== 'note').map(formatDiagnostic), []);
});

test('the sample holds every option of the main file and the manual every option', () => {
  for (const name of optionNames) {
    const isMain = optionTable[name].scope.includes('global');
    assert.equal(new RegExp(`^#?${name} =`, 'm').test(sample.text), isMain, name);
    assert.ok(manual.text.includes(`\n- \`${name}\`=`), name);
  }
});
