// Whatever a client posts: the parser answers with fields or none, never throws, never takes long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldLimitBytes, parseCookies, parseLoginBody } from '../../core/protocol/index.ts';
import { escapeXml } from '../../core/protocol/xml.ts';

const piece = fc.oneof(
  fc.constantFrom(
    '<?xml version="1.0"?>',
    '<config-auth>',
    '</config-auth>',
    '<auth>',
    '</auth>',
    '<username>',
    '</username>',
  ),
  fc.constantFrom(
    '<password>',
    '</password>',
    '<![CDATA[',
    ']]>',
    '<!DOCTYPE a>',
    '<!--',
    '-->',
    '&lt;',
    '&#x41;',
    '&#0;',
    '&x;',
  ),
  fc.constantFrom('username=', 'password=', '&', '=', '%41', '%', '%zz', '+', 'group_list=', '\0', '\ufeff'),
  fc.string({ unit: 'binary' }),
);

test('bodies of known pieces in any order', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const { fields, mistake } = parseLoginBody(Buffer.from(pieces.join('')));
      assert.doesNotMatch(mistake ?? '', /[^\x20-\x7e]|\n/);
      for (const value of Object.values(fields)) {
        assert.ok(typeof value === 'string' && Buffer.byteLength(value) <= fieldLimitBytes);
      }
    }),
    { numRuns: 2000 },
  );
});

test('arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isXml) => {
      parseLoginBody(isXml ? Buffer.concat([Buffer.from('<?xml'), bytes]) : bytes);
    }),
    { numRuns: 2000 },
  );
});

test('what was escaped is read back', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }).filter((text) => !text.includes('\r')),
      (text) => {
        const body = `<?xml version="1.0"?><config-auth><auth><password>${escapeXml(text)}</password></auth></config-auth>`;
        assert.equal(parseLoginBody(Buffer.from(body)).fields.password, text);
      },
    ),
  );
});

test('cookie headers', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (header) => {
      const { session, context } = parseCookies(header);
      assert.ok(session === undefined || session.length === 44);
      assert.ok(context === undefined || context.length <= 128);
    }),
  );
});
