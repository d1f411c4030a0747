/** One block of bzip2, to the letters that were sorted: Huffman codes, runs of the front letter, the front itself, and the order undone. Only for `bzip2.ts`. */
import type { Budget } from './budget.ts';
import type { BitReader } from './bzip2-bits.ts';

const LONGEST_CODE = 20;
const CODES_PER_SELECTOR = 50;
const RUN_ONE = 0;
const RUN_TWO = 1;

/** Codes of one length are numbers that follow each other. */
type CodeTable = {
  /** The first code of each length, and behind it the last. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Where the symbols of a length begin. */
  readonly start: Int32Array;
  readonly symbols: readonly number[];
};

export class BlockReader {
  readonly #bits: BitReader;
  readonly #longest: number;
  readonly #budget: Budget;

  constructor(bits: BitReader, longest: number, budget: Budget) {
    this.#bits = bits;
    this.#longest = longest;
    this.#budget = budget;
  }

  /** `undefined` for what makes no sense. */
  read(): Uint8Array | undefined {
    this.#budget.checkTime();
    this.#bits.read(32);
    // Blocks whose letters were mixed before are of versions that nobody has.
    if (this.#bits.bit() === 1) return undefined;
    const origin = this.#bits.read(24);
    const letters = this.#usedLetters();
    const tableCount = this.#bits.read(3);
    const selectors = this.#selectors(tableCount);
    if (letters.length === 0 || tableCount < 2 || tableCount > 6 || selectors === undefined) return undefined;
    const tables: CodeTable[] = [];
    for (let index = 0; index < tableCount; index += 1) {
      const lengths = this.#codeLengths(letters.length + 2);
      if (lengths === undefined) return undefined;
      tables.push(tableOf(lengths));
    }
    const sorted = this.#sortedLetters(letters, tables, selectors);
    return sorted === undefined || origin >= sorted.length ? undefined : inOrder(sorted, origin);
  }

  /** Of which letters there are any, sixteen times sixteen. */
  #usedLetters(): number[] {
    const groups = this.#bits.read(16);
    const letters: number[] = [];
    for (let group = 0; group < 16; group += 1) {
      if ((groups & (0x8000 >> group)) === 0) continue;
      const used = this.#bits.read(16);
      for (let index = 0; index < 16; index += 1)
        if ((used & (0x8000 >> index)) !== 0) letters.push(group * 16 + index);
    }
    return letters;
  }

  /** Which table the next fifty codes are in. */
  #selectors(tableCount: number): Uint8Array | undefined {
    const count = this.#bits.read(15);
    const front = Array.from({ length: tableCount }, (_, index) => index);
    const selectors = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) {
      let place = 0;
      while (this.#bits.bit() === 1) place += 1;
      const [table] = front.splice(place, 1);
      if (table === undefined) return undefined;
      front.unshift(table);
      selectors[index] = table;
    }
    return count === 0 ? undefined : selectors;
  }

  #codeLengths(count: number): number[] | undefined {
    const lengths: number[] = [];
    let length = this.#bits.read(5);
    while (lengths.length < count) {
      if (length < 1 || length > LONGEST_CODE || this.#bits.isPastEnd) return undefined;
      if (this.#bits.bit() === 0) lengths.push(length);
      else length += this.#bits.bit() === 0 ? 1 : -1;
    }
    return lengths;
  }

  #sortedLetters(
    letters: readonly number[],
    tables: readonly CodeTable[],
    selectors: Uint8Array,
  ): Uint8Array | undefined {
    const out = new FrontLetters(letters, this.#longest);
    const end = letters.length + 1;
    for (let index = 0; ; index += 1) {
      const table = tables[selectors[Math.floor(index / CODES_PER_SELECTOR)] ?? tables.length];
      const symbol = table && this.#symbol(table);
      if (symbol === end) return out.end();
      if (symbol === undefined || !out.take(symbol)) return undefined;
    }
  }

  #symbol({ first, last, start, symbols }: CodeTable): number | undefined {
    let code = 0;
    for (let length = 1; length <= LONGEST_CODE; length += 1) {
      code = code * 2 + this.#bits.bit();
      const [from = 0, to = -1] = [first[length], last[length]];
      if (code >= from && code <= to) return symbols[(start[length] ?? 0) + code - from];
    }
    return undefined;
  }
}

/** Letters by how far from the front they stand, which is where each moves; runs of the one in front are counted in twos. */
class FrontLetters {
  readonly #front: Uint8Array;
  readonly #letters: Uint8Array;
  #used = 0;
  #run = 0;
  #weight = 1;

  constructor(letters: readonly number[], longest: number) {
    this.#front = Uint8Array.from(letters);
    this.#letters = new Uint8Array(longest);
  }

  /** False when there are too many. */
  take(symbol: number): boolean {
    if (symbol === RUN_ONE || symbol === RUN_TWO) {
      this.#run += this.#weight * (symbol + 1);
      this.#weight *= 2;
      return this.#run <= this.#letters.length;
    }
    if (!this.#endRun() || this.#used >= this.#letters.length) return false;
    const place = symbol - 1;
    const letter = this.#front[place] ?? 0;
    this.#front.copyWithin(1, 0, place);
    this.#front[0] = letter;
    this.#letters[this.#used] = letter;
    this.#used += 1;
    return true;
  }

  end(): Uint8Array | undefined {
    return this.#endRun() ? this.#letters.subarray(0, this.#used) : undefined;
  }

  #endRun(): boolean {
    const end = this.#used + this.#run;
    if (end > this.#letters.length) return false;
    this.#letters.fill(this.#front[0] ?? 0, this.#used, end);
    this.#used = end;
    this.#run = 0;
    this.#weight = 1;
    return true;
  }
}

function tableOf(lengths: readonly number[]): CodeTable {
  const first = new Int32Array(LONGEST_CODE + 1);
  const last = new Int32Array(LONGEST_CODE + 1).fill(-1);
  const start = new Int32Array(LONGEST_CODE + 1);
  const symbols: number[] = [];
  let code = 0;
  for (let length = 1; length <= LONGEST_CODE; length += 1) {
    start[length] = symbols.length;
    first[length] = code;
    lengths.forEach((own, symbol) => {
      if (own === length) symbols.push(symbol);
    });
    code += symbols.length - (start[length] ?? 0);
    last[length] = code - 1;
    code *= 2;
  }
  return { first, last, start, symbols };
}

/** Undoes the sorting (Burrows and Wheeler): each letter leads to the one before it. */
function inOrder(sorted: Uint8Array, origin: number): Uint8Array {
  const starts = new Uint32Array(257);
  for (const letter of sorted) starts[letter + 1] = (starts[letter + 1] ?? 0) + 1;
  for (let letter = 0; letter < 256; letter += 1)
    starts[letter + 1] = (starts[letter + 1] ?? 0) + (starts[letter] ?? 0);
  const next = new Uint32Array(sorted.length);
  sorted.forEach((letter, index) => {
    const place = starts[letter] ?? 0;
    next[place] = index;
    starts[letter] = place + 1;
  });
  const letters = new Uint8Array(sorted.length);
  let at = next[origin] ?? 0;
  for (let index = 0; index < letters.length; index += 1) {
    letters[index] = sorted[at] ?? 0;
    at = next[at] ?? 0;
  }
  return letters;
}
