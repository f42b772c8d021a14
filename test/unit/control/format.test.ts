// Numbers, times and rows in the C tool's shapes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatDuration,
  formatTime,
  line,
  pairs,
  printable,
  row,
} from '../../../core/control/format.ts';

test('durations take seven characters and change unit where the C tool does', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-1, '   ?   '],
    [0, '    0s'],
    [6, '    6s'],
    [60, '   60s'],
    [61, ' 1m:01s'],
    [78, ' 1m:18s'],
    [3599, '59m:59s'],
    [3600, ' 1h:00m'],
    [13_380, ' 3h:43m'],
    [48 * 3600 - 1, '47h:59m'],
    [48 * 3600, ' 2days'],
    [40 * 86_400, '40days'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text, String(seconds));
});

test('bytes are decimal and switch unit above the border, not at it', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 bytes'],
    [1000, '1000 bytes'],
    [1001, '1.0 kB'],
    [368_496, '368.5 kB'],
    [1_000_000, '1000.0 kB'],
    [1_000_001, '1.0 MB'],
    [1_000_000_000, '1000.0 MB'],
    [3_400_000_000, '3.4 GB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text, String(bytes));
  assert.equal(formatBytes(98, '/s'), '98 bytes/s');
});

test('times are local, to the minute', () => {
  assert.match(formatTime(1_795_460_692), /^2026-11-2\d \d\d:\d\d$/);
});

test('control characters and direction overrides never reach the terminal', () => {
  assert.equal(printable('a\u001b[31mb\u0085c\u202ed'), 'a?[31mb?c?d');
  assert.equal(printable('jörg'), 'jörg');
});

test('columns are padded, never cut', () => {
  assert.equal(row([4, 3], ['ab', 'longer']), '  ab longer');
});

test('rows without a value are left out', () => {
  assert.equal(line('DNS', []), '');
  assert.equal(line('DNS', ['1.1.1.1', '2.2.2.2']), '\tDNS: 1.1.1.1\n\t\t2.2.2.2\n');
  assert.equal(pairs(['A', undefined], ['B', 'x']), '\tB: x\n');
  assert.equal(pairs(['A', 'y'], ['B', 'x']), '\tA: y   B: x\n');
});
