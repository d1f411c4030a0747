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

/** The text so many characters before and behind; characters of two units count once. */
export function around(text: string, { start, end }: Occurrence, characters: number): Range {
  if (characters === Infinity) return { from: 0, to: text.length };
  let [from, to] = [start, end];
  for (let count = 0; count < characters && from > 0; count += 1)
    from -= isLow(text, from - 1) && isHigh(text, from - 2) ? 2 : 1;
  for (let count = 0; count < characters && to < text.length; count += 1)
    to += isHigh(text, to) && isLow(text, to + 1) ? 2 : 1;
  return { from, to };
}

const isHigh = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xd800;
const isLow = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
