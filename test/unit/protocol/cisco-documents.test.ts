import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ciscoDocuments } from '../../../core/protocol/index.ts';

test('the fixed documents have their recorded lengths', () => {
  const lengths = Object.fromEntries(Array.from(ciscoDocuments, ([path, { body }]) => [path, body.length]));
  assert.equal(lengths['/logout'], 14);
  assert.equal(lengths['/1/binaries/vpndownloader.sh'], 17);
  assert.equal(lengths['/VPNManifest.xml'], 62);
  assert.equal(lengths['/+CSCOT+/oem-customization'], 62);
  assert.equal(lengths['/1/binaries/update.txt'], 9);
});
