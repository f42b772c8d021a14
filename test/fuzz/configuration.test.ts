// Whatever a configuration file holds, loading answers with diagnostics and never throws.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { optionNames, parseConfiguration, parseOverlay, formatDiagnostic } from '../../core/config/index.ts';

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.integer().map(String),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    'true',
    'plain[passwd=/x]',
    '10.0.0.0/8',
    'fd00::/64',
    '!(tcp(1))',
    '[',
    '""',
    'pam[service=/]',
  ),
);
const line = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(...optionNames), value).map(([name, text]) => `${name} = ${text}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[vhost:a]', '[]', '[vhost:', '[x]', '  indented', '\ufeff', '# c'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
);
const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\n'));

test('100 malformed configurations are answered with diagnostics on one line each', () => {
  fc.assert(
    fc.property(text, (content) => {
      const { configuration, diagnostics } = parseConfiguration('f', Buffer.from(content), { folder: '/' });
      const hasError = diagnostics.some(({ severity }) => severity === 'error');
      assert.equal(configuration === undefined, hasError);
      for (const diagnostic of diagnostics)
        assert.doesNotMatch(formatDiagnostic(diagnostic), /[\u0000-\u001f]/);
    }),
    { numRuns: 100 },
  );
});

test('100 random byte sequences are answered with diagnostics', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      parseConfiguration('f', Buffer.from(bytes), { folder: '/' });
    }),
    { numRuns: 100 },
  );
});

test('100 malformed user files are refused or read', () => {
  fc.assert(
    fc.property(text, (content) => {
      const { overlay, diagnostics } = parseOverlay('f', content);
      assert.equal(
        overlay === undefined,
        diagnostics.some(({ severity }) => severity === 'error'),
      );
    }),
    { numRuns: 100 },
  );
});
