/** One row of the table of conditions: what is said of a condition, and how it is evaluated. Types only. */
import type { MessageEvaluator, RecipientEvaluator } from '#rules/look.ts';
import type { ConditionDescription } from '#rules/parameter.ts';
import type { ConditionName, ConditionValues } from '#rules/rule.ts';
import type { Search } from '#rules/search.ts';

type Prepare<Name extends ConditionName, Evaluator> = (value: ConditionValues[Name], search: Search) => Evaluator;

/** `prepare` is called once for each rule that has the condition; what it returns once for each message, branch or recipient. */
export type ConditionRow<Name extends ConditionName> = Omit<ConditionDescription, 'scope'> &
  (
    | { readonly scope: 'message'; readonly prepare: Prepare<Name, MessageEvaluator> }
    | { readonly scope: 'recipient'; readonly prepare: Prepare<Name, RecipientEvaluator> }
  );

export type ConditionRows<Names extends ConditionName> = { readonly [Name in Names]: ConditionRow<Name> };
