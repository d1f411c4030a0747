/**
 * Makes types ready for searching: elements that several patterns or types have in common become one, so that a text is searched for
 * each once. Only the types that are asked for; `detect.ts` searches with them.
 */
import type { PatternMatcher } from '#rules/matching/matcher.ts';
import { Scan } from '#rules/matching/scan.ts';
import { findType } from './built-in.ts';
import type { CustomType, Element, Evidence, Keyword } from './custom.ts';
import type { Finder } from './finder.ts';
import { functionOf } from './functions.ts';
import { KeywordSearch } from './keyword-search.ts';
import { validatorOf } from './validators.ts';
import type { Validator } from './validators.ts';

/** By what it is found; the number is that of the list in `CompiledTypes`. */
export type CompiledElement =
  | { readonly kind: 'regex'; readonly matcher: PatternMatcher; readonly validators: readonly Validator[] }
  | { readonly kind: 'keywords'; readonly number: number }
  | { readonly kind: 'function'; readonly finder: Finder }
  /** It cannot be compiled, and is never found. */
  | { readonly kind: 'nothing' };

/** The number of an element in place of the element. */
export type CompiledEvidence =
  | { readonly kind: 'match'; readonly element: number; readonly minCount: number; readonly uniqueResults: boolean }
  | { readonly kind: 'any'; readonly min: number; readonly max: number; readonly of: readonly CompiledEvidence[] };

export type CompiledTypePattern = {
  readonly confidence: number;
  readonly primary: number;
  readonly evidence: readonly CompiledEvidence[];
  /** `Infinity`: the whole text. */
  readonly proximity: number;
};

type Named = Pick<CustomType, 'id' | 'name' | 'recommendedConfidence'> & {
  /** What it may be asked for by, in lower case: its name, its GUID, and however else it was named. */
  readonly keys: readonly string[];
};

export type CompiledType = Named &
  (
    | { readonly kind: 'entity'; readonly patterns: readonly CompiledTypePattern[] }
    | {
        readonly kind: 'affinity';
        readonly proximity: number;
        readonly evidence: readonly { readonly confidence: number; readonly matches: readonly CompiledEvidence[] }[];
      }
  );

export type CompiledTypes = {
  readonly types: readonly CompiledType[];
  readonly elements: readonly CompiledElement[];
  readonly keywords: KeywordSearch;
};

/** `names` are names or GUIDs in any case; those of no type are passed over. */
export function compileTypes(names: readonly string[], customTypes: readonly CustomType[] = []): CompiledTypes {
  const sought = new Map<CustomType, Set<string>>();
  for (const name of names) {
    const type = findType(name, customTypes);
    if (type === undefined) continue;
    const keys = sought.get(type) ?? new Set([type.name.toLowerCase(), type.id.toLowerCase()]);
    sought.set(type, keys.add(name.toLowerCase()));
  }
  const table = new ElementTable();
  const types = [...sought].map(([type, keys]) => compileType(type, [...keys], table));
  return { types, ...table.end() };
}

function compileType(type: CustomType, keys: readonly string[], table: ElementTable): CompiledType {
  const { id, name, recommendedConfidence } = type;
  const named = { id, name, recommendedConfidence, keys };
  const proximity = inCharacters(type.proximity);
  if (type.kind === 'affinity') {
    const evidence = type.evidence.map(({ confidence, matches }) => ({
      confidence,
      matches: matches.map((each) => table.evidence(each)),
    }));
    return { kind: 'affinity', ...named, proximity, evidence };
  }
  const patterns = type.patterns.map((pattern) => ({
    confidence: pattern.confidence,
    primary: table.number(pattern.primary),
    evidence: pattern.evidence.map((each) => table.evidence(each)),
    proximity: pattern.proximity === undefined ? proximity : inCharacters(pattern.proximity),
  }));
  return { kind: 'entity', ...named, patterns };
}

const inCharacters = (proximity: number | 'unlimited'): number => (proximity === 'unlimited' ? Infinity : proximity);

class ElementTable {
  readonly #numbers = new Map<string, number>();
  readonly #elements: CompiledElement[] = [];
  readonly #scan = new Scan();
  readonly #keywords: (readonly Keyword[])[] = [];

  evidence(evidence: Evidence): CompiledEvidence {
    if (evidence.kind === 'any') {
      const { min, max = Infinity, of } = evidence;
      return { kind: 'any', min, max, of: of.map((each) => this.evidence(each)) };
    }
    const { element, minCount = 1, uniqueResults = false } = evidence;
    return { kind: 'match', element: this.number(element), minCount, uniqueResults };
  }

  number(element: Element): number {
    const key = JSON.stringify(element);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#elements.push(this.#compiled(element)) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #compiled(element: Element): CompiledElement {
    switch (element.kind) {
      case 'keywords':
        return { kind: 'keywords', number: this.#keywords.push(element.keywords) - 1 };
      case 'function': {
        const finder = functionOf(element.name);
        return finder === undefined ? { kind: 'nothing' } : { kind: 'function', finder };
      }
      case 'regex': {
        const compiled = this.#scan.patterns([element.pattern]);
        const validators = (element.validators ?? []).map(validatorOf).filter((each) => each !== undefined);
        return compiled.kind === 'refused'
          ? { kind: 'nothing' }
          : { kind: 'regex', matcher: compiled.matcher, validators };
      }
    }
  }

  end(): Omit<CompiledTypes, 'types'> {
    return { elements: this.#elements, keywords: new KeywordSearch(this.#keywords) };
  }
}
