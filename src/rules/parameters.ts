/**
 * All conditions and actions as documents, schemas, exports and the reference need them: names, kinds of values, meanings. The
 * evaluators behind them are in `conditions/` and `actions/`.
 */
import { ACTIONS } from './actions/table.ts';
import { CONDITIONS } from './conditions/table.ts';
import type { NamedAction, NamedCondition } from './parameter.ts';
import type { ActionName, ConditionName } from './rule.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table that is typed by them
export const CONDITION_NAMES = Object.keys(CONDITIONS) as readonly ConditionName[];
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table that is typed by them
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[];

/** In the order of Exchange's own list. */
export const CONDITION_PARAMETERS: readonly NamedCondition[] = CONDITION_NAMES.map((name) => {
  const { group, parameters, scope, need, meaning } = CONDITIONS[name];
  return { name, group, parameters, scope, need, meaning };
});

export const ACTION_PARAMETERS: readonly NamedAction[] = ACTION_NAMES.map((name) => {
  const { group, parameters, excludes, meaning } = ACTIONS[name];
  return { name, group, parameters, excludes, meaning };
});
