/**
 * How a type of sensitive information is written down, a built-in one as well as one of the organisation's own: Microsoft's model of
 * rule packages (Entity, Pattern, IdMatch, Match, Any, Affinity) as plain values, which can be cloned to a thread.
 *
 * Files are read to these by `config/`; `check-type.ts` says what is wrong with one, `compile.ts` makes it ready for searching.
 */

/** Looked for with the same letters in any case, unless it says otherwise. White space stands for any white space. */
export type Keyword = {
  readonly text: string;
  /** `word`: whole words. `string`: also within words. */
  readonly style: 'word' | 'string';
  readonly caseSensitive?: boolean | undefined;
};

/** Something that is found in a text. */
export type Element =
  /** As the patterns of rules: in linear time, in any case unless `(?-i)` says otherwise. All validators must accept what it finds. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly validators?: readonly string[] | undefined }
  /** Any of the keywords. */
  | { readonly kind: 'keywords'; readonly keywords: readonly Keyword[] }
  /** One that Postern brings along, such as `Func_credit_card`: `functions.ts`. */
  | { readonly kind: 'function'; readonly name: string };

/** What must be near. */
export type Evidence =
  | {
      readonly kind: 'match';
      readonly element: Element;
      /** So many of it; 1 unless said. */
      readonly minCount?: number | undefined;
      /** Each text of it counts once. */
      readonly uniqueResults?: boolean | undefined;
    }
  /** From `min` to `max` of them hold; without `max` any number, and with both 0 none may. */
  | { readonly kind: 'any'; readonly min: number; readonly max?: number | undefined; readonly of: readonly Evidence[] };

export type TypePattern = {
  /** 1-100. */
  readonly confidence: number;
  /** `IdMatch`: what is counted. */
  readonly primary: Element;
  /** All of it must hold. */
  readonly evidence: readonly Evidence[];
  /** Characters on both sides of the primary element, where it is not the type's. */
  readonly proximity?: number | 'unlimited' | undefined;
};

type Named = {
  /** A GUID. */
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** What a rule that says nothing of confidence asks for; the threshold of an affinity. 1-100. */
  readonly recommendedConfidence: number;
  /** In characters. Of an entity: on both sides of the primary element. Of an affinity: of the window that holds its evidence. */
  readonly proximity: number | 'unlimited';
};

export type EntityType = Named & { readonly kind: 'entity'; readonly patterns: readonly TypePattern[] };

/** No value is counted: a text is of this type or not. */
export type AffinityType = Named & {
  readonly kind: 'affinity';
  readonly evidence: readonly { readonly confidence: number; readonly matches: readonly Evidence[] }[];
};

export type CustomType = EntityType | AffinityType;

/** Microsoft's, where it does not say. */
export const ENTITY_PROXIMITY = 300;
export const AFFINITY_PROXIMITY = 600;
