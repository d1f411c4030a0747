/** Looks for all words of many lists in one pass over a folded text. `words.ts` and `scan.ts` make matchers of it. */
import { Automaton } from './automaton.ts';
import { foldWord, isWhole } from './folding.ts';
import type { FoldedText } from './folding.ts';
import type { Hit } from './matcher.ts';

/** Where each term that was found was found first, in folded units. By the number of the term: of thousands few are in one text. */
export type FirstHits = ReadonlyMap<number, { readonly start: number; readonly end: number }>;

/** A word of a rule, and the number under which it is looked for. */
export type Term = { readonly value: string; readonly number: number };

export class WordSearch {
  readonly #terms: readonly Uint16Array[];
  readonly #automaton: Automaton;

  constructor(terms: readonly Uint16Array[]) {
    this.#terms = terms;
    this.#automaton = new Automaton(terms);
  }

  firstHits(folded: FoldedText): FirstHits {
    const hits = new Map<number, { readonly start: number; readonly end: number }>();
    this.#automaton.search(folded.units, folded.length, (term, end) => {
      const start = end - (this.#terms[term]?.length ?? 0);
      if (hits.has(term) || !isWhole(folded, start, end)) return false;
      hits.set(term, { start, end });
      return hits.size === this.#terms.length;
    });
    return hits;
  }

  /** In the order of their ends; those of one term do not overlap. */
  allHits(
    folded: FoldedText,
    limit: number,
  ): readonly { readonly term: number; readonly start: number; readonly end: number }[] {
    const hits: { readonly term: number; readonly start: number; readonly end: number }[] = [];
    const taken = new Int32Array(this.#terms.length);
    if (limit <= 0) return hits;
    this.#automaton.search(folded.units, folded.length, (term, end) => {
      const start = end - (this.#terms[term]?.length ?? 0);
      if (start < (taken[term] ?? 0) || !isWhole(folded, start, end)) return false;
      taken[term] = end;
      return hits.push({ term, start, end }) >= limit;
    });
    return hits;
  }
}

/** Numbers the words of all lists; those that are folded to the same are looked for once. */
export class TermTable {
  readonly #numbers = new Map<string, number>();
  readonly terms: Uint16Array[] = [];

  /** Words of which nothing is left when they are folded are never found. */
  add(words: readonly string[]): readonly Term[] {
    return words.flatMap((value) => {
      const units = foldWord(value);
      return units.length === 0 ? [] : [{ value, number: this.#numberOf(units) }];
    });
  }

  #numberOf(units: Uint16Array): number {
    const key = units.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.terms.length);
    return this.terms.push(units) - 1;
  }
}

/** The hit of these words that stands first in the text. */
export function firstOf(terms: readonly Term[], folded: FoldedText, hits: FirstHits): Hit | undefined {
  if (hits.size === 0) return undefined;
  let first: { readonly value: string; readonly start: number; readonly end: number } | undefined;
  for (const { value, number } of terms) {
    const hit = hits.get(number);
    if (hit !== undefined && (first === undefined || hit.start < first.start)) first = { value, ...hit };
  }
  return first === undefined ? undefined : hitOf(first.value, folded, first.start, first.end);
}

export function hitOf(value: string, { offsets }: FoldedText, start: number, end: number): Hit {
  const offset = offsets[start] ?? 0;
  return { value, offset, length: (offsets[end] ?? offset) - offset };
}
