/**
 * Patterns of a rule: regular expressions as Exchange takes them (Microsoft, New-TransportRule, `Patterns`), in any case of letters, of
 * .NET's syntax without what cannot be run in linear time. `\A`, `\Z`, `^` and `$` mean the ends of what is searched; `\d`, `\w` and `\s`
 * are of Unicode; flags such as `(?s)` and `(?-i)` hold as they are written.
 *
 * Bodies are searched in the whole, so `.` stops at the ends of lines only.
 */
import { CandidateSearch } from './candidates.ts';
import type { Candidates } from './candidates.ts';
import { factorsOf } from './factors.ts';
import type { Need } from './factors.ts';
import type { Hit, PatternMatcher } from './matcher.ts';
import { parsePattern } from './parse-pattern.ts';
import { compileProgram } from './program.ts';
import type { Program } from './program.ts';
import { longestOf } from './syntax.ts';
import { windowsOf } from './windows.ts';
import { writePattern } from './write-pattern.ts';

/** Of one pattern; how long all of them together may be is a limit of rule sets. */
export const PATTERN_LENGTH_LIMIT = 1024;

export type PatternRefusal = { readonly pattern: string; readonly message: string };

export type PatternsCompilation =
  | { readonly kind: 'compiled'; readonly matcher: PatternMatcher }
  | { readonly kind: 'refused'; readonly problems: readonly PatternRefusal[] };

export function compilePatterns(patterns: readonly string[]): PatternsCompilation {
  const compiled = patterns.map(compilePattern);
  const problems = compiled.flatMap((each) => (each.kind === 'refused' ? [each.problem] : []));
  if (problems.length > 0) return { kind: 'refused', problems };
  const searched = compiled.flatMap((each) => (each.kind === 'compiled' ? [each.pattern] : []));
  return { kind: 'compiled', matcher: matcherOf(searched) };
}

/** What is needed to find one pattern: where to look, and the program that looks. */
export type CompiledPattern = {
  readonly value: string;
  readonly factors: readonly Need[] | undefined;
  /** Characters of the longest match, with what is looked at beside it; may be `Infinity`. */
  readonly reach: number;
  readonly program: Program;
};

export type PatternCompilation =
  | { readonly kind: 'compiled'; readonly pattern: CompiledPattern }
  | { readonly kind: 'refused'; readonly problem: PatternRefusal };

export function compilePattern(value: string): PatternCompilation {
  const refused = (message: string): PatternCompilation => ({ kind: 'refused', problem: { pattern: value, message } });
  if (value.length > PATTERN_LENGTH_LIMIT) return refused(`is longer than ${PATTERN_LENGTH_LIMIT} characters`);
  const parsed = parsePattern(value);
  if (parsed.kind === 'refused') return refused(parsed.message);
  const compiled = compileProgram(writePattern(parsed.root));
  if (compiled.kind === 'refused') return refused(compiled.message);
  const reach = longestOf(parsed.root) + 2;
  const pattern = { value, factors: factorsOf(parsed.root), reach, program: compiled.program };
  return { kind: 'compiled', pattern };
}

/** A matcher of one list alone; `scan.ts` shares the search for candidates among those of a rule set. */
function matcherOf(patterns: readonly CompiledPattern[]): PatternMatcher {
  const search = new CandidateSearch(patterns);
  return {
    find: (text) => {
      const candidates = search.search(text);
      return earliest(patterns.map((pattern, index) => firstMatch(pattern, text, candidates[index] ?? 'everywhere')));
    },
    findAll: (text, limit) => {
      const candidates = search.search(text);
      const hits = patterns.flatMap((pattern, index) =>
        allMatches(pattern, text, { candidates: candidates[index] ?? 'everywhere', limit }),
      );
      return hits.toSorted((one, other) => one.offset - other.offset).slice(0, limit);
    },
  };
}

/** Of hits in the order in which the rule names their values. */
export function earliest(hits: readonly (Hit | undefined)[]): Hit | undefined {
  let first: Hit | undefined;
  for (const hit of hits) if (hit !== undefined && (first === undefined || hit.offset < first.offset)) first = hit;
  return first;
}

export function firstMatch(pattern: CompiledPattern, text: string, candidates: Candidates): Hit | undefined {
  for (const { start, end } of windowsOf(text, candidates, pattern.reach)) {
    const part = text.slice(start, end);
    if (!pattern.program.isIn(part)) continue;
    const place = pattern.program.first(part);
    if (place !== undefined) return { value: pattern.value, offset: start + place.offset, length: place.length };
  }
  return undefined;
}

type AllOrder = { readonly candidates: Candidates; readonly limit: number };

export function allMatches(pattern: CompiledPattern, text: string, { candidates, limit }: AllOrder): readonly Hit[] {
  const hits: Hit[] = [];
  let taken = 0;
  for (const { start, end } of windowsOf(text, candidates, pattern.reach)) {
    const part = text.slice(start, end);
    if (!pattern.program.isIn(part)) continue;
    let from = Math.max(0, taken - start);
    while (hits.length < limit && from <= part.length) {
      const place = pattern.program.first(part, from);
      if (place === undefined) break;
      hits.push({ value: pattern.value, offset: start + place.offset, length: place.length });
      from = place.offset + (place.length || characterLength(part, place.offset));
      taken = start + from;
    }
  }
  return hits;
}

/** A match of nothing is not looked for between the halves of a character. */
const characterLength = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
