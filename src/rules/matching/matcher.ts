/**
 * What searching a text for words or patterns of a rule answers. Types only: `words.ts` and `patterns.ts` make matchers of one
 * condition, `scan.ts` one for a whole rule set.
 */

export type Hit = {
  /** The word or pattern that was found, as the rule writes it. */
  readonly value: string;
  /** In UTF-16 units from the beginning of the text. */
  readonly offset: number;
  readonly length: number;
};

export type Matcher = {
  /** The first hit in the text; of several at one place, of the value that the rule names first. */
  readonly find: (text: string) => Hit | undefined;
  /** Hits in the order of the text, at most `limit` of them; those of one value do not overlap. */
  readonly findAll: (text: string, limit: number) => readonly Hit[];
};

export type WordMatcher = Matcher;
export type PatternMatcher = Matcher;
