/** One row of the table of actions: what is said of an action, and what it does to a branch. */
import type { Effect, OpenBranch } from '#rules/branch.ts';
import type { Look } from '#rules/look.ts';
import type { ActionDescription } from '#rules/parameter.ts';
import type { ActionName, ActionValues } from '#rules/rule.ts';
import type { DetectedInformation } from '#rules/sit/detection.ts';
import type { Stop } from '#rules/verdict.ts';

export type ActionLook = Look & {
  readonly disposition: OpenBranch['disposition'];
  /** Recipients of the branch for whom the rule holds, as they were before its actions. */
  readonly matched: readonly string[];
  /** What the conditions of the rule found. */
  readonly detected: readonly DetectedInformation[];
  /** Whom rules have added to the message until now, in any branch. */
  readonly added: ReadonlySet<string>;
};

export type Plan =
  | Stop
  | {
      readonly answer: 'planned';
      /** None where there is nothing to do, and `detail` says why. */
      readonly effects: readonly Effect[];
      readonly detail: string;
    };

export type ActionRow<Name extends ActionName> = ActionDescription & {
  readonly plan: (value: ActionValues[Name], look: ActionLook) => Plan;
};

export type ActionRows<Names extends ActionName> = { readonly [Name in Names]: ActionRow<Name> };

export const planned = (detail: string, ...effects: readonly Effect[]): Plan => ({
  answer: 'planned',
  effects,
  detail,
});
