/**
 * Carries out the actions of a rule on the recipients of a branch for whom it holds: all of them, or what its mode allows. When one of
 * them cannot be told, none is done.
 */
import { ACTIONS } from './actions/table.ts';
import type { ActionLook, Plan } from './actions/row.ts';
import { withEffect, type Effect, type OpenBranch } from './branch.ts';
import type { CompiledRule } from './compile.ts';
import type { Notice, RuleTrail, Unfinished } from './evaluation.ts';
import type { Gathering } from './judge.ts';
import type { ActionName, ActionValues, Rule, RuleMode } from './rule.ts';
import type { DetectedInformation } from './sit/detection.ts';
import { needs } from './verdict.ts';

export type Acted = {
  readonly kind: 'acted';
  /** The same object when nothing was done to it. */
  readonly branch: OpenBranch;
  readonly notices: readonly Notice[];
  readonly actions: RuleTrail['actions'];
};

/** Nothing was done. */
export type NotActed = { readonly kind: 'failed'; readonly reason: string };

export type Occasion = {
  readonly detected: readonly DetectedInformation[];
  /** Whom rules have added to the message until now. */
  readonly added: ReadonlySet<string>;
  readonly gathering: Gathering;
};

export function act(
  { rule, actions }: CompiledRule,
  start: OpenBranch,
  occasion: Occasion,
): Acted | NotActed | Unfinished {
  const matched = start.recipients.map(({ address }) => address);
  const trail: RuleTrail['actions'][number][] = [];
  const notices: Notice[] = [];
  let branch = start;
  for (const action of actions) {
    const look = (): ActionLook => ({
      ...occasion.gathering.lookAt(branch),
      disposition: branch.disposition,
      matched,
      detected: occasion.detected,
      added: new Set([...occasion.added, ...addedTo(branch)]),
    });
    const plan = gatheredPlan(() => planOf(action, look()), occasion.gathering);
    if (plan.kind !== 'planned') return plan;
    const effects = plan.effects.filter((effect) => isAllowed(rule.mode, effect));
    for (const effect of effects) {
      branch = withEffect(branch, effect);
      if (effect.kind === 'notice') notices.push(effect.notice);
    }
    const isLess = effects.length < plan.effects.length;
    const detail = isLess
      ? `${plan.detail} (${effects.length > 0 ? 'only told' : 'not done'} in mode ${rule.mode})`
      : plan.detail;
    trail.push({ parameter: action.parameter, done: effects.length > 0, detail });
  }
  return { kind: 'acted', branch: ended(rule, branch), notices, actions: trail };
}

function planOf<Name extends ActionName>(
  { parameter, value }: { readonly parameter: Name; readonly value: ActionValues[Name] },
  look: ActionLook,
): Plan {
  const plan = ACTIONS[parameter].plan(value, look);
  const isPlanned = plan.answer === 'planned';
  return isPlanned && look.header === undefined && plan.effects.some(showsMessage) ? needs('header') : plan;
}

/** Whoever is told of a message, or decides about it where it is kept, is shown what its header says. */
function showsMessage(effect: Effect): boolean {
  if (effect.kind !== 'dispose') return effect.kind === 'notice';
  return effect.disposition.kind === 'quarantine' || effect.disposition.kind === 'moderate';
}

function gatheredPlan(plan: () => Plan, { grant }: Gathering): Planned | NotActed | Unfinished {
  for (;;) {
    const made = plan();
    if (made.answer === 'planned') return { kind: 'planned', ...made };
    if (made.answer === 'error') return { kind: 'failed', reason: made.evidence };
    const refused = grant(made.need);
    if (refused !== undefined) return refused;
  }
}

type Planned = { readonly kind: 'planned' } & Extract<Plan, { answer: 'planned' }>;

/** Audit changes nothing; reports are sent in every mode, other notices where the mode says so. */
function isAllowed(mode: RuleMode, effect: Effect): boolean {
  if (mode === 'enforce') return true;
  if (effect.kind !== 'notice') return false;
  return mode === 'auditAndNotify' || effect.notice.kind === 'incident-report';
}

function ended({ name, mode, stopRuleProcessing }: Rule, branch: OpenBranch): OpenBranch {
  const isEnded = stopRuleProcessing && mode === 'enforce' && branch.endedBy === undefined;
  return isEnded ? { ...branch, endedBy: name } : branch;
}

/** Stand-ins of a redirection are none. */
export function addedTo({ recipients }: OpenBranch): readonly string[] {
  return recipients
    .filter(({ addedBy }) => addedBy !== undefined && addedBy.as !== 'redirect')
    .map(({ address }) => address);
}
