/** What the audit record shows of a change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { differenceOf } from '#cli/difference.ts';

const SIGNS = { same: ' ', out: '-', in: '+' } as const;
const shown = (before: string, after: string): readonly string[] =>
  differenceOf(before, after).map(({ kind, text }) => SIGNS[kind] + text);

const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 }).map((lines) => lines.join('\n'));

test('lines that are the same are told once, wherever they stand', () => {
  assert.deepEqual(shown('a\nb\nc\nd\n', 'a\nc\nx\nd\n'), [' a', '-b', ' c', '+x', ' d']);
});

test('what is new or gone is told whole', () => {
  assert.deepEqual(shown('', 'a\nb\n'), ['+a', '+b']);
  assert.deepEqual(shown('a\n', ''), ['-a']);
  assert.deepEqual(shown('', ''), []);
});

test('both texts can be read out of it', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = differenceOf(before, after);
      const read = (kinds: readonly string[]) =>
        lines.filter(({ kind }) => kinds.includes(kind)).map((line) => line.text);
      assert.deepEqual(read(['same', 'out']), before === '' ? [] : before.split('\n'));
      assert.deepEqual(read(['same', 'in']), after === '' ? [] : after.split('\n'));
    }),
  );
});

test('no more is told to be changed than has to be', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const kept = differenceOf(before, after).filter(({ kind }) => kind === 'same').length;
      assert.equal(kept, longestCommon(before === '' ? [] : before.split('\n'), after === '' ? [] : after.split('\n')));
    }),
  );
});

const many = (sign: string): string => Array.from({ length: 1001 }, (_, index) => sign + index).join('\n');

/** By trying everything. */
function longestCommon(one: readonly string[], other: readonly string[]): number {
  const [first, ...rest] = one;
  if (first === undefined || other.length === 0) return 0;
  const at = other.indexOf(first);
  const without = longestCommon(rest, other);
  return at === -1 ? without : Math.max(without, 1 + longestCommon(rest, other.slice(at + 1)));
}

test('texts that are too long to be compared are told one behind the other', () => {
  const lines = shown(`x\n${many('a')}\ny`, `x\n${many('b')}\ny`);
  assert.equal(lines.length, 2004);
  assert.deepEqual([lines[0], lines[1], lines[1002], lines.at(-1)], [' x', '-a0', '+b0', ' y']);
});
