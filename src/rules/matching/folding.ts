/**
 * A text as words are compared with it: case, width and ligatures folded, accents composed, what shows nothing left out, white space
 * one space. Keeps for each unit where it stands in the text, so that a hit can be shown.
 */
import { foldCharacter, foldedUnits, IGNORED, isBoundary, JOINS, kindOf, PLAIN, SPACE, SURROGATE } from './letters.ts';

export type FoldedText = {
  /** Only the first `length` count. */
  readonly units: Uint16Array;
  readonly length: number;
  /** Where each unit begins in the text; one more for its end. */
  readonly offsets: Uint32Array;
};

/** Marks that are composed with their letter. Ordering more of them costs more than it is worth: nobody writes so. */
const CLUSTER_LIMIT = 16;
const SPACE_UNIT = 0x20;

export function foldText(text: string): FoldedText {
  const folder = new Folder(text);
  let at = 0;
  while (at < text.length) at = folder.step(folder.plainRun(at));
  return folder.end();
}

class Folder {
  readonly #text: string;
  #units: Uint16Array;
  #offsets: Uint32Array;
  #length = 0;

  constructor(text: string) {
    this.#text = text;
    this.#units = new Uint16Array(text.length + 8);
    this.#offsets = new Uint32Array(text.length + 9);
  }

  /** Takes characters that are folded one by one, which nearly all are, and says where the first other one stands. */
  plainRun(start: number): number {
    const [text, units, offsets] = [this.#text, this.#units, this.#offsets];
    const end = Math.min(text.length, start + units.length - this.#length);
    let [at, length] = [start, this.#length];
    while (at < end) {
      const folded = foldedUnits[text.charCodeAt(at)] ?? 0;
      if (folded === 0) break;
      if (folded !== SPACE_UNIT || length === 0 || units[length - 1] !== SPACE_UNIT) {
        units[length] = folded;
        offsets[length] = at;
        length += 1;
      }
      at += 1;
    }
    this.#length = length;
    return at;
  }

  /** Takes the character at this place, and says where the next begins. */
  step(at: number): number {
    if (at >= this.#text.length) return at;
    const unit = this.#text.charCodeAt(at);
    switch (kindOf(unit)) {
      case IGNORED:
        return at + 1;
      case PLAIN:
      case SPACE:
        if (this.#length === this.#units.length) this.#grow();
        return this.plainRun(at);
      case JOINS:
        return this.#pushCluster(this.#backToLetter(at), this.#clusterEnd(at));
      case SURROGATE:
        return this.#pushCluster(at, at + ((this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
      default:
        return this.#pushCluster(at, at + 1);
    }
  }

  #clusterEnd(start: number): number {
    let end = start + 1;
    const limit = Math.min(this.#text.length, start + CLUSTER_LIMIT);
    while (end < limit && kindOf(this.#text.charCodeAt(end)) === JOINS) end += 1;
    return end;
  }

  /** Takes back the letter that stands directly before a mark, and says where it begins; the mark's own place when none does. */
  #backToLetter(mark: number): number {
    const start = this.#offsets[this.#length - 1] ?? mark;
    const isLetter = this.#length > 0 && mark - start <= 2 && kindOf(this.#text.charCodeAt(start)) !== SPACE;
    if (!isLetter) return mark;
    while (this.#length > 0 && this.#offsets[this.#length - 1] === start) this.#length -= 1;
    return start;
  }

  #pushCluster(start: number, end: number): number {
    const composed = this.#text.slice(start, end).normalize('NFC');
    const folded = Array.from(composed, foldCharacter).join('').normalize('NFC');
    for (let index = 0; index < folded.length; index += 1) this.#push(folded.charCodeAt(index), start);
    return end;
  }

  #push(unit: number, at: number): void {
    if (this.#length === this.#units.length) this.#grow();
    this.#units[this.#length] = unit;
    this.#offsets[this.#length] = at;
    this.#length += 1;
  }

  #grow(): void {
    const units = new Uint16Array(this.#units.length * 2);
    units.set(this.#units);
    this.#units = units;
    const offsets = new Uint32Array(units.length + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  end(): FoldedText {
    this.#offsets[this.#length] = this.#text.length;
    return { units: this.#units, length: this.#length, offsets: this.#offsets };
  }
}

/** The folded units of a word, without white space around it. */
export function foldWord(word: string): Uint16Array {
  const { units, length } = foldText(word);
  let [start, end] = [0, length];
  while (start < end && units[start] === SPACE_UNIT) start += 1;
  while (end > start && units[end - 1] === SPACE_UNIT) end -= 1;
  return units.slice(start, end);
}

/** Whether what stands there from `start` to `end` is no part of a longer word. */
export function isWhole(folded: FoldedText, start: number, end: number): boolean {
  return isEdge(folded, start) && isEdge(folded, end);
}

function isEdge({ units, length }: FoldedText, at: number): boolean {
  if (at === 0 || at === length) return true;
  return isBoundary(characterBefore(units, at), characterAt(units, at, length));
}

function characterBefore(units: Uint16Array, at: number): number {
  const unit = units[at - 1] ?? 0;
  const isPair = isLow(unit) && at >= 2 && isHigh(units[at - 2] ?? 0);
  return isPair ? pair(units[at - 2] ?? 0, unit) : unit;
}

function characterAt(units: Uint16Array, at: number, length: number): number {
  const unit = units[at] ?? 0;
  const isPair = isHigh(unit) && at + 1 < length && isLow(units[at + 1] ?? 0);
  return isPair ? pair(unit, units[at + 1] ?? 0) : unit;
}

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;
const pair = (high: number, low: number): number => 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
