/** One row of the table of conditions: what is said of a condition, and how it is evaluated. */
import type { ConditionDescription } from '#rules/parameter.ts';
import type { ConditionName } from '#rules/rule.ts';

export type ConditionRow<Name extends ConditionName> = ConditionDescription & { readonly of?: Name };

export type ConditionRows<Names extends ConditionName> = { readonly [Name in Names]: ConditionRow<Name> };
