import { test } from 'node:test';
import { fuzzFirstDatagrams } from '../../fuzz/first-datagrams.ts';

test('no datagram makes the look at it fail or read beyond its end', () => {
  fuzzFirstDatagrams(20_000);
});
