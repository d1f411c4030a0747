/**
 * Words and phrases of a rule, as Exchange understands them (Microsoft, New-TransportRule, `Words`): whole words in any case, `*` stands
 * for itself. Between the words of a phrase there may be any white space.
 *
 * A word is whole where no letter, digit or mark stands beside it. Scripts without spaces between words are an exception, so that
 * Chinese, Japanese, Thai and the words of Korean are found in running text (`letters.ts`).
 */
import { foldText } from './folding.ts';
import type { WordMatcher } from './matcher.ts';
import { firstOf, hitOf, TermTable, WordSearch } from './word-search.ts';

/** A matcher of one list alone; `scan.ts` shares the work among those of a rule set. */
export function compileWords(words: readonly string[]): WordMatcher {
  const table = new TermTable();
  const terms = table.add(words);
  const search = new WordSearch(table.terms);
  const valueOf = new Map(terms.toReversed().map(({ value, number }) => [number, value]));
  return {
    find: (text) => {
      const folded = foldText(text);
      return firstOf(terms, folded, search.firstHits(folded));
    },
    findAll: (text, limit) => {
      const folded = foldText(text);
      const hits = search.allHits(folded, limit);
      return hits
        .map(({ term, start, end }) => hitOf(valueOf.get(term) ?? '', folded, start, end))
        .toSorted((one, other) => one.offset - other.offset);
    },
  };
}
