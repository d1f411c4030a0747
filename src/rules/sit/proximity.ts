/** Whether evidence stands near: within so many characters on both sides, and never in another text. */
import type { CompiledEvidence } from './compile.ts';
import type { Occurrence } from './finder.ts';
import type { ItemSearch } from './item-search.ts';

/** Occurrences that one question looks at. More of one element near one value say nothing more. */
const LOOKED_AT_LIMIT = 4096;

/** From `from` to `to`, what is asked for stands whole. */
export type Range = { readonly from: number; readonly to: number };

export const holdsAll = (evidence: readonly CompiledEvidence[], item: ItemSearch, range: Range): boolean =>
  evidence.every((each) => holds(each, item, range));

function holds(evidence: CompiledEvidence, item: ItemSearch, range: Range): boolean {
  if (evidence.kind === 'match') return isNear(evidence, item, range);
  const { min, max, of } = evidence;
  let count = 0;
  for (const each of of) {
    if (holds(each, item, range)) count += 1;
    if (count > max || (count >= min && max === Infinity)) break;
  }
  return count >= min && count <= max;
}

function isNear(
  { element, minCount, uniqueResults }: Extract<CompiledEvidence, { kind: 'match' }>,
  item: ItemSearch,
  { from, to }: Range,
): boolean {
  const occurrences = item.occurrences(element);
  const first = firstFrom(occurrences, from);
  const keys = new Set<string | number>();
  for (let index = first; index < first + LOOKED_AT_LIMIT; index += 1) {
    const occurrence = occurrences[index];
    if (occurrence === undefined || occurrence.start > to) return false;
    if (occurrence.end > to) continue;
    keys.add(uniqueResults ? item.text.slice(occurrence.start, occurrence.end).toLowerCase() : index);
    if (keys.size >= minCount) return true;
  }
  return false;
}

/** The index of the first that begins at `from` or later. */
function firstFrom(occurrences: readonly Occurrence[], from: number): number {
  let [low, high] = [0, occurrences.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((occurrences[middle]?.start ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Searched = { readonly text: string; readonly hasPairs: boolean };

/** The text so many characters before and behind; those of two units count once. */
export function around({ text, hasPairs }: Searched, { start, end }: Occurrence, characters: number): Range {
  if (hasPairs && characters !== Infinity)
    return { from: back(text, start, characters), to: forth(text, end, characters) };
  return { from: Math.max(0, start - characters), to: Math.min(text.length, end + characters) };
}

/** Whether some characters of a text are two units. */
export const hasPairs = (text: string): boolean => /[\ud800-\udbff]/.test(text);

function back(text: string, end: number, characters: number): number {
  let at = end;
  for (let count = 0; count < characters && at > 0; count += 1) at -= isPair(text, at - 2) ? 2 : 1;
  return at;
}

function forth(text: string, start: number, characters: number): number {
  let at = start;
  for (let count = 0; count < characters && at < text.length; count += 1) at += isPair(text, at) ? 2 : 1;
  return at;
}

const isPair = (text: string, at: number): boolean =>
  (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
