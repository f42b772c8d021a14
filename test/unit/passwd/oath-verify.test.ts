// Codes are the test values of RFC 4226, appendix D, and RFC 6238, appendix B.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOTP, Secret } from 'otpauth';
import { formatLocalTime, parseOathFile } from '../../../core/passwd/oath-format.ts';
import { judgeOtp } from '../../../core/passwd/oath-verify.ts';

const SECRET = '3132333435363738393031323334353637383930';
const COUNTED = [
  '755224',
  '287082',
  '359152',
  '969429',
  '338314',
  '254676',
  '287922',
  '162583',
  '399871',
  '520489',
] as const;
const NOW = 1_111_111_109_000;
const secret = Secret.fromHex(SECRET);
const codeAt = (seconds: number, step = 30, digits = 6): string =>
  HOTP.generate({ secret, digits, counter: Math.floor(seconds / step) });

const judge = (text: string, code: string, now = NOW, window = 1, user = 'alice') =>
  judgeOtp(parseOathFile(text), user, code, now, window);
const outcome = (...args: Parameters<typeof judge>) => judge(...args).outcome;

test('the codes of RFC 6238 are right at their times', () => {
  for (const [seconds, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const) {
    assert.equal(outcome(`HOTP/T30/8 alice - ${SECRET}\n`, code, seconds * 1000), 'right', code);
    assert.equal(outcome(`HOTP/T30/8 alice - ${SECRET}\n`, code, seconds * 1000 + 120_000), 'wrong', code);
  }
});

test('an event token takes the stored counter to twenty ahead, and writes down what matched', () => {
  const fresh = `HOTP alice - ${SECRET}\n`;
  for (const [counter, code] of COUNTED.entries()) {
    const verdict = judge(fresh, code);
    assert.equal(verdict.outcome, 'right');
    assert.equal(
      'text' in verdict && verdict.text,
      `HOTP\talice\t-\t${SECRET}\t${counter}\t${code}\t${formatLocalTime(NOW)}\n`,
    );
  }
  const ahead = (counter: number): string => HOTP.generate({ secret, counter });
  assert.equal(outcome(fresh, ahead(20)), 'right');
  assert.equal(outcome(fresh, ahead(21)), 'wrong');
  assert.equal(outcome(`HOTP alice - ${SECRET} 5\n`, ahead(4)), 'wrong');
  assert.equal(outcome(`HOTP alice - ${SECRET} 5\n`, ahead(5)), 'right');
  assert.equal(outcome(`HOTP alice - ${SECRET} 5\n`, ahead(25)), 'right');
  assert.equal(outcome(`HOTP alice - ${SECRET} 5\n`, ahead(26)), 'wrong');
});

test('no code counts twice', () => {
  for (const type of ['HOTP', 'HOTP/E/8', 'HOTP/T30', 'HOTP/T60/7', 'HOTP/T30/8']) {
    const digits = Number(/[678]$/.exec(type)?.[0] ?? 6);
    const step = type.includes('60') ? 60 : 30;
    const code = type.includes('/T')
      ? codeAt(NOW / 1000, step, digits)
      : HOTP.generate({ secret, digits, counter: 2 });
    const first = judge(`${type} alice - ${SECRET}\n`, code);
    assert.ok('text' in first, type);
    assert.equal(outcome(first.text, code), 'replayed', type);
  }
});

test('a time code of a step before the last accepted one is a replay', () => {
  const line = `HOTP/T30 alice - ${SECRET}\n`;
  const ahead = judge(line, codeAt(NOW / 1000 + 30));
  assert.ok('text' in ahead);
  assert.match(ahead.text, /\t1\t\d{6}\t/);
  assert.equal(outcome(ahead.text, codeAt(NOW / 1000)), 'replayed');
  assert.equal(outcome(ahead.text, codeAt(NOW / 1000 - 30)), 'replayed');
  assert.equal(outcome(ahead.text, codeAt(NOW / 1000 + 60), NOW + 30_000), 'right');
});

test('the window bounds how far a clock may be off; a step beyond is named', () => {
  const line = `HOTP/T30 alice - ${SECRET}\n`;
  for (const steps of [-1, 0, 1]) assert.equal(outcome(line, codeAt(NOW / 1000 + 30 * steps)), 'right');
  assert.deepEqual(judge(line, codeAt(NOW / 1000 - 60)), { outcome: 'wrong', stepsOff: -2 });
  assert.deepEqual(judge(line, codeAt(NOW / 1000 + 600)), { outcome: 'wrong', stepsOff: 20 });
  assert.deepEqual(judge(line, codeAt(NOW / 1000 + 630)), { outcome: 'wrong' });
  assert.equal(outcome(line, codeAt(NOW / 1000 - 30), NOW, 0), 'wrong');
  for (const steps of [-20, 20])
    assert.equal(outcome(line, codeAt(NOW / 1000 + 30 * steps), NOW, 20), 'right');
  assert.equal(outcome(line, codeAt(NOW / 1000 - 630), NOW, 20), 'wrong');
});

test('a clock known to be off is followed from where it was', () => {
  const line = `HOTP/T30 alice - ${SECRET} -7 111111 ${formatLocalTime(NOW - 86_400_000)}\n`;
  for (const steps of [-8, -7, -6, 0]) {
    const verdict = judge(line, codeAt(NOW / 1000 + 30 * steps));
    assert.ok('text' in verdict, String(steps));
    assert.match(verdict.text, new RegExp(`\\t${steps}\\t\\d{6}\\t`));
  }
  assert.equal(outcome(line, codeAt(NOW / 1000 + 30 * -9)), 'wrong');
});

test('the PIN is no part of the code, and neither letters nor another length are one', () => {
  const line = `HOTP alice 1234 ${SECRET}\n`;
  assert.equal(outcome(line, COUNTED[0]), 'right');
  for (const code of ['', '1234755224', '75522', ' 755224', '755224 ', '75522a', '75522400', '７５５２２４'])
    assert.equal(outcome(line, code), 'wrong', code);
});

test('the first matching token of several is used; all other lines stay byte for byte', () => {
  const other = '00'.repeat(20);
  const text = `# caf\u00e9\r\nHOTP alice - ${other}\r\n\nHOTP/T30  bob - ${SECRET}\nHOTP alice - ${SECRET}`;
  const verdict = judge(text, COUNTED[1]);
  assert.ok('text' in verdict);
  assert.equal(
    verdict.text,
    `# caf\u00e9\r\nHOTP alice - ${other}\r\n\nHOTP/T30  bob - ${SECRET}\n` +
      `HOTP\talice\t-\t${SECRET}\t1\t287082\t${formatLocalTime(NOW)}\n`,
  );
  assert.equal(outcome(text, COUNTED[1], NOW, 1, 'bob'), 'wrong');
  assert.equal(outcome(text, COUNTED[1], NOW, 1, 'carol'), 'no token');
  assert.equal(outcome('', COUNTED[1]), 'no token');
});
