import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { endOfHeader, indexHeader } from '#mime/header-index.ts';

const octets = (text: string): Buffer => Buffer.from(text, 'latin1');
const pairs = (text: string): string[][] => indexHeader(octets(text)).map(({ name, rawValue }) => [name, rawValue]);

describe('indexHeader', () => {
  test('tells names and values as they are written', () => {
    assert.deepEqual(pairs('From: a@b\r\nSUBJECT:x\r\n\r\nTo: body'), [
      ['From', ' a@b'],
      ['SUBJECT', 'x'],
    ]);
  });

  test('keeps the folds of a value and drops its last line end only (RFC 5322 §2.2.3)', () => {
    assert.deepEqual(pairs('A: one\r\n two\r\n\tthree\r\nB: x\r\n\r\n'), [
      ['A', ' one\r\n two\r\n\tthree'],
      ['B', ' x'],
    ]);
  });

  test('takes each field to the octet: cut out, nothing of it is left', () => {
    const header = 'A: 1\r\nB: 2\r\n more\r\nC: 3\r\n\r\n';
    const field = indexHeader(octets(header)).find(({ name }) => name === 'B');
    assert.ok(field !== undefined);
    assert.equal(header.slice(0, field.start) + header.slice(field.end), 'A: 1\r\nC: 3\r\n\r\n');
  });

  test('knows a name with white space before its colon (RFC 5322 §4.5)', () => {
    assert.deepEqual(pairs('Subject \t: x\r\n\r\n'), [['Subject', ' x']]);
  });

  for (const [what, header] of [
    ['a line without a colon', 'From someone\r\nA: 1\r\n\r\n'],
    ['a line without a name', ': x\r\nA: 1\r\n\r\n'],
    ['a fold of nothing', ' x\r\nA: 1\r\n\r\n'],
    ['a name with a space in it', 'X Y: 2\r\nA: 1\r\n\r\n'],
    ['the folds of a line that is no field', 'no field\r\n B: 2\r\nA: 1\r\n\r\n'],
  ] as const) {
    test(`passes over ${what}`, () => assert.deepEqual(pairs(header), [['A', ' 1']]));
  }

  test('reads lines that end in LF alone, and a header without an end', () => {
    assert.deepEqual(pairs('A: 1\nB: 2\n 3'), [
      ['A', ' 1'],
      ['B', ' 2\n 3'],
    ]);
  });

  test('finds nothing in nothing', () => assert.deepEqual(pairs(''), []));

  test('tells ranges that lie in order, apart, within the header, whatever the octets', () => {
    const line = fc.constantFrom('A: 1', ' fold', '\tfold', 'x', ':', 'B:', '', '\r', 'Ä: 1', '\0', 'C : 3');
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\n', '\r', ''))), (lines) => {
        const message = octets(lines.flat().join(''));
        let from = 0;
        for (const { name, start, end } of indexHeader(message)) {
          assert.ok(start >= from && end > start && end <= endOfHeader(message));
          assert.equal(message.toString('latin1', start, start + name.length), name);
          from = end;
        }
      }),
    );
  });

  test('takes a header of 300,000 fields in, and one field of megabytes', () => {
    assert.equal(indexHeader(octets('a:\r\n'.repeat(300_000))).length, 300_000);
    assert.equal(indexHeader(octets(`a: ${'x\r\n '.repeat(1_000_000)}`)).length, 1);
  });
});

describe('endOfHeader', () => {
  for (const [what, message, end] of [
    ['behind the empty line', 'A: 1\r\n\r\nbody', 8],
    ['at once, when the message begins with one', '\r\nbody', 2],
    ['at once, when it begins with an LF', '\nbody', 1],
    ['behind an empty line of LF', 'A: 1\n\nbody', 6],
    ['behind the first of two kinds', 'A: 1\n\nbody\r\n\r\n', 6],
    ['behind an empty line after a line of LF', 'A: 1\n\r\nbody\n\n', 7],
    ['at the end, when there is none', 'A: 1\r\nB: 2\r\n', 12],
  ] as const) {
    test(`is ${what}`, () => assert.equal(endOfHeader(octets(message)), end));
  }
});
