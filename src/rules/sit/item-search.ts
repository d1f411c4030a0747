/** What is found of each element in one text, looked for when it is first asked for. What it amounts to is `detect.ts`'s. */
import type { CompiledElement, CompiledTypes } from './compile.ts';
import { compactOf, occurrencesOf } from './finder.ts';
import type { Occurrence } from './finder.ts';
import { plainForm, plainTextOf } from './plain-text.ts';
import type { PlainText } from './plain-text.ts';
import { hasPairs } from './proximity.ts';
import type { Validator } from './validators.ts';

/** Of one element in one text. */
const OCCURRENCES_LIMIT = 100_000;
const NONE: readonly Occurrence[] = [];

export class ItemSearch {
  readonly text: string;
  readonly hasPairs: boolean;
  readonly #types: CompiledTypes;
  readonly #found: (readonly Occurrence[] | undefined)[] = [];
  #plain: PlainText | undefined;
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

  /** What makes two values the same: that of the function that finds them, else the text. */
  keyOf(number: number, { start, end }: Occurrence): string {
    const element = this.#types.elements[number];
    const value = this.text.slice(start, end);
    return element?.kind === 'function' ? element.finder.keyOf(plainForm(value)) : value.trim();
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

  #matches({ matcher, validators }: Extract<CompiledElement, { kind: 'regex' }>): readonly Occurrence[] {
    return matcher
      .findAll(this.text, OCCURRENCES_LIMIT)
      .filter(({ length }) => length > 0)
      .map(({ offset, length }) => ({ start: offset, end: offset + length }))
      .filter((occurrence) => this.#isValid(occurrence, validators));
  }

  #isValid({ start, end }: Occurrence, validators: readonly Validator[]): boolean {
    if (validators.length === 0) return true;
    const compact = compactOf(plainForm(this.text.slice(start, end)));
    return validators.every((isValid) => isValid(compact));
  }
}
