import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatLocalTime,
  formatOathLine,
  parseLocalTime,
  parseOathFile,
  parseOathLine,
} from '../../../core/passwd/oath-format.ts';

const SECRET = '3132333435363738393031323334353637383930';

test('lines that are no token say what was expected', () => {
  for (const [line, problem] of [
    ['HOTP', /expected TYPE USER PIN HEXSECRET/],
    ['HOTP alice -', /expected TYPE USER PIN HEXSECRET/],
    [`TOTP alice - ${SECRET}`, /unknown token type/],
    [`HOTP/8 alice - ${SECRET}`, /unknown token type/],
    [`HOTP/T alice - ${SECRET}`, /unknown token type/],
    [`HOTP/T15 alice - ${SECRET}`, /unknown token type/],
    [`HOTP/E/9 alice - ${SECRET}`, /unknown token type/],
    [`MOTP alice - ${SECRET}`, /unknown token type/],
    ['HOTP alice - 313', /hexadecimal/],
    ['HOTP alice - xyzw', /hexadecimal/],
    [`HOTP alice - ${'00'.repeat(33)}`, /1 to 32 bytes/],
    [`HOTP alice - ${SECRET} -1`, /whole number/],
    [`HOTP alice - ${SECRET} x`, /whole number/],
    [`HOTP alice - ${SECRET} 1 287082 2026-01-02`, /YYYY-MM-DD/],
  ] as const) {
    const parsed = parseOathLine(line);
    assert.ok(parsed !== undefined && 'problem' in parsed, line);
    assert.match(parsed.problem, problem, line);
    assert.doesNotMatch(parsed.problem, /3132/);
  }
});

test('every type of the format is read', () => {
  for (const [type, stepSeconds, digits] of [
    ['HOTP', undefined, 6],
    ['HOTP/E', undefined, 6],
    ['HOTP/E/7', undefined, 7],
    ['HOTP/E/8', undefined, 8],
    ['HOTP/T30', 30, 6],
    ['HOTP/T30/8', 30, 8],
    ['HOTP/T60', 60, 6],
    ['HOTP/T60/7', 60, 7],
  ] as const) {
    const parsed = parseOathLine(`${type}\talice\t-\t${SECRET}\n`);
    assert.ok(parsed !== undefined && 'user' in parsed, type);
    assert.deepEqual([parsed.stepSeconds, parsed.digits, parsed.moving], [stepSeconds, digits, 0], type);
  }
});

test('comments, blank lines, blanks of any kind, PINs and several tokens of a user are understood', () => {
  const file = parseOathFile(
    [
      '# users.oath',
      '',
      `  HOTP   alice\t1234  ${SECRET}  7 \r`,
      'nonsense',
      `HOTP/T30 bob - ${SECRET} -3 123456 2026-01-02T03:04:05L`,
      `HOTP/E/8 alice + ${SECRET.toUpperCase()}`,
    ].join('\n'),
  );
  assert.deepEqual(
    file.tokensOf('alice').map(({ line, token }) => [line, token.moving, token.digits]),
    [
      [2, 7, 6],
      [5, 0, 8],
    ],
  );
  assert.equal(file.tokensOf('bob')[0]?.token.moving, -3);
  assert.equal(file.tokensOf('bob')[0]?.token.lastAt, new Date(2026, 0, 2, 3, 4, 5).getTime());
  assert.deepEqual(file.tokensOf('Alice'), []);
  assert.deepEqual(file.tokensOf('__proto__'), []);
  assert.equal(file.mostTokens, 2);
  assert.deepEqual(
    file.problems.map(({ line }) => line),
    [4],
  );
  assert.deepEqual(file.pinLines, [3]);
});

test('a line is written as liboath writes it', () => {
  const token = parseOathLine(`HOTP/E bob - ${SECRET}`);
  assert.ok(token !== undefined && 'user' in token);
  assert.equal(formatOathLine(token), `HOTP/E\tbob\t-\t${SECRET}`);
  const at = new Date(2026, 10, 5, 6, 7, 8).getTime();
  assert.equal(
    formatOathLine({ ...token, moving: 4, lastOtp: '338314', lastAt: at }),
    `HOTP/E\tbob\t-\t${SECRET}\t4\t338314\t2026-11-05T06:07:08L`,
  );
});

test('local times come back as they were, in a repeated hour the later one', () => {
  const former = process.env['TZ'];
  try {
    process.env['TZ'] = 'Europe/Berlin';
    // 2026-10-25: 03:00 summer time becomes 02:00.
    const before = Date.UTC(2026, 9, 25, 0, 30);
    const after = Date.UTC(2026, 9, 25, 1, 30);
    assert.equal(formatLocalTime(before), '2026-10-25T02:30:00L');
    assert.equal(formatLocalTime(after), '2026-10-25T02:30:00L');
    assert.equal(parseLocalTime('2026-10-25T02:30:00L'), after);
    assert.equal(parseLocalTime(formatLocalTime(after + 3_600_000)), after + 3_600_000);
  } finally {
    if (former === undefined) delete process.env['TZ'];
    else process.env['TZ'] = former;
  }
  assert.equal(parseLocalTime('2026-10-25 02:30:00'), undefined);
});
