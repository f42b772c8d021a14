import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseCompression,
  compressionDefaults,
  parseCompressionPriority,
} from '../../../core/protocol/index.ts';

test('what is not known is not chosen', () => {
  for (const accepted of [undefined, '', 'deflate', 'lzs2', 'identity,gzip', 'lz4', 'oc-lz4;q=1']) {
    assert.equal(chooseCompression(accepted, compressionDefaults), undefined, accepted);
  }
});

test('the higher number wins, whatever the order, with blanks and in any case', () => {
  for (const accepted of ['oc-lz4,lzs', 'lzs,oc-lz4', ' LZS , OC-LZ4 ', 'deflate, lzs, oc-lz4']) {
    assert.equal(chooseCompression(accepted, compressionDefaults), 'oc-lz4', accepted);
    assert.equal(chooseCompression(accepted, { 'oc-lz4': 1, lzs: 2 }), 'lzs', accepted);
  }
  assert.equal(chooseCompression('deflate, lzs', compressionDefaults), 'lzs');
});

test('lines of compression-algo-priority', () => {
  assert.deepEqual(parseCompressionPriority('lzs:100'), { name: 'lzs', priority: 100 });
  assert.deepEqual(parseCompressionPriority(' OC-LZ4 : 7 :more'), { name: 'oc-lz4', priority: 7 });
  for (const line of ['', 'lzs', 'lzs:', 'lzs:0', 'lzs:-1', 'lzs:x', 'zip:9', ':9']) {
    assert.equal(parseCompressionPriority(line), undefined, line);
  }
});
