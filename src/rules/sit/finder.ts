/**
 * How values of a known form are found: where a word or number begins, its shapes are tried one after the other; what has one of them,
 * stands free and passes the check is a value. Shapes are of bounded length, so the work grows with the text alone.
 */
import { isDigitAt, isInRun, originalOffset } from './plain-text.ts';
import type { PlainText } from './plain-text.ts';

/** In UTF-16 units of the original text. */
export type Occurrence = { readonly start: number; readonly end: number };

export type Finder = {
  readonly begins: 'digit' | 'letter' | 'any';
  /** Sticky. The first that fits and is accepted wins. */
  readonly shapes: readonly RegExp[];
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
    shapes: shapes.map((shape) => new RegExp(shape, 'iy')),
    accepts: accepts ?? (() => true),
  };
}

export const compactOf = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, '').toUpperCase();

/** In the order of the text, without overlap, at most `limit`. */
export function occurrencesOf(sought: Finder, plain: PlainText, limit: number): readonly Occurrence[] {
  const found: Occurrence[] = [];
  let taken = 0;
  for (const start of beginningsOf(sought, plain)) {
    if (start < taken) continue;
    const end = endOfValue(sought, plain.text, start);
    if (end === undefined) continue;
    found.push({ start: originalOffset(plain, start), end: originalOffset(plain, end) });
    if (found.length >= limit) break;
    taken = end;
  }
  return found;
}

function beginningsOf({ begins }: Finder, { digits, letters }: PlainText): readonly number[] {
  if (begins === 'any') return [...digits, ...letters].toSorted((one, other) => one - other);
  return begins === 'digit' ? digits : letters;
}

function endOfValue(sought: Finder, text: string, start: number): number | undefined {
  for (const shape of sought.shapes) {
    shape.lastIndex = start;
    if (!shape.test(text)) continue;
    const end = shape.lastIndex;
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
