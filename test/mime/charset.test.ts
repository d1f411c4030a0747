import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { decodeReadings, decodeText } from '#mime/charset.ts';
import { visible } from '#mime/visible.ts';

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('decodeText', () => {
  for (const [what, octets, charset, text, flawed] of [
    ['US-ASCII', ascii('plain'), 'us-ascii', 'plain', false],
    ['no charset', ascii('plain'), '', 'plain', false],
    ['UTF-8 that says US-ASCII', Buffer.from('ü'), 'US-ASCII', 'ü', true],
    ['Latin-1 that says nothing', hex('fc'), '', 'ü', true],
    ['UTF-8', Buffer.from('ü€'), 'UTF-8', 'ü€', false],
    ['UTF-8 with octets that are none', hex('41 ff 42'), 'utf-8', 'A\ufffdB', true],
    ['Latin-1 in quotes', hex('fc'), '"ISO-8859-1"', 'ü', false],
    ['KOI8-R', hex('f0 f2'), 'koi8-r', 'ПР', false],
    ['Shift_JIS by a number', hex('82 b1'), 'cp932', 'こ', false],
    ['ISO-2022-JP', hex('1b 24 42 24 33 1b 28 42 41'), 'ISO-2022-JP', 'こA', false],
    ['GB 18030', hex('d6 d0 81 39 ee 39'), 'gb18030', '中㐀', false],
    ['Big5', hex('a4 a4'), 'big5', '中', false],
    ['EUC-KR', hex('c7 d1'), 'ks_c_5601-1987', '한', false],
    ['UTF-7 (RFC 2152)', ascii('a+AOQ-b +- 4+ADEAMQ-1'), 'utf-7', 'aäb + 4111', false],
    ['UTF-16 with a mark', hex('fe ff 00 41 20 ac'), 'utf-16', 'A€', false],
    ['UTF-16 without a mark, big endian', hex('00 41 00 42 00 43'), 'utf-16', 'ABC', false],
    ['UTF-16 without a mark, little endian', hex('41 00 42 00 43 00'), 'utf-16', 'ABC', false],
    ['UTF-16 that says UTF-8', hex('34 00 31 00 31 00 31 00'), 'utf-8', '4111', true],
    ['UTF-16 that says UTF-8, with a mark', hex('ff fe 34 00 31 00'), 'utf-8', '41', false],
    ['UTF-32', hex('00 00 00 41 00 01 f6 00'), 'utf-32', 'A😀', false],
    ['UTF-32 with a mark', hex('ff fe 00 00 41 00 00 00'), 'utf-8', 'A', false],
    ['UTF-32 that is none', hex('7f ff ff ff'), 'utf-32be', '\ufffd', true],
    ['HZ (RFC 1843)', ascii('a~{VPND~}b~~'), 'hz-gb-2312', 'a中文b~', false],
    ['ISO-2022-KR (RFC 1557)', ascii('\u001b$)C\u000eGQ\u000f a'), 'iso-2022-kr', '한 a', false],
    ['an unknown charset', ascii('4111'), 'x-none', '4111', true],
    ['a charset that the platform refuses', ascii('4111'), 'iso-2022-cn', '4111', true],
  ] as const) {
    test(`reads ${what}`, () => assert.deepEqual(decodeText(octets, charset), { text, flawed }));
  }

  test('never throws, whatever the octets and the name', () => {
    const charset = fc.oneof(
      fc.string(),
      fc.constantFrom('utf-7', 'utf-16', 'utf-32', 'hz', 'iso-2022-kr', 'iso-2022-jp', 'gb18030', 'big5', 'utf-8', ''),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), charset, (octets, name) => void decodeText(octets, name)));
  });

  test('reads a rare charset that goes on for millions of characters', () => {
    for (const [charset, start] of [
      ['hz', '~{'],
      ['utf-7', '+'],
      ['iso-2022-kr', '\u000e'],
    ] as const) {
      const { text } = decodeText(ascii(`${start}${'ab'.repeat(10_000_000)}\r\n4111`), charset);
      assert.ok(text.endsWith('4111'), charset);
    }
  });

  test('knows a charset that it knows after any number of names that are none', () => {
    for (let count = 0; count < 3000; count += 1) decodeText(ascii('x'), `none-${count}`);
    assert.equal(decodeText(hex('e4'), 'iso-8859-5').text, 'ф');
  });
});

describe('decodeReadings', () => {
  for (const [what, octets, charset, texts] of [
    ['one where nobody doubts', ascii('plain'), 'utf-8', ['plain']],
    ['one of UTF-16 of Western languages', hex('34 00 31 00'), 'utf-16le', ['41']],
    ['both of what says UTF-16 and is not', ascii('4111'), 'utf-16', ['ㄴㄱ', '4111']],
    ['both of a mark that contradicts', Buffer.concat([hex('ff fe'), ascii('41')]), 'iso-8859-1', ['ㄴ', '41']],
    ['both of a rare charset', ascii('+ADQ-'), 'utf-7', ['4', '+ADQ-']],
    ['one of a rare charset that changes nothing', ascii('41'), 'utf-7', ['41']],
  ] as const) {
    test(`are ${what}`, () =>
      assert.deepEqual(
        decodeReadings(octets, charset).map(({ text }) => text),
        texts,
      ));
  }
});

describe('visible', () => {
  for (const [what, text, seen] of [
    ['a zero-width space is gone', '41\u200b11', '4111'],
    ['a soft hyphen is gone', 'con\u00adfidential', 'confidential'],
    ['a word joiner, a byte order mark and a variation selector are gone', '1\u2060\ufeff\ufe0f2', '12'],
    ['signs of direction are gone', '\u202e4\u202c1\u2066\u2069', '41'],
    ['tags are gone', '4\u{e0031}1', '41'],
    ['NUL and other controls are gone', '4\u00001\u00081\u007f', '411'],
    ['tabs and line ends stay', 'a\tb\r\nc', 'a\tb\r\nc'],
    ['joiners between digits and letters are gone', '4\u200d1\u200c1 a\u200db', '411 ab'],
    ['joiners of Persian stay', 'می\u200cخواهم', 'می\u200cخواهم'],
    ['joiners of emoji stay', '👨\u200d👩', '👨\u200d👩'],
    ['spaces of all widths are spaces', 'a\u00a0b\u2009c\u3000d', 'a b c d'],
    ['hyphens of all kinds are hyphens', '1\u20102\u20113', '1-2-3'],
  ] as const) {
    test(what, () => assert.equal(visible(text), seen));
  }
});
