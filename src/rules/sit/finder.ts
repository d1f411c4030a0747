/**
 * How values of a known form are found: where a word or number begins, its shapes are tried one after the other; what has one of them,
 * stands free and passes the check is a value. Shapes are of bounded length, so the work grows with the text alone.
 */
import { isDigitAt, isInRun, originalOffset } from './plain-text.ts';
import type { PlainText } from './plain-text.ts';

/** In UTF-16 units of the original text. */
export type Occurrence = { readonly start: number; readonly end: number };

type Shape = {
  /** Sticky. */
  readonly pattern: RegExp;
  /** So many letters and digits stand together at its beginning, or more: most runs are too short for most shapes. */
  readonly leastRun: number;
};

export type Finder = {
  readonly begins: 'digit' | 'letter' | 'any';
  /** The first that fits and is accepted wins. */
  readonly shapes: readonly Shape[];
  readonly accepts: (compact: string, text: string) => boolean;
  /** Characters that make one number of two when digits stand on their other side. */
  readonly joints: string;
  /** What two ways to write one value have in common. */
  readonly keyOf: (text: string) => string;
};

type FinderParts = Partial<Pick<Finder, 'begins' | 'joints' | 'keyOf'>> & {
  readonly accepts?: ((compact: string, text: string) => boolean) | undefined;
};

/**
 * Shapes are regular expressions without `^` and `$` that cannot match without bound. Letters count in any case. What the check gets
 * is the value in capitals without anything but letters and digits, and the value as it stands.
 */
export function finder(
  shapes: readonly string[],
  { begins = 'digit', joints = '-./', keyOf = compactOf, accepts }: FinderParts = {},
): Finder {
  return {
    begins,
    joints,
    keyOf,
    shapes: shapes.map(shapeOf),
    accepts: accepts ?? (() => true),
  };
}

export const compactOf = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, '').toUpperCase();

/** What follows is looked at here already, so that of two alternatives the one that ends with the run is taken. */
const shapeOf = (source: string): Shape => ({
  pattern: new RegExp(`(?:${source})(?![0-9A-Z_])`, 'iy'),
  leastRun: leastRunOf(source),
});

/** A digit, a class of letters and digits, or one of them, so and so often. */
const ATOM = /(?:\\d|\[[0-9A-Z-]+\]|[0-9A-Z])(?:\{(\d+)(?:,\d+)?\})?(?![?*])/y;

function leastRunOf(source: string): number {
  let least = 0;
  ATOM.lastIndex = 0;
  // Of alternatives another one may be shorter.
  if (source.includes('|')) return least;
  for (let atom = ATOM.exec(source); atom !== null; atom = ATOM.exec(source)) least += Number(atom[1] ?? 1);
  return least;
}

/** In the order of the text, without overlap, at most `limit`. */
export function occurrencesOf(sought: Finder, plain: PlainText, limit: number): readonly Occurrence[] {
  const { text, starts, lengths } = plain;
  const found: Occurrence[] = [];
  let taken = 0;
  for (let index = 0; index < starts.length; index += 1) {
    const start = starts[index] ?? 0;
    if (start < taken || !mayBegin(sought, text, start)) continue;
    const end = endOfValue(sought, text, { start, end: start + (lengths[index] ?? 0) });
    if (end === undefined) continue;
    found.push({ start: originalOffset(plain, start), end: originalOffset(plain, end) });
    if (found.length >= limit) break;
    taken = end;
  }
  return found;
}

const mayBegin = ({ begins }: Finder, text: string, start: number): boolean =>
  begins === 'any' || isDigitAt(text, start) === (begins === 'digit');

function endOfValue(sought: Finder, text: string, run: Occurrence): number | undefined {
  const { start } = run;
  for (const { pattern, leastRun } of sought.shapes) {
    if (run.end - start < leastRun) continue;
    pattern.lastIndex = start;
    if (!pattern.test(text)) continue;
    const end = pattern.lastIndex;
    if (!isFree(text, { start, end }, sought.joints)) continue;
    const value = text.slice(start, end);
    if (sought.accepts(compactOf(value), value)) return end;
  }
  return undefined;
}

/** Amounts of money and parts of mail addresses are no identifiers. */
const BEFORE_OTHERS = /[$€£¥@]/;

/** No part of a longer word or number, of an amount or of an address. */
function isFree(text: string, { start, end }: Occurrence, joints: string): boolean {
  if (isInRun(text, start - 1) || isInRun(text, end)) return false;
  const [before, after] = [text.charAt(start - 1), text.charAt(end)];
  if (after === '@' || BEFORE_OTHERS.test(before)) return false;
  const isJoinedBefore = before !== '' && joints.includes(before) && start > 1 && isDigitAt(text, start - 2);
  const isJoinedAfter = after !== '' && joints.includes(after) && isDigitAt(text, end + 1);
  return !isJoinedBefore && !isJoinedAfter;
}
