/**
 * Where in a text which pattern may match: all factors of all patterns in one pass. Factors that are plain words go to the automaton,
 * others to the search by bits. Whether there is a match is the engine's to say, around these places only.
 */
import { Automaton } from './automaton.ts';
import { BitSearch } from './bit-search.ts';
import { WORD_LENGTH } from './factors.ts';
import type { Factor, Letter, Need, Way } from './factors.ts';

/** The ends of factors; `everywhere` where there are none to look for, or too many were found. */
export type Candidates = readonly number[] | 'everywhere';

export type Candidacy = {
  /** `undefined`: any text is a candidate. */
  readonly factors: readonly Need[] | undefined;
};

/** Who needs a core that is looked for, and what it needs around it. */
type Asker = { readonly pattern: number; readonly length: number; readonly ways: readonly Way[] };

/** Cores of one pattern in one text; with more of them the whole text is looked at. */
const LEAST_CORES_LIMIT = 256;
/** In a longer text one for so many characters: nearer to one another the parts around them would be the whole text too. */
const CHARACTERS_OF_CORE = 128;
const NOWHERE: Candidates = [];

export class CandidateSearch {
  readonly #patterns: readonly Candidacy[];
  readonly #automaton: Automaton;
  readonly #bits: BitSearch;
  /** By the number of a word, and of a sequence. */
  readonly #ofWord: Asker[][] = [];
  readonly #ofSequence: Asker[][] = [];

  constructor(patterns: readonly Candidacy[]) {
    this.#patterns = patterns;
    const words = new Map<string, number>();
    const sequences = new Map<string, number>();
    const terms: Uint16Array[] = [];
    const cores: Factor[] = [];
    for (const [pattern, { factors = [] }] of patterns.entries()) {
      for (const { core, ways } of factors) {
        const word = wordOf(core);
        const key = word?.join() ?? core.map((letter) => letter.key).join(' ');
        const [numbers, askers] = word === undefined ? [sequences, this.#ofSequence] : [words, this.#ofWord];
        const number = numbers.get(key) ?? numbers.size;
        if (number === numbers.size) {
          numbers.set(key, number);
          if (word === undefined) cores.push(core);
          else terms.push(word);
        }
        (askers[number] ??= []).push({ pattern, length: core.length, ways });
      }
    }
    this.#automaton = new Automaton(terms);
    this.#bits = new BitSearch(cores);
  }

  /** By the number of the pattern. */
  search(text: string): readonly Candidates[] {
    const ends: (number[] | undefined)[] = [];
    const counts = new Int32Array(this.#patterns.length);
    const limit = Math.max(LEAST_CORES_LIMIT, Math.floor(text.length / CHARACTERS_OF_CORE));
    const note = (askers: readonly Asker[] = [], end: number): void => {
      for (const { pattern, length, ways } of askers) {
        const count = (counts[pattern] ?? 0) + 1;
        counts[pattern] = count;
        if (count > limit || !standsIn(text, { end, length }, ways)) continue;
        const list = (ends[pattern] ??= []);
        if (list.at(-1) !== end) list.push(end);
      }
    };
    if (this.#ofWord.length > 0)
      this.#automaton.search(caseFolded(text), text.length, (word, end) => {
        note(this.#ofWord[word], end);
        return false;
      });
    if (this.#ofSequence.length > 0) this.#bits.search(text, (sequence, end) => note(this.#ofSequence[sequence], end));
    return this.#patterns.map(({ factors }, pattern) => {
      if (factors === undefined || (counts[pattern] ?? 0) > limit) return 'everywhere';
      return ends[pattern]?.toSorted((one, other) => one - other) ?? NOWHERE;
    });
  }
}

/** Whether around the core there is what one of the ways needs. */
function standsIn(
  text: string,
  { end, length }: { readonly end: number; readonly length: number },
  ways: readonly Way[],
): boolean {
  const start = charactersBack(text, end, length);
  return ways.some(({ before, after }) => isBefore(text, start, before) && isBehind(text, end, after));
}

function charactersBack(text: string, end: number, count: number): number {
  let at = end;
  for (let left = count; left > 0; left -= 1) at -= isPairAt(text, at - 2) ? 2 : 1;
  return at;
}

function isBefore(text: string, end: number, letters: Factor): boolean {
  let at = end;
  return letters.every((_, index) => {
    at -= isPairAt(text, at - 2) ? 2 : 1;
    return admits(letters.at(-1 - index), text.codePointAt(at));
  });
}

function isBehind(text: string, start: number, letters: Factor): boolean {
  let at = start;
  return letters.every((letter) => {
    const codePoint = text.codePointAt(at);
    at += isPairAt(text, at) ? 2 : 1;
    return admits(letter, codePoint);
  });
}

const isPairAt = (text: string, at: number): boolean =>
  (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;

function admits(letter: Letter | undefined, codePoint: number | undefined): boolean {
  if (letter === undefined || codePoint === undefined) return false;
  return codePoint > 0xffff ? letter.beyond : letter.has(codePoint);
}

/** The factor as a word for the automaton, where all its letters are single characters of the basic plane. */
function wordOf(factor: Factor): Uint16Array | undefined {
  if (factor.length < WORD_LENGTH) return undefined;
  const units = factor.map(({ only }) => (only === undefined || only > 0xffff ? 0 : caseFoldedUnit(only)));
  return units.includes(0) ? undefined : Uint16Array.from(units);
}

/**
 * One unit for all that differ by case alone. Coarser than the engine may not hurt, finer must not be: 0 where case would change the
 * length, as in `ß`.
 */
function caseFoldedUnit(unit: number): number {
  const character = String.fromCharCode(unit);
  const lower = character.toLowerCase();
  const upper = lower.toUpperCase();
  return lower.length === 1 && upper.length === 1 ? upper.toLowerCase().charCodeAt(0) : 0;
}

let caseTable: Uint16Array | undefined;

/** Made when a text is first searched: most commands search none. */
function makeCaseTable(): Uint16Array {
  return Uint16Array.from({ length: 0x10000 }, (_, unit) => caseFoldedUnit(unit));
}

function caseFolded(text: string): Uint16Array {
  caseTable ??= makeCaseTable();
  const [table, units] = [caseTable, new Uint16Array(text.length)];
  for (let at = 0; at < text.length; at += 1) units[at] = table[text.charCodeAt(at)] ?? 0;
  return units;
}
