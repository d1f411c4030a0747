/** A value that we write is one value of one field, and is read as what it was. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { asFieldText, encodeWords, isFieldName, isPlain, writeField } from '#mime/field-writer.ts';
import { indexHeader } from '#mime/header-index.ts';
import { decodeWords } from '#mime/encoded-word.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });

describe('encoded words (RFC 2047)', () => {
  test('mostly plain text stays readable, other text becomes base64', () => {
    assert.equal(encodeWords('[Extérieur] '), '=?utf-8?Q?=5BExt=C3=A9rieur=5D_?=');
    assert.equal(encodeWords('外部'), '=?utf-8?B?5aSW6YOo?=');
  });

  test('each is at most 75 characters and whole in itself (RFC 2047 §2, RFC 2047 §5)', () => {
    fc.assert(
      fc.property(text, (given) => {
        const words = encodeWords(given).split(' ');
        assert.ok(words.every((word) => word.length <= 75));
        assert.equal(words.map(decodeWords).join(''), given);
        assert.equal(decodeWords(words.join(' ')), given);
      }),
    );
  });
});

describe('a field', () => {
  test('is folded before blanks, which stay (RFC 5322 §2.2.3)', () => {
    const value = `${'word '.repeat(40)} two  blanks`;
    const field = writeField('X-Note', value);
    assert.ok(field.split('\r\n').every((line) => line.length <= 76));
    assert.equal(field.replaceAll('\r\n', ''), `X-Note: ${value}`);
  });

  test('without a value is its name alone', () => assert.equal(writeField('X-Note', ''), 'X-Note:\r\n'));

  test('is one field with one value whatever the text holds, in lines of at most 998 octets (RFC 5322 §2.1.1)', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('\r\n', '\n', '\r', '\0', '\u2028', '\u0085', 'Bcc: eve@d.test', 'x'.repeat(2000), '   ', '=?'),
    );
    const given = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(given, (value) => {
        const clean = asFieldText(value);
        const octets = Buffer.from(writeField('X-Note', isPlain(clean) ? clean : encodeWords(clean)));
        const [field, ...others] = indexHeader(octets);
        assert.equal(others.length, 0);
        assert.equal(field?.end, octets.length);
        assert.ok(
          octets
            .toString('latin1')
            .split('\r\n')
            .every((line, at) => line.length <= 998 && (at === 0 || line.trim() !== '' || line === '')),
        );
        assert.equal(decodeWords(field.rawValue.replaceAll('\r\n', '').slice(1)), clean);
      }),
      { numRuns: 300 },
    );
  });

  test('is named by printable characters without a colon (RFC 5322 §3.6.8)', () => {
    for (const name of ['X-Note', 'x', '!~']) assert.ok(isFieldName(name));
    for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'é', 'x'.repeat(101)]) assert.ok(!isFieldName(name));
  });
});
