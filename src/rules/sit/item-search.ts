/** What is found of each element in one text, looked for when it is first asked for. What it amounts to is `detect.ts`'s. */
import type { Candidates } from '#rules/matching/candidates.ts';
import { allMatches } from '#rules/matching/patterns.ts';
import type { CompiledElement, CompiledTypes } from './compile.ts';
import { compactOf, occurrencesOf } from './finder.ts';
import type { Occurrence } from './finder.ts';
import { plainTextOf } from './plain-text.ts';
import type { PlainText } from './plain-text.ts';
import { hasPairs } from './proximity.ts';

/** Of one element in one text. */
const OCCURRENCES_LIMIT = 100_000;
const NONE: readonly Occurrence[] = [];

export class ItemSearch {
  readonly text: string;
  readonly hasPairs: boolean;
  readonly #types: CompiledTypes;
  readonly #found: (readonly Occurrence[] | undefined)[] = [];
  #plain: PlainText | undefined;
  #candidates: readonly Candidates[] | undefined;
  #keywords: readonly (readonly Occurrence[])[] | undefined;

  constructor(types: CompiledTypes, text: string) {
    this.#types = types;
    this.text = text;
    this.hasPairs = hasPairs(text);
  }

  /** In the order of the text. */
  occurrences(element: number): readonly Occurrence[] {
    return (this.#found[element] ??= this.#search(this.#types.elements[element] ?? { kind: 'nothing' }));
  }

  /** What makes two values the same: letters and digits of what a function finds, the text of what a regular expression does. */
  keyOf(element: number, { start, end }: Occurrence): string {
    const value = this.text.slice(start, end);
    const isWritten = this.#types.elements[element]?.kind === 'function';
    return isWritten ? compactOf(plainTextOf(value).text) : value.trim();
  }

  #search(element: CompiledElement): readonly Occurrence[] {
    switch (element.kind) {
      case 'function':
        this.#plain ??= plainTextOf(this.text);
        return occurrencesOf(element.finder, this.#plain, OCCURRENCES_LIMIT);
      case 'keywords':
        this.#keywords ??= this.#types.keywords.search(this.text);
        return this.#keywords[element.number] ?? NONE;
      case 'regex':
        return this.#matches(element);
      case 'nothing':
        return NONE;
    }
  }

  #matches({ number, validators }: Extract<CompiledElement, { kind: 'regex' }>): readonly Occurrence[] {
    const pattern = this.#types.regexes[number];
    if (pattern === undefined) return NONE;
    this.#candidates ??= this.#types.candidates.search(this.text);
    const candidates = this.#candidates[number] ?? 'everywhere';
    return allMatches(pattern, this.text, { candidates, limit: OCCURRENCES_LIMIT })
      .filter(({ length }) => length > 0)
      .map(({ offset, length }) => ({ start: offset, end: offset + length }))
      .filter((occurrence) => validators.every((isValid) => isValid(compactOf(this.#plainValue(occurrence)))));
  }

  #plainValue({ start, end }: Occurrence): string {
    return plainTextOf(this.text.slice(start, end)).text;
  }
}
