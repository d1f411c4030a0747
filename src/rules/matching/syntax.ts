/** Patterns as a tree, without the groups' numbers and names: nothing here refers to them. Types, and what is asked of any tree. */
import type { CharacterSet } from './character-set.ts';

export type Edge =
  /** `\A`, `\z`. */
  | 'text-start'
  | 'text-end'
  /** `\Z`: at the end, or before a line feed there. */
  | 'last-line-end'
  /** `^` and `$` under the flag m. */
  | 'line-start'
  | 'line-end'
  | 'boundary'
  | 'no-boundary';

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      /** May be `Infinity`. */
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'edge'; readonly edge: Edge };

export const NOTHING: PatternNode = { kind: 'sequence', items: [] };

/** The most characters that it can match. */
export function longestOf(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'edge':
      return node.edge === 'last-line-end' ? 1 : 0;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + longestOf(item), 0);
    case 'choice':
      return Math.max(0, ...node.branches.map(longestOf));
    case 'repeat': {
      const longest = longestOf(node.item);
      return longest === 0 ? 0 : longest * node.max;
    }
  }
}
