/**
 * The table of texts that the cells of an old workbook share (MS-XLS 2.4.265). It goes on from record to record, and where a text is cut in two the second half says
 * anew how wide its characters are. Only for `excel-text.ts`.
 */
import type { Budget } from './budget.ts';

const IS_WIDE = 0x01;
const HAS_PHONETICS = 0x04;
const HAS_RUNS = 0x08;
const MOST_STRINGS = 2_000_000;

export function readCellStrings(values: readonly Buffer[], budget: Budget): readonly string[] {
  const reader = new ContinuedReader(values);
  reader.skip(8);
  const strings: string[] = [];
  while (!reader.atEnd && strings.length < MOST_STRINGS) {
    budget.tick();
    const length = reader.number(2);
    const flags = reader.number(1);
    const runs = (flags & HAS_RUNS) === 0 ? 0 : reader.number(2);
    const phonetics = (flags & HAS_PHONETICS) === 0 ? 0 : reader.number(4);
    strings.push(reader.characters(length, (flags & IS_WIDE) !== 0));
    reader.skip(runs * 4 + phonetics);
  }
  return strings;
}

class ContinuedReader {
  readonly #values: readonly Buffer[];
  #index = 0;
  #at = 0;

  constructor(values: readonly Buffer[]) {
    this.#values = values;
  }

  get atEnd(): boolean {
    this.#settle();
    return this.#index >= this.#values.length;
  }

  number(octets: 1 | 2 | 4): number {
    let value = 0;
    for (let index = 0; index < octets; index += 1) {
      this.#settle();
      value += (this.#values[this.#index]?.[this.#at] ?? 0) * 256 ** index;
      this.#at += 1;
    }
    return value;
  }

  skip(octets: number): void {
    let left = octets;
    while (left > 0 && !this.atEnd) {
      const step = Math.min(left, this.#left);
      this.#at += step;
      left -= step;
    }
  }

  characters(length: number, isWide: boolean): string {
    let text = '';
    let left = length;
    let wide = isWide;
    while (left > 0 && this.#index < this.#values.length) {
      const width = wide ? 2 : 1;
      const taken = Math.min(left, Math.floor(this.#left / width));
      const value = this.#values[this.#index];
      text += value?.toString(wide ? 'utf16le' : 'latin1', this.#at, this.#at + taken * width) ?? '';
      this.#at += taken * width;
      left -= taken;
      if (left === 0) break;
      this.#index += 1;
      this.#at = 1;
      wide = ((this.#values[this.#index]?.[0] ?? 0) & IS_WIDE) !== 0;
    }
    return text;
  }

  get #left(): number {
    return (this.#values[this.#index]?.length ?? 0) - this.#at;
  }

  /** To the next value when this one is at its end. */
  #settle(): void {
    while (this.#index < this.#values.length && this.#left <= 0) {
      this.#index += 1;
      this.#at = 0;
    }
  }
}
