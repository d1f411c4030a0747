/**
 * Looks for sensitive information in the texts of a message. Each text is looked at for itself: what stands in another is no evidence.
 * Never throws, whatever the texts are.
 */
import { findAffinity } from './affinity.ts';
import type { CompiledType, CompiledTypePattern, CompiledTypes } from './compile.ts';
import { combined } from './confidence.ts';
import type { DetectedInformation, DetectedValue } from './detection.ts';
import type { Occurrence } from './finder.ts';
import { ItemSearch } from './item-search.ts';
import { maskedValue } from './mask.ts';
import { around, holdsAll } from './proximity.ts';

/** A text and where it stands, as `content-items.ts` names places. */
export type SearchedItem = { readonly where: string; readonly text: string };

/** Of one type: those of highest confidence are listed. */
const LISTED_VALUES = 1000;
const COUNTED_VALUES = 100_000;

/** By each type's name, its GUID and however else it was asked for, in lower case; types of which there is nothing are left out. */
export function detect(types: CompiledTypes, items: readonly SearchedItem[]): ReadonlyMap<string, DetectedInformation> {
  const searches = items.map(({ where, text }) => ({ where, item: new ItemSearch(types, text) }));
  const detected = new Map<string, DetectedInformation>();
  for (const type of types.types) {
    const values = valuesOf(type, searches);
    if (values.length === 0) continue;
    const information = summary(type, values);
    for (const key of type.keys) detected.set(key, information);
  }
  return detected;
}

type Search = { readonly where: string; readonly item: ItemSearch };
/** Before it is masked: most are never listed. */
type Value = Search & Occurrence & { readonly confidence: number };

function summary(
  { id, name, recommendedConfidence, kind }: CompiledType,
  values: readonly Value[],
): DetectedInformation {
  const surest = values.toSorted((one, other) => other.confidence - one.confidence);
  return {
    id,
    name,
    values: surest.slice(0, LISTED_VALUES).map((value) => detectedValue(value, kind)),
    uniqueCount: values.length,
    confidence: surest[0]?.confidence ?? 0,
    recommendedConfidence,
  };
}

function detectedValue({ where, item, start, end, confidence }: Value, kind: CompiledType['kind']): DetectedValue {
  const masked = kind === 'affinity' ? '' : maskedValue(item.text.slice(start, end));
  return { where, offset: start, length: end - start, masked, confidence };
}

/** Each value once, where it is surest. */
function valuesOf(type: CompiledType, searches: readonly Search[]): readonly Value[] {
  if (type.kind === 'affinity') return affinityValues(type, searches);
  const values = new Map<string, Value>();
  for (const search of searches) {
    for (const { key, occurrence, confidence } of entitiesIn(type.patterns, search.item)) {
      const known = values.get(key);
      if (known === undefined ? values.size >= COUNTED_VALUES : known.confidence >= confidence) continue;
      values.set(key, { ...search, ...occurrence, confidence });
    }
  }
  return [...values.values()];
}

/** The text in which it is surest; there is nothing to count. */
function affinityValues(
  type: Extract<CompiledType, { kind: 'affinity' }>,
  searches: readonly Search[],
): readonly Value[] {
  const found = searches.flatMap((search) => {
    const affinity = findAffinity(type, search.item);
    return affinity === undefined ? [] : [{ ...search, ...affinity }];
  });
  return found.toSorted((one, other) => other.confidence - one.confidence).slice(0, 1);
}

type Entity = { readonly key: string; readonly occurrence: Occurrence; readonly confidence: number };

function* entitiesIn(patterns: readonly CompiledTypePattern[], item: ItemSearch): Generator<Entity> {
  const matched = new Map<
    number,
    { readonly occurrence: Occurrence; readonly key: string; readonly confidences: number[] }
  >();
  for (const pattern of patterns) {
    for (const occurrence of matchesOf(pattern, item)) {
      const place = placeOf(occurrence);
      const known = matched.get(place);
      if (known !== undefined) known.confidences.push(pattern.confidence);
      else
        matched.set(place, {
          occurrence,
          key: item.keyOf(pattern.primary, occurrence),
          confidences: [pattern.confidence],
        });
    }
  }
  for (const { occurrence, key, confidences } of matched.values())
    yield { key, occurrence, confidence: combined(confidences) };
}

const LONGEST_TEXT = 2 ** 26;
const placeOf = ({ start, end }: Occurrence): number => start * LONGEST_TEXT + (end - start);

function matchesOf({ primary, evidence, proximity }: CompiledTypePattern, item: ItemSearch): readonly Occurrence[] {
  const occurrences = item.occurrences(primary);
  if (evidence.length === 0 || occurrences.length === 0) return occurrences;
  if (proximity === Infinity) return holdsAll(evidence, item, { from: 0, to: item.text.length }) ? occurrences : [];
  return occurrences.filter((occurrence) => holdsAll(evidence, item, around(item, occurrence, proximity)));
}
