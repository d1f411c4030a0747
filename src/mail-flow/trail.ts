/** The trail of an evaluation as it is kept: rules that did something in full, of all others what they failed at. Pure. */
import type { RuleTrail, Trail } from '#rules/evaluation.ts';

/** Rules that matched, and those that could not be evaluated. */
export function matchesOf({ rules }: Trail): readonly RuleTrail[] {
  return rules.filter(({ outcome }) => outcome === 'matched' || outcome === 'error');
}

export type CompactTrail = {
  readonly version: string;
  readonly matched: readonly RuleTrail[];
  /** Priority of the rule, and why it did nothing: the condition that did not hold, or the reason for passing it over. */
  readonly others: readonly (readonly [priority: number, why: string])[];
};

export function compactTrail(trail: Trail): CompactTrail {
  const matched = matchesOf(trail);
  const others = trail.rules
    .filter((rule) => !matched.includes(rule))
    .map((rule): [number, string] => [rule.priority, whyNot(rule)]);
  return { version: trail.version, matched, others };
}

function whyNot({ conditions, outcome, why }: RuleTrail): string {
  if (outcome === 'passed-over') return why;
  const decisive = conditions.find(({ exception, answer }) => (answer === 'yes') === exception);
  if (decisive === undefined) return why;
  return decisive.exception ? `exceptIf ${decisive.parameter}` : decisive.parameter;
}
