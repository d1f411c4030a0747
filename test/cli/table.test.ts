/** Tables and the texts of times and sizes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { roughDuration, roughSize, untilText } from '#cli/format.ts';
import { printable, tableLines } from '#cli/table.ts';

const HEAD = [{ head: 'A' }, { head: 'NUMBER', align: 'right' }, { head: 'LONG', elastic: true }] as const;

test('columns are aligned and lines have no trailing blanks', () => {
  assert.deepEqual(
    tableLines(
      HEAD,
      [
        ['a', '1', 'x'],
        ['bbb', '22', ''],
      ],
      undefined,
    ),
    ['A    NUMBER  LONG', 'a         1  x', 'bbb      22'],
  );
});

test('only elastic columns are cut, and not below 12 characters', () => {
  const rows = [['a'.repeat(10), '1', 'x'.repeat(50)]];
  assert.equal(tableLines(HEAD, rows, 40)[1], `${'a'.repeat(10)}       1  ${'x'.repeat(19)}…`);
  assert.equal(tableLines(HEAD, rows, 10)[1], `${'a'.repeat(10)}       1  ${'x'.repeat(11)}…`);
});

test('whatever a cell holds, a row is one line without control characters', () => {
  const cells = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.string({ unit: 'binary' })), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(cells, (rows) => {
      const lines = tableLines(HEAD, rows, 60);
      return lines.length === rows.length + 1 && lines.every((line) => !/[\p{Cc}\u2028\u2029]/u.test(line));
    }),
  );
});

test('direction marks cannot turn an address around', () => assert.equal(printable('a\u202eb'), 'a\u{fffd}b'));

test('durations have the largest unit that fits twice', () => {
  assert.deepEqual([0, 1999, 90_000, 119_000, 120_000, 5_400_000, 7_200_000, 172_800_000].map(roughDuration), [
    '0s',
    '1s',
    '90s',
    '119s',
    '2m',
    '90m',
    '2h',
    '2d',
  ]);
});

test('what is due is due now', () => {
  const now = new Date(1e12);
  assert.equal(untilText(new Date(1e12 - 1), now), 'now');
  assert.equal(untilText(new Date(1e12 + 900_000), now), 'in 15m');
});

test('sizes keep two figures', () => {
  assert.deepEqual([0, 999, 4096, 45_000, 25_000_000].map(roughSize), ['0B', '999B', '4.1KB', '45KB', '25MB']);
});
