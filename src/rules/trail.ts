/** What is told of each rule that was looked at, so that anybody can follow why a message went the way it did. */
import type { Acted } from './act.ts';
import type { CompiledRule } from './compile.ts';
import type { ConditionTrail, RuleTrail } from './evaluation.ts';
import { listed } from './evidence.ts';
import { ruledOutBy, type Judged } from './judge.ts';

type Told = Pick<RuleTrail, 'outcome' | 'why'> & Partial<Pick<RuleTrail, 'conditions' | 'actions' | 'recipients'>>;

const NONE: readonly never[] = [];

function trailOf({ rule, priority }: CompiledRule, told: Told): RuleTrail {
  const { outcome, why, conditions = NONE, actions = NONE, recipients = NONE } = told;
  const { name, mode, setAuditSeverity: severity } = rule;
  return { rule: name, priority, mode, outcome, why, conditions, actions, recipients, severity };
}

export function passedOver(compiled: CompiledRule, why: string): RuleTrail {
  return trailOf(compiled, { outcome: 'passed-over', why });
}

export function matched(compiled: CompiledRule, judged: Judged, { actions }: Acted): RuleTrail {
  const recipients = addressesOf(judged, 'yes');
  const failed = addressesOf(judged, 'error');
  const whole = compiled.tests.length === 0 ? 'it has no conditions' : 'all its conditions hold';
  const others = judged.branchSize - recipients.length;
  const part = others === 0 ? '' : `, for ${recipients.length} of ${judged.branchSize} recipients`;
  const doubt = failed.length === 0 ? '' : `; it could not be told for ${listed(failed)}: ${judged.why}`;
  const { conditions } = judged;
  return trailOf(compiled, { outcome: 'matched', why: `${whole}${part}${doubt}`, conditions, actions, recipients });
}

/** Nobody was left after its first test. */
export function failedAt(compiled: CompiledRule, line: ConditionTrail): RuleTrail {
  return trailOf(compiled, { outcome: 'not-matched', why: ruledOutBy(line), conditions: [line] });
}

/** It holds for nobody, or nobody knows. */
export function unmatched(compiled: CompiledRule, { standings, conditions, why }: Judged): RuleTrail {
  const kinds = [...standings.values()];
  const outcome = kinds.includes('error') ? 'error' : kinds.includes('unknown') ? 'unknown' : 'not-matched';
  const recipients = [...standings.keys()].map(({ address }) => address);
  return trailOf(compiled, { outcome, why, conditions, recipients });
}

/** Its conditions hold, and yet what they lead to cannot be told. */
export function actionsFailed(compiled: CompiledRule, judged: Judged, why: string): RuleTrail {
  const { conditions } = judged;
  return trailOf(compiled, { outcome: 'error', why, conditions, recipients: addressesOf(judged, 'yes') });
}

function addressesOf({ standings }: Judged, wanted: 'yes' | 'error'): readonly string[] {
  return [...standings].filter(([, standing]) => standing === wanted).map(([{ address }]) => address);
}

/** One line for a rule that went the same way in several branches. */
export function mergedTrails(trails: readonly RuleTrail[]): readonly RuleTrail[] {
  // Each rule adds its own, one after the other.
  if (trails.every(({ priority }, index) => priority !== trails[index - 1]?.priority)) return trails;
  const groups = Map.groupBy(trails, (trail) => JSON.stringify({ ...trail, recipients: [] }));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : { ...first, recipients: [...new Set(group.flatMap(({ recipients }) => recipients))] };
  });
}
