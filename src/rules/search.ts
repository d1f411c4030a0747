/**
 * How conditions search texts: lists of words and patterns are handed in while a rule set is compiled, and come back as functions
 * that find. What does the work behind them, for all of a rule set at once, is `matching/`'s.
 */
import type { Hit } from './matching/matcher.ts';
import type { Scan } from './matching/scan.ts';
import type { Patterns, Words } from './values.ts';

export type Find = (text: string) => Hit | undefined;

export type Search = {
  readonly words: (words: Words) => Find;
  /** Patterns that cannot be compiled find nothing; `Searching.refusal` says that there are some. */
  readonly patterns: (patterns: Patterns) => Find;
};

/** The searches of one condition. */
export type Searching = { readonly search: Search; readonly refusal: () => string | undefined };

export function searchingBy(scan: Scan): Searching {
  let refusal: string | undefined;
  const search: Search = {
    words: (words) => scan.words(words).find,
    patterns: (patterns) => {
      const compiled = scan.patterns(patterns);
      if (compiled.kind === 'compiled') return compiled.matcher.find;
      refusal = compiled.problems.map(({ pattern, message }) => `the pattern "${pattern}" ${message}`).join('; ');
      return () => undefined;
    },
  };
  return { search, refusal: () => refusal };
}
