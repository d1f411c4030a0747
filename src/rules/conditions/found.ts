/** Searching one text, with what is said of it. */
import { hitEvidence } from '#rules/evidence.ts';
import type { Find } from '#rules/search.ts';
import { no, yes, type Decided } from '#rules/verdict.ts';

export function foundIn(find: Find, text: string, where: string): Decided {
  const hit = find(text);
  return hit === undefined ? no(`nothing in ${where}`) : yes(hitEvidence(hit, text, where));
}
