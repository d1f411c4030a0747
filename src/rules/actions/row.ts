/** One row of the table of actions: what is said of an action, and what it does to a branch. */
import type { ActionDescription } from '#rules/parameter.ts';
import type { ActionName } from '#rules/rule.ts';

export type ActionRow<Name extends ActionName> = ActionDescription & { readonly of?: Name };

export type ActionRows<Names extends ActionName> = { readonly [Name in Names]: ActionRow<Name> };
