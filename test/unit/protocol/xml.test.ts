import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeXml } from '../../../core/protocol/index.ts';

test('markup is escaped, line breaks stay, forbidden characters are replaced', () => {
  assert.equal(escapeXml(`<a b="c" d='e'>&amp;`), '&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;amp;');
  assert.equal(escapeXml('one\ntwo\ttab'), 'one\ntwo\ttab');
  assert.equal(escapeXml('a\u0000b\u001b[2Jc\ufffe'), 'a\ufffdb\ufffd[2Jc\ufffd');
  assert.equal(escapeXml('\ud83d\ude00 \ud83d'), '\ud83d\ude00 \ufffd');
  assert.equal(escapeXml(']]>'), ']]&gt;');
});
