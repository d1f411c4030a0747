/**
 * Many short sequences of character sets in one pass: Shift-And (Baeza-Yates and Gonnet), a bit for each place in each sequence. The
 * work for a character does not depend on the text.
 */
import type { Factor, Letter } from './factors.ts';

const WORD_BITS = 32;
/** All characters beyond the basic plane are one class. */
const BEYOND = 0x10000;
/** Not looked at yet. */
const UNKNOWN = 0xffff;
/** The class of characters that are in no sequence. */
const NONE = 0;

/** Where a letter stands: a word of bits, and the bits in it. */
type Position = { readonly word: number; readonly bit: number };

export class BitSearch {
  readonly #letters: readonly { readonly letter: Letter; readonly positions: readonly Position[] }[];
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #sequenceAt = new Map<number, number>();
  /** By character: its class. By class: the bits at which it may stand. */
  readonly #classes = new Uint16Array(BEYOND + 1).fill(UNKNOWN);
  readonly #masks: Int32Array[] = [];
  /** By class: whether a sequence begins with it. */
  readonly #begins: boolean[] = [];
  readonly #classOf = new Map<string, number>();

  /** Sequences are told by their index; they have 1 to 32 letters. */
  constructor(sequences: readonly Factor[]) {
    const places = pack(sequences.map(({ length }) => length));
    const words = places.reduce((most, { word }) => Math.max(most, word + 1), 0);
    this.#first = new Int32Array(words);
    this.#last = new Int32Array(words);
    const letters = new Map<string, { readonly letter: Letter; readonly positions: Position[] }>();
    for (const [index, sequence] of sequences.entries()) {
      const { word, bit: start } = places[index] ?? { word: 0, bit: 0 };
      for (const [step, letter] of sequence.entries()) {
        const known = letters.get(letter.key) ?? { letter, positions: [] };
        known.positions.push({ word, bit: start + step });
        letters.set(letter.key, known);
      }
      const last = start + sequence.length - 1;
      this.#first[word] = (this.#first[word] ?? 0) | (1 << start);
      this.#last[word] = (this.#last[word] ?? 0) | (1 << last);
      this.#sequenceAt.set(word * WORD_BITS + last, index);
    }
    this.#letters = [...letters.values()];
    this.#intern(new Int32Array(words));
  }

  /** Calls `found` for each sequence that ends somewhere, in the order of ends. */
  search(text: string, found: (sequence: number, end: number) => void): void {
    const state = new Int32Array(this.#first.length);
    let isAtRest = true;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const isPair = (unit & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
      if (isPair) at += 1;
      const kind = this.#kind(isPair ? BEYOND : unit);
      if (isAtRest && !this.#begins[kind]) continue;
      isAtRest = this.#step(state, this.#masks[kind] ?? state, at + 1, found) === 0;
    }
  }

  /** Answers 0 when no sequence goes on. */
  #step(state: Int32Array, mask: Int32Array, end: number, found: (sequence: number, end: number) => void): number {
    let going = 0;
    for (let word = 0; word < state.length; word += 1) {
      const bits = (((state[word] ?? 0) << 1) | (this.#first[word] ?? 0)) & (mask[word] ?? 0);
      state[word] = bits;
      going |= bits;
      let ending = bits & (this.#last[word] ?? 0);
      while (ending !== 0) {
        const bit = WORD_BITS - 1 - Math.clz32(ending);
        found(this.#sequenceAt.get(word * WORD_BITS + bit) ?? 0, end);
        ending &= ~(1 << bit);
      }
    }
    return going;
  }

  #kind(character: number): number {
    const known = this.#classes[character] ?? NONE;
    if (known !== UNKNOWN) return known;
    const mask = new Int32Array(this.#first.length);
    for (const { letter, positions } of this.#letters) {
      if (!(character === BEYOND ? letter.beyond : letter.has(character))) continue;
      for (const { word, bit } of positions) mask[word] = (mask[word] ?? 0) | (1 << bit);
    }
    const kind = this.#intern(mask);
    this.#classes[character] = kind;
    return kind;
  }

  /** Characters that may stand at the same places are one class. */
  #intern(mask: Int32Array): number {
    const key = mask.join();
    const known = this.#classOf.get(key);
    if (known !== undefined) return known;
    this.#classOf.set(key, this.#masks.length);
    this.#begins.push(mask.some((bits, word) => (bits & (this.#first[word] ?? 0)) !== 0));
    return this.#masks.push(mask) - 1;
  }
}

/** Lays the sequences into words, as many into each as fit, each within one. */
function pack(lengths: readonly number[]): readonly Position[] {
  let [word, bit] = [0, 0];
  return lengths.map((length) => {
    if (bit + length > WORD_BITS) [word, bit] = [word + 1, 0];
    const place = { word, bit };
    bit += length;
    return place;
  });
}
