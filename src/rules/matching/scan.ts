/**
 * All words and patterns of a rule set over a text in one pass. Conditions take their matchers here while the rule set is compiled; the
 * first that is asked about a text does the work for all, the others look up what it found. Only around candidates a pattern's
 * program runs, and only when its condition is asked.
 */
import { CandidateSearch } from './candidates.ts';
import type { Candidates } from './candidates.ts';
import { foldText } from './folding.ts';
import type { FoldedText } from './folding.ts';
import type { Hit, PatternMatcher, WordMatcher } from './matcher.ts';
import { allMatches, compilePattern, earliest, firstMatch } from './patterns.ts';
import type { CompiledPattern, PatternsCompilation } from './patterns.ts';
import { TextMemory } from './text-memory.ts';
import { compileWords } from './words.ts';
import { firstOf, TermTable, WordSearch } from './word-search.ts';
import type { FirstHits } from './word-search.ts';

/** What is known of one text; each part is found out when it is first asked for. */
type Looked = {
  words?: { readonly folded: FoldedText; readonly hits: FirstHits };
  candidates?: readonly Candidates[];
  /** By the number of the pattern. */
  readonly matches: Map<number, Hit | undefined>;
};

export class Scan {
  readonly #table = new TermTable();
  readonly #patterns: CompiledPattern[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #texts = new TextMemory<Looked>();
  #wordSearch: WordSearch | undefined;
  #candidateSearch: CandidateSearch | undefined;

  words(words: readonly string[]): WordMatcher {
    const terms = this.#table.add(words);
    this.#forget();
    return {
      find: (text) => {
        const { folded, hits } = this.#wordsIn(text);
        return firstOf(terms, folded, hits);
      },
      findAll: (text, limit) => compileWords(words).findAll(text, limit),
    };
  }

  patterns(patterns: readonly string[]): PatternsCompilation {
    const compiled = patterns.map((pattern) => this.#numberOf(pattern));
    const problems = compiled.flatMap((each) => (typeof each === 'number' ? [] : [each]));
    if (problems.length > 0) return { kind: 'refused', problems };
    const numbers = compiled.filter((each) => typeof each === 'number');
    return { kind: 'compiled', matcher: this.#matcherOf(numbers) };
  }

  #matcherOf(numbers: readonly number[]): PatternMatcher {
    return {
      find: (text) => this.#earliestOf(numbers, text),
      findAll: (text, limit) => {
        const hits = numbers.flatMap((number) => this.#matches(text, number, limit));
        return hits.toSorted((one, other) => one.offset - other.offset).slice(0, limit);
      },
    };
  }

  /** A pattern that several conditions name is one pattern. */
  #numberOf(value: string) {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    const compiled = compilePattern(value);
    if (compiled.kind === 'refused') return compiled.problem;
    this.#forget();
    this.#numbers.set(value, this.#patterns.length);
    return this.#patterns.push(compiled.pattern) - 1;
  }

  #forget(): void {
    this.#wordSearch = undefined;
    this.#candidateSearch = undefined;
    this.#texts.clear();
  }

  #wordsIn(text: string): { readonly folded: FoldedText; readonly hits: FirstHits } {
    const looked = this.#looked(text);
    if (looked.words !== undefined) return looked.words;
    this.#wordSearch ??= new WordSearch(this.#table.terms);
    const folded = foldText(text);
    looked.words = { folded, hits: this.#wordSearch.firstHits(folded) };
    return looked.words;
  }

  #candidatesIn(text: string, looked: Looked): readonly Candidates[] {
    this.#candidateSearch ??= new CandidateSearch(this.#patterns);
    looked.candidates ??= this.#candidateSearch.search(text);
    return looked.candidates;
  }

  /** Nothing is done for patterns that cannot be in the text, which in most texts are all. */
  #earliestOf(numbers: readonly number[], text: string): Hit | undefined {
    const looked = this.#looked(text);
    const candidates = this.#candidatesIn(text, looked);
    const possible = numbers.filter((number) => candidates[number]?.length !== 0);
    return possible.length === 0
      ? undefined
      : earliest(possible.map((number) => this.#match(text, number, looked, candidates[number])));
  }

  #match(text: string, number: number, { matches }: Looked, candidates: Candidates = 'everywhere'): Hit | undefined {
    const pattern = this.#patterns[number];
    if (pattern === undefined || matches.has(number)) return matches.get(number);
    const hit = firstMatch(pattern, text, candidates);
    matches.set(number, hit);
    return hit;
  }

  #matches(text: string, number: number, limit: number): readonly Hit[] {
    const pattern = this.#patterns[number];
    if (pattern === undefined) return [];
    const candidates = this.#candidatesIn(text, this.#looked(text))[number] ?? 'everywhere';
    return allMatches(pattern, text, { candidates, limit });
  }

  #looked(text: string): Looked {
    return this.#texts.of(text, () => ({ matches: new Map() }));
  }
}
