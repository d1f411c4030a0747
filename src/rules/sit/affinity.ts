/** Affinities: a text is of such a type where enough of its evidence stands together, in whichever order. */
import type { CompiledEvidence, CompiledType } from './compile.ts';
import { combined } from './confidence.ts';
import type { Occurrence } from './finder.ts';
import type { ItemSearch } from './item-search.ts';
import { around, holdsAll } from './proximity.ts';

export type Affinity = Occurrence & { readonly confidence: number };

/** Windows that are looked at: each begins where some evidence does. */
const WINDOWS_LIMIT = 10_000;

/** The first of the surest windows whose confidence reaches the threshold. */
export function findAffinity(
  { evidence, proximity, recommendedConfidence }: Extract<CompiledType, { kind: 'affinity' }>,
  item: ItemSearch,
): Affinity | undefined {
  let surest: Affinity | undefined;
  for (const start of beginningsOf(
    evidence.flatMap(({ matches }) => matches),
    item,
    proximity,
  )) {
    const { to } = around(item, { start, end: start }, proximity);
    const holding = evidence.filter(({ matches }) => holdsAll(matches, item, { from: start, to }));
    const confidence = combined(holding.map((each) => each.confidence));
    const reaches = holding.length > 0 && confidence >= recommendedConfidence;
    if (reaches && confidence > (surest?.confidence ?? 0)) surest = { start, end: to, confidence };
  }
  return surest;
}

function beginningsOf(evidence: readonly CompiledEvidence[], item: ItemSearch, proximity: number): readonly number[] {
  if (proximity === Infinity) return [0];
  const starts = elementsIn(evidence).flatMap((element) =>
    item
      .occurrences(element)
      .slice(0, WINDOWS_LIMIT)
      .map(({ start }) => start),
  );
  return [...new Set(starts)].toSorted((one, other) => one - other).slice(0, WINDOWS_LIMIT);
}

const elementsIn = (evidence: readonly CompiledEvidence[]): readonly number[] =>
  evidence.flatMap((each) => (each.kind === 'match' ? [each.element] : elementsIn(each.of)));
