import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { parseParameterized, readableName, valuesOf } from '#mime/parameters.ts';

describe('parseParameterized', () => {
  test('the value is in lower case, without comments (RFC 2045 §5.1)', () => {
    assert.equal(parseParameterized(' Text/Plain (or so); x=y').value, 'text/plain');
  });

  for (const [what, written, values] of [
    ['a token', 'a/b; x=y', ['y']],
    ['a quoted string', 'a/b; x="y; z"', ['y; z']],
    ['a quoted string with escapes', 'a/b; x="a\\"b\\\\c"', ['a"b\\c']],
    ['a path of Windows that nobody escaped', 'a/b; x="C:\\dir"', ['C:\\dir']],
    ['names in any case', 'a/b; X=y', ['y']],
    ['folds', 'a/b;\r\n x=y', ['y']],
    ['blanks around the equals sign', 'a/b; x = y', ['y']],
    ['without a semicolon before it', 'a/b; c="d" x=y', ['y']],
    ['twice, both', 'a/b; x=y; x=z', ['y', 'z']],
    ['in pieces (RFC 2231 §3)', 'a/b; x*0=y; x*1=z', ['yz']],
    ['in another charset (RFC 2231 §4)', "a/b; x*=utf-8''%C3%A4", ['ä']],
    ['in pieces, some of them in another charset (RFC 2231 §4.1)', "a/b; x*0*=iso-8859-1''%E4; x*1=b", ['äb']],
    ['the one in another charset before the plain one', "a/b; x=a; x*=utf-8''%C3%A4", ['ä', 'a']],
    ['a quoted string without an end', 'a/b; x="y', ['y']],
    ['nothing', 'a/b; x', []],
  ] as const) {
    test(`parameters: ${what}`, () => assert.deepEqual(valuesOf(parseParameterized(written), 'x'), values));
  }

  test('it throws nothing, whatever the octets', () => {
    const piece = fc.constantFrom(';', '=', '"', '\\', '*', '0', "'", '%', 'x', ' ', '(', ')', '\r\n ', '\u00e4');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        for (const { value } of parseParameterized(pieces.join('')).parameters) readableName(value);
      }),
    );
  });
});

describe('readableName', () => {
  for (const [what, written, name] of [
    ['encoded words are decoded, against the rules (RFC 2047 §5)', '=?utf-8?q?=C3=A4?=', 'ä'],
    ['octets are UTF-8', '\u00c3\u00a4', 'ä'],
    ['octets that are not are what old senders meant', '\u00e4', 'ä'],
  ] as const) {
    test(what, () => assert.equal(readableName(written), name));
  }
});
