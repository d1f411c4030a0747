import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { guessBoundary, hasDelimiter, sectionsOf } from '#mime/multipart.ts';

const divide = (body: string, boundary = 'b'): readonly string[] =>
  [...sectionsOf(Buffer.from(body), boundary)].map(({ kind, octets }) => `${kind}:${Buffer.from(octets).toString()}`);

describe('sectionsOf', () => {
  for (const [what, body, sections] of [
    [
      'parts stand between delimiter lines (RFC 2046 §5.1.1)',
      'a\r\n--b\r\nx\r\n--b\r\ny\r\n--b--\r\nz',
      ['outside:a', 'part:x', 'part:y', 'outside:z'],
    ],
    [
      'the line end before a delimiter belongs to it (RFC 2046 §5.1.1)',
      '--b\r\nx\r\n\r\n--b--',
      ['outside:', 'part:x\r\n', 'outside:'],
    ],
    [
      'blanks may follow a delimiter (RFC 2046 §5.1.1)',
      '--b \t\r\nx\r\n--b-- \r\n',
      ['outside:', 'part:x', 'outside:'],
    ],
    ['also those that only some readers pass over', '--b\f\v\r\nx\r\n--b--', ['outside:', 'part:x', 'outside:']],
    ['line ends of Unix are line ends', '--b\nx\n--b--\n', ['outside:', 'part:x', 'outside:']],
    [
      'nothing else may follow a delimiter',
      '--b\r\nx\r\n--bb\r\ny\r\n--b--',
      ['outside:', 'part:x\r\n--bb\r\ny', 'outside:'],
    ],
    ['a delimiter stands at the beginning of a line', '--b\r\nx --b\r\n--b--', ['outside:', 'part:x --b', 'outside:']],
    ['a part without an end reaches to the end', '--b\r\nx', ['outside:', 'part:x']],
    [
      'a part behind the closing delimiter is one',
      '--b\r\nx\r\n--b--\r\n--b\r\ny',
      ['outside:', 'part:x', 'outside:', 'part:y'],
    ],
    ['parts may be empty', '--b\r\n--b\r\n--b--', ['outside:', 'part:', 'part:', 'outside:']],
    ['without a delimiter all is outside', 'x', ['outside:x']],
  ] as const) {
    test(what, () => assert.deepEqual(divide(body), sections));
  }

  test('whatever the octets, no part holds octets of another', () => {
    const piece = fc.constantFrom('--b', '--b--', '\r\n', '\n', '\r', 'x', ' ', '--');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const body = Buffer.from(pieces.join(''));
        let end = body.byteOffset;
        for (const { octets } of sectionsOf(body, 'b')) {
          assert.ok(octets.byteOffset >= end);
          end = octets.byteOffset + octets.byteLength;
        }
        assert.ok(end <= body.byteOffset + body.byteLength);
      }),
    );
  });
});

describe('guessBoundary', () => {
  for (const [what, body, boundary] of [
    ['is what stands before a field of a part', 'x\r\n--abc\r\nContent-Type: text/plain\r\n\r\nx', 'abc'],
    ['is found in the first line', '--abc\ncontent-type: x\n\n', 'abc'],
    ['is none before other lines', '--abc\r\nhello', undefined],
    ['is no line of nothing but dashes', '--\r\nContent-Type: x', undefined],
    ['is no line longer than lines are (RFC 5322 §2.1.1)', `--${'x'.repeat(2000)}\r\nContent-Type: x`, undefined],
  ] as const) {
    test(what, () => assert.equal(guessBoundary(Buffer.from(body)), boundary));
  }

  test('what it is has a delimiter, whatever stands behind it', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      const body = Buffer.from(`--b${String.fromCharCode(octet)}\r\nContent-Type: x\r\n\r\nx`, 'latin1');
      const boundary = guessBoundary(body);
      assert.ok(boundary === undefined || hasDelimiter(body, boundary), `octet ${octet}`);
    }
  });
});

test('hasDelimiter tells whether there is any', () => {
  assert.equal(hasDelimiter(Buffer.from('x\r\n--b\r\n'), 'b'), true);
  assert.equal(hasDelimiter(Buffer.from('x --b\r\n'), 'b'), false);
});
