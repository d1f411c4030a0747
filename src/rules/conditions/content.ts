/**
 * What conditions on the inside of a message have in common: what was seen of it, and what it means that not all was. A message that
 * its sender encrypted shows nothing, which is no error; one that could not be taken apart shows what was found, and an absence in
 * it proves nothing.
 */
import type { InspectedText, Inspection } from '#mime/inspection.ts';
import type { Look } from '#rules/look.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import { failed, needs, no, type Verdict } from '#rules/verdict.ts';

export type SeenContent = {
  readonly inspection: Omit<Inspection, 'texts'>;
  /** `undefined` of a message that is gone. */
  readonly texts: readonly InspectedText[] | undefined;
  readonly information: ReadonlyMap<string, DetectedInformation>;
};

/** Also where the message is encrypted. */
export function onSeen({ content }: Look, verdictOf: (seen: SeenContent) => Verdict): Verdict {
  if (content === undefined) return needs('content');
  if (content.kind === 'failed') return failed(`the message could not be looked into: ${content.reason}`);
  const { inspection, information } = content;
  const texts = content.kind === 'inspected' ? content.inspection.texts : undefined;
  const verdict = verdictOf({ inspection, texts, information });
  return verdict.answer === 'no' && inspection.failure !== undefined
    ? failed(`the message could not be taken apart: ${inspection.failure}`)
    : verdict;
}

/** What is encrypted cannot be looked at, and so holds nothing. */
export function onContent(look: Look, verdictOf: (seen: SeenContent) => Verdict): Verdict {
  const { content } = look;
  const isEncrypted = content !== undefined && content.kind !== 'failed' && content.inspection.kinds.encrypted;
  return isEncrypted ? no(ENCRYPTED) : onSeen(look, verdictOf);
}

/** Of what was searched in texts. */
export const byTexts = (verdict: Verdict): Verdict =>
  verdict.answer === 'yes' ? { ...verdict, byTexts: true } : verdict;

const ENCRYPTED = 'the message is encrypted by its sender, and its content cannot be looked at';
