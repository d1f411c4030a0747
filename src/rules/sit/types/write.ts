/** The short forms in which the tables of built-in types are written. */
import { ENTITY_PROXIMITY } from '#rules/sit/custom.ts';
import type { Element, EntityType, Evidence, TypePattern } from '#rules/sit/custom.ts';

/** A type as Exchange's list has it: its GUID, name, recommended confidence and patterns. */
export const type = (
  id: string,
  name: string,
  recommendedConfidence: number,
  patterns: readonly TypePattern[],
): EntityType => ({ kind: 'entity', id, name, recommendedConfidence, proximity: ENTITY_PROXIMITY, patterns });

export const pattern = (
  confidence: number,
  primary: Element,
  ...evidence: readonly (Element | Evidence)[]
): TypePattern => ({ confidence, primary, evidence: evidence.map(evidenceOf) });

/** At least so many of them. */
export const any = (min: number, ...of: readonly Element[]): Evidence => ({ kind: 'any', min, of: of.map(evidenceOf) });

/** None of them. */
export const none = (...of: readonly Element[]): Evidence => ({ kind: 'any', min: 0, max: 0, of: of.map(evidenceOf) });

export const found = (name: string): Element => ({ kind: 'function', name });

export const words = (texts: readonly string[]): Extract<Element, { kind: 'keywords' }> => ({
  kind: 'keywords',
  keywords: texts.map((text) => ({ text, style: 'word' })),
});

function evidenceOf(each: Element | Evidence): Evidence {
  return each.kind === 'match' || each.kind === 'any' ? each : { kind: 'match', element: each };
}
