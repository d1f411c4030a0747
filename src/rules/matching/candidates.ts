/**
 * Where in a text which pattern may match: all factors of all patterns in one pass. Factors that are plain words go to the automaton,
 * others to the search by bits. Whether there is a match is the engine's to say, around these places only.
 */
import { Automaton } from './automaton.ts';
import { BitSearch } from './bit-search.ts';
import { WORD_LENGTH } from './factors.ts';
import type { Factor } from './factors.ts';

/** The ends of factors; `everywhere` where there are none to look for, or too many were found. */
export type Candidates = readonly number[] | 'everywhere';

export type Candidacy = {
  /** `undefined`: any text is a candidate. */
  readonly factors: readonly Factor[] | undefined;
};

/** Ends of factors of one pattern in one text; with more of them the whole text is looked at. */
const LEAST_ENDS_LIMIT = 256;
/** In a longer text one for so many characters: nearer to one another the parts around them would be the whole text too. */
const CHARACTERS_OF_END = 128;
const NOWHERE: Candidates = [];

export class CandidateSearch {
  readonly #patterns: readonly Candidacy[];
  readonly #automaton: Automaton;
  readonly #bits: BitSearch;
  /** By the number of a word, and of a sequence: the patterns that need it. */
  readonly #ofWord: number[][] = [];
  readonly #ofSequence: number[][] = [];

  constructor(patterns: readonly Candidacy[]) {
    this.#patterns = patterns;
    const words = new Map<string, number>();
    const sequences = new Map<string, number>();
    const terms: Uint16Array[] = [];
    const factors: Factor[] = [];
    for (const [pattern, candidacy] of patterns.entries()) {
      for (const factor of candidacy.factors ?? []) {
        const word = wordOf(factor);
        const key = word?.join() ?? factor.map((letter) => letter.key).join(' ');
        const [numbers, needed] = word === undefined ? [sequences, this.#ofSequence] : [words, this.#ofWord];
        const number = numbers.get(key) ?? numbers.size;
        if (number === numbers.size) {
          numbers.set(key, number);
          if (word === undefined) factors.push(factor);
          else terms.push(word);
        }
        (needed[number] ??= []).push(pattern);
      }
    }
    this.#automaton = new Automaton(terms);
    this.#bits = new BitSearch(factors);
  }

  /** By the number of the pattern. */
  search(text: string): readonly Candidates[] {
    const ends: (number[] | undefined)[] = [];
    const limit = Math.max(LEAST_ENDS_LIMIT, Math.floor(text.length / CHARACTERS_OF_END));
    const note = (patterns: readonly number[] | undefined, end: number): void => {
      for (const pattern of patterns ?? []) {
        const list = (ends[pattern] ??= []);
        if (list.length <= limit && list.at(-1) !== end) list.push(end);
      }
    };
    if (this.#ofWord.length > 0)
      this.#automaton.search(caseFolded(text), text.length, (word, end) => {
        note(this.#ofWord[word], end);
        return false;
      });
    if (this.#ofSequence.length > 0) this.#bits.search(text, (sequence, end) => note(this.#ofSequence[sequence], end));
    return this.#patterns.map(({ factors }, pattern) => candidatesOf(factors, ends[pattern], limit));
  }
}

function candidatesOf(
  factors: readonly Factor[] | undefined,
  ends: readonly number[] | undefined,
  limit: number,
): Candidates {
  if (factors === undefined) return 'everywhere';
  if (ends === undefined) return NOWHERE;
  return ends.length > limit ? 'everywhere' : ends.toSorted((one, other) => one - other);
}

/** The factor as a word for the automaton, where all its letters are single characters of the basic plane. */
function wordOf(factor: Factor): Uint16Array | undefined {
  if (factor.length < WORD_LENGTH) return undefined;
  const units = factor.map(({ only }) => (only === undefined || only > 0xffff ? 0 : caseFoldedUnit(only)));
  return units.includes(0) ? undefined : Uint16Array.from(units);
}

const caseTable = new Uint16Array(0x10000);

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

for (let unit = 0; unit < 0x10000; unit += 1) caseTable[unit] = caseFoldedUnit(unit);

function caseFolded(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) units[at] = caseTable[text.charCodeAt(at)] ?? 0;
  return units;
}
