/** Searching one text, with what is said of it. */
import { hitEvidence } from '#rules/evidence.ts';
import type { Find } from '#rules/search.ts';
import { no, yes, type Decided } from '#rules/verdict.ts';

/** `nothing` is what is said where there is no hit: made once where it is always the same. */
export function foundIn(find: Find, text: string, where: string, nothing = nothingIn(where)): Decided {
  const hit = find(text);
  return hit === undefined ? nothing : yes(hitEvidence(hit, text, where));
}

export const nothingIn = (where: string): Decided => no(`nothing in ${where}`);
