/**
 * A pattern as the engine runs it: in linear time, whatever the pattern and the text. The only door of the `re2js` package.
 *
 * The engine keeps what it learns of texts in a table that may grow to megabytes. After much text the program is made anew, so that many
 * patterns do not fill the memory of their thread.
 */
import { RE2JS, RE2JSException } from 're2js';
import type { WrittenPattern } from './write-pattern.ts';

/** Where a match lies, in UTF-16 units. */
export type Place = { readonly offset: number; readonly length: number };

/** Characters that one program reads. */
const RENEWED_AFTER = 1_000_000;

export type ProgramReading =
  { readonly kind: 'program'; readonly program: Program } | { readonly kind: 'refused'; readonly message: string };

export function compileProgram(written: WrittenPattern): ProgramReading {
  try {
    return { kind: 'program', program: new Program(written) };
  } catch (error) {
    if (error instanceof RE2JSException) return { kind: 'refused', message: wordsOf(error) };
    throw error;
  }
}

function wordsOf({ message }: RE2JSException): string {
  if (/too large|repeat (?:count|size)|nests too deeply/i.test(message))
    return 'is too large once its repetitions are written out; repeat less, or use * and + without numbers';
  const property = /\\[pP]\{[^}]*\}/.exec(message)?.[0];
  if (property !== undefined) return `has "${property}", a property of characters that is unknown`;
  return `is not understood by the engine: ${message}`;
}

export class Program {
  readonly #written: WrittenPattern;
  #compiled: RE2JS;
  #read = 0;

  constructor(written: WrittenPattern) {
    this.#written = written;
    this.#compiled = RE2JS.compile(written.text);
  }

  /** Several times faster than `first`, and the only one that makes the table grow. */
  isIn(text: string): boolean {
    this.#renew(text.length);
    return this.#compiled.test(text);
  }

  /** The first match that begins at `from` or later. */
  first(text: string, from = 0): Place | undefined {
    // What stands before may have been the end of the match before.
    const back = this.#written.takesBefore && from > 0 ? from - lengthBefore(text, from) : from;
    const place = this.#find(text, back);
    return place === undefined || place.offset >= from ? place : this.#find(text, from);
  }

  #find(text: string, from: number): Place | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    const { group } = this.#written;
    return { offset: matcher.start(group), length: matcher.end(group) - matcher.start(group) };
  }

  #renew(length: number): void {
    this.#read += length;
    if (this.#read <= RENEWED_AFTER) return;
    this.#read = length;
    this.#compiled = RE2JS.compile(this.#written.text);
  }
}

const lengthBefore = (text: string, at: number): number => ((text.codePointAt(at - 2) ?? 0) > 0xffff ? 2 : 1);
