/** What one condition answers for one branch, with the line that the trail shows of it; or what must be gathered before it can answer. */
import type { Answer } from './evaluation.ts';
import type { Need } from './facts.ts';
import type { DetectedInformation } from './sit/detection.ts';

export type Decided = {
  readonly answer: Answer;
  readonly evidence: string;
  /** Sensitive information by which it holds, for reports. */
  readonly detected?: readonly DetectedInformation[] | undefined;
  /** It holds by the texts of the message, and not by what rules before have made of it. */
  readonly byTexts?: boolean | undefined;
};
export type Needs = { readonly answer: 'needs'; readonly need: Need };
export type Failed = { readonly answer: 'error'; readonly evidence: string };
export type Verdict = Decided | Needs;
/** What keeps anything from being told at all. */
export type Stop = Needs | Failed;

export const yes = (evidence: string): Decided => ({ answer: 'yes', evidence });
export const no = (evidence: string): Decided => ({ answer: 'no', evidence });
export const failed = (evidence: string): Failed => ({ answer: 'error', evidence });
export const unknown = (evidence: string): Decided => ({ answer: 'unknown', evidence });
export const holds = (answer: boolean, evidence: string): Decided => ({ answer: answer ? 'yes' : 'no', evidence });

const NEEDS = {
  header: { answer: 'needs', need: 'header' },
  directory: { answer: 'needs', need: 'directory' },
  content: { answer: 'needs', need: 'content' },
} as const satisfies { readonly [need in Need]: Needs };
export const needs = (need: Need): Needs => NEEDS[need];

/** How much a verdict says about a whole of which one part is enough: the first of these that any part has. */
const WEIGHTS = { yes: 4, needs: 3, error: 2, unknown: 1, no: 0 } as const;

/**
 * Of several, of which one that holds is enough. Nothing is asked for when one holds already; nothing fails as long as it is open whether
 * another holds.
 */
export function anyOf<Part>(parts: readonly Part[], verdictOf: (part: Part) => Verdict, none: string): Verdict {
  let best: Verdict | undefined;
  for (const part of parts) {
    const verdict = verdictOf(part);
    if (verdict.answer === 'yes') return verdict;
    if (best === undefined || WEIGHTS[verdict.answer] > WEIGHTS[best.answer]) best = verdict;
  }
  if (best === undefined) return no(none);
  return best.answer === 'no' && parts.length > 1 ? no(`${best.evidence}; the same of ${parts.length - 1} more`) : best;
}
