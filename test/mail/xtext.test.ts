import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { decodeXtext, encodeXtext } from '#mail/xtext.ts';

test('xtext keeps every text (RFC 3461 §4)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = encodeXtext(text);
      assert.match(encoded, /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/);
      assert.equal(decodeXtext(encoded), text);
    }),
  );
});

for (const text of ['a+', 'a+2', 'a+2b', 'a+GG', 'a=b', 'a b', 'ä', 'a\r\n']) {
  test(`${JSON.stringify(text)} is no xtext (RFC 3461 §4)`, () => assert.equal(decodeXtext(text), undefined));
}
