/** Looks for the keywords of many lists in one pass over a text. Which texts are worth it is `item-search.ts`'s to say. */
import { Automaton } from '#rules/matching/automaton.ts';
import { foldText, foldWord, isWhole } from '#rules/matching/folding.ts';
import type { FoldedText } from '#rules/matching/folding.ts';
import type { Keyword } from './custom.ts';
import type { Occurrence } from './finder.ts';

/** One keyword of one list. */
type Wanted = Keyword & { readonly list: number };

/** Of all lists in one text. */
const OCCURRENCES_LIMIT = 500_000;

export class KeywordSearch {
  readonly #lists: number;
  readonly #terms: Uint16Array[] = [];
  /** By the number of the term. */
  readonly #wanted: Wanted[][] = [];
  readonly #automaton: Automaton;

  constructor(lists: readonly (readonly Keyword[])[]) {
    this.#lists = lists.length;
    const numbers = new Map<string, number>();
    for (const [list, keywords] of lists.entries()) {
      for (const keyword of keywords) this.#add({ ...keyword, list }, numbers);
    }
    this.#automaton = new Automaton(this.#terms);
  }

  #add(wanted: Wanted, numbers: Map<string, number>): void {
    const units = foldWord(wanted.text);
    if (units.length === 0) return;
    const key = units.join();
    const number = numbers.get(key) ?? this.#terms.push(units) - 1;
    numbers.set(key, number);
    (this.#wanted[number] ??= []).push(wanted);
  }

  /** By the number of the list, in the order of the text. */
  search(text: string): readonly (readonly Occurrence[])[] {
    const found: Occurrence[][] = Array.from({ length: this.#lists }, () => []);
    const folded = foldText(text);
    let count = 0;
    this.#automaton.search(folded.units, folded.length, (term, end) => {
      const start = end - (this.#terms[term]?.length ?? 0);
      const occurrence = { start: folded.offsets[start] ?? 0, end: folded.offsets[end] ?? text.length };
      for (const { list } of this.#accepted(term, { text, folded, start, end }, occurrence))
        found[list]?.push(occurrence);
      count += 1;
      return count >= OCCURRENCES_LIMIT;
    });
    return found.map((occurrences) => occurrences.toSorted((one, other) => one.start - other.start));
  }

  #accepted(term: number, place: FoldedPlace, { start, end }: Occurrence): readonly Wanted[] {
    const { text, folded } = place;
    const whole = isWhole(folded, place.start, place.end);
    return (this.#wanted[term] ?? []).filter(
      (wanted) =>
        (wanted.style === 'string' || whole) &&
        (wanted.caseSensitive !== true || text.slice(start, end) === wanted.text),
    );
  }
}

type FoldedPlace = {
  readonly text: string;
  readonly folded: FoldedText;
  readonly start: number;
  readonly end: number;
};
