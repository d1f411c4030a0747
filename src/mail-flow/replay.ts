/**
 * Other rules tried on a message that is gone, over what was kept of it: whether the same would become of it. Of its texts only the answers
 * were kept that conditions gave then, and what nobody looked at then is not known now; where it hangs on anything else of them, it
 * cannot be told. People are who they are today.
 */
import type { Directory } from '#directory/directory.ts';
import type { CompiledRuleSet } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Trail } from '#rules/evaluation.ts';
import type { MessageFacts, Need } from '#rules/facts.ts';
import { peopleIn } from './evaluator.ts';
import { isSameOutcome, outcomeOf, type Outcome, type Remembered } from './memory.ts';
import { compactTrail } from './trail.ts';

export type ReplayParts = {
  readonly rules: CompiledRuleSet;
  readonly isAcceptedDomain: (domain: string) => boolean;
  readonly directory: Pick<Directory, 'find'>;
};

export type Replay =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly after: Outcome }
  /** A rule cannot be evaluated, and holds the message up. */
  | { readonly kind: 'deferred'; readonly rule: string; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export async function replay({ facts, outcome }: Remembered, parts: ReplayParts): Promise<Replay> {
  const { rules, isAcceptedDomain, directory } = parts;
  let known: MessageFacts = { ...facts, isAcceptedDomain };
  let result = evaluate(rules, known);
  if (result.kind === 'needs' && result.need === 'directory' && facts.header !== undefined) {
    known = { ...known, people: await directory.find(peopleIn(facts, facts.header, rules)) };
    const failure = whyNobody(known);
    if (failure !== undefined) return { kind: 'unknown', reason: failure };
    result = evaluate(rules, known);
  }
  if (result.kind === 'needs') return { kind: 'unknown', reason: NOT_KEPT[result.need] };
  const reason = whyUnknown(result.trail);
  if (reason !== undefined) return { kind: 'unknown', reason };
  if (result.kind === 'deferred') return { kind: 'deferred', rule: result.rule, reason: result.reason };
  const after = outcomeOf({ ...result, trail: compactTrail(result.trail) });
  return isSameOutcome(outcome, after) ? { kind: 'same' } : { kind: 'different', after };
}

const NOT_KEPT: { readonly [need in Need]: string } = {
  header: 'the rules of then did not look at its header, so it was not kept',
  directory: 'its people are not known',
  content: 'the rules of then did not look into it, so nothing of it was kept',
};

/** That the directory does not answer today says nothing about the message. */
function whyNobody({ people }: MessageFacts): string | undefined {
  const failed = [...(people?.values() ?? [])].find(({ kind }) => kind === 'failed');
  return failed?.kind === 'failed' ? `the directory cannot be asked: ${failed.reason}` : undefined;
}

/** What a rule that only watches would say changes nothing. */
function whyUnknown({ rules }: Trail): string | undefined {
  const unknown = rules.find(({ outcome, mode }) => outcome === 'unknown' && mode === 'enforce');
  return unknown && `${unknown.rule}: ${unknown.why}`;
}
