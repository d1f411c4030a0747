/** What a thread is asked about the content of a message, and what it answers. Everything here can be cloned. Types only. */
import type { Content } from '#mail/content.ts';
import type { InspectionLimits } from '#mime/inspection.ts';
import type { Deferred, Evaluation } from '#rules/evaluation.ts';
import type { ContentFacts, MessageFacts } from '#rules/facts.ts';
import type { RuleSet } from '#rules/rule.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import type { CompactTrail } from './trail.ts';

/** Facts without those that only a function can tell. */
export type PlainFacts = Omit<MessageFacts, 'isAcceptedDomain' | 'content'>;

/** What jobs have in common: another object whenever anything of it has changed. */
export type ContentTerms = {
  readonly ruleSet: RuleSet;
  readonly customTypes: readonly CustomType[];
  readonly acceptedDomains: readonly string[];
  readonly limits: InspectionLimits;
};

export type ContentJob = { readonly facts: PlainFacts; readonly content: Content };

/** `Kept` is the trail: in short where it goes from thread to thread, since that of hundreds of rules would cost more than their evaluation. */
export type ContentAnswer<Kept = CompactTrail> = {
  readonly result: Evaluation<Kept> | Deferred<Kept>;
  /** What is worth keeping of it: everything but the texts. */
  readonly content: Exclude<ContentFacts, { kind: 'inspected' }>;
};
