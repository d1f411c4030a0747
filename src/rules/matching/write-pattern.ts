/**
 * Writes a pattern in the syntax of RE2. What .NET means by a word boundary is of Unicode, RE2's is of ASCII: at the ends of a pattern,
 * where it nearly always stands, the boundary is written as the character that must not be there; elsewhere it is RE2's.
 */
import { isOfWords, writeSet } from './character-set.ts';
import type { Edge, PatternNode } from './syntax.ts';
import { NOTHING } from './syntax.ts';

export type WrittenPattern = {
  readonly text: string;
  /** The group that holds the match: 1 where the text takes a character on a side as well, else 0. */
  readonly group: 0 | 1;
  /** The text takes the character before the match as well, where there is one. */
  readonly takesBefore: boolean;
};

const NO_WORD_CHARACTER = '(?-i:[^\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}])';

export function writePattern(root: PatternNode): WrittenPattern {
  const opening = withoutBoundary(root, 'first');
  const opened = opening !== undefined && isWordAt(opening, 'first') ? opening : root;
  const closing = withoutBoundary(opened, 'last');
  const closed = closing !== undefined && isWordAt(closing, 'last') ? closing : opened;
  if (closed === root) return { text: `(?i)${write(root)}`, group: 0, takesBefore: false };
  const before = opened === root ? '' : `(?:\\A|${NO_WORD_CHARACTER})`;
  const after = closed === opened ? '' : `(?:${NO_WORD_CHARACTER}|\\z)`;
  return { text: `(?i)${before}(${write(closed)})${after}`, group: 1, takesBefore: before !== '' };
}

const EDGES: { readonly [edge in Edge]: string } = {
  'text-start': '\\A',
  'text-end': '\\z',
  'last-line-end': '(?:\\n?\\z)',
  'line-start': '(?m:^)',
  'line-end': '(?m:$)',
  boundary: '\\b',
  'no-boundary': '\\B',
};

/** No group takes part in the match but those that cannot do without brackets. */
function write(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return writeSet(node.set);
    case 'edge':
      return EDGES[node.edge];
    case 'sequence':
      return node.items.map((item) => (item.kind === 'choice' ? `(?:${write(item)})` : write(item))).join('');
    case 'choice':
      return node.branches.map(write).join('|');
    case 'repeat':
      return `(?:${write(node.item)})${times(node.min, node.max)}${node.lazy ? '?' : ''}`;
  }
}

function times(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

type Side = 'first' | 'last';

/** The pattern without the boundary with which every way through it begins or ends; `undefined` where some do not. */
function withoutBoundary(node: PatternNode, side: Side): PatternNode | undefined {
  if (node.kind === 'edge') return node.edge === 'boundary' ? NOTHING : undefined;
  if (node.kind === 'choice') {
    const branches = node.branches.map((branch) => withoutBoundary(branch, side));
    return branches.every((branch) => branch !== undefined) ? { kind: 'choice', branches } : undefined;
  }
  if (node.kind !== 'sequence' || node.items.length === 0) return undefined;
  const index = side === 'first' ? 0 : node.items.length - 1;
  const stripped = withoutBoundary(node.items[index] ?? NOTHING, side);
  return stripped && { kind: 'sequence', items: node.items.with(index, stripped) };
}

/** Whether every way through begins or ends with a character of words, and no way is empty. */
function isWordAt(node: PatternNode, side: Side): boolean {
  switch (node.kind) {
    case 'set':
      return isOfWords(node.set);
    case 'edge':
      return false;
    case 'choice':
      return node.branches.every((branch) => isWordAt(branch, side));
    case 'repeat':
      return node.min > 0 && isWordAt(node.item, side);
    case 'sequence': {
      const inOrder = side === 'first' ? node.items : node.items.toReversed();
      const known = inOrder.find((item) => !isNothing(item));
      return known !== undefined && isWordAt(known, side);
    }
  }
}

const isNothing = (node: PatternNode): boolean => node.kind === 'sequence' && node.items.every(isNothing);
