/**
 * What is said of a condition or an action beside what it does: the parameters that write it, the kinds of their values, its meaning.
 * Documents, exports and the reference read it through `parameters.ts`. Types, and the names that follow from other names.
 */
import type { Need } from './facts.ts';
import type { ActionName, ConditionName } from './rule.ts';

export type ParameterType =
  | 'address'
  | 'addresses'
  | 'attribute'
  | 'attributePatterns'
  | 'attributeWords'
  /** The name of a header field that rules may set and remove. */
  | 'changeableHeaderName'
  | 'classification'
  | 'comparisonOperator'
  | 'connector'
  | 'disclaimerFallback'
  | 'disclaimerLocation'
  | 'domains'
  | 'enhancedStatusCode'
  | 'evaluatedUser'
  /** Only `true`: what is not to be is left out. */
  | 'flag'
  | 'groups'
  | 'headerName'
  | 'html'
  | 'importance'
  | 'incidentReportContent'
  | 'ipRanges'
  | 'managementRelationship'
  | 'managerRecipientType'
  | 'messageType'
  | 'notifySenderType'
  | 'patterns'
  | 'propertyWords'
  | 'scope'
  | 'sensitiveInformation'
  | 'size'
  | 'spamConfidenceLevel'
  | 'text'
  | 'words';

/** One of the parameters that together write a condition or an action. */
export type Parameter = {
  /** As rule documents write it, and `New-TransportRule` with a capital letter in front. */
  readonly name: string;
  readonly type: ParameterType;
  /** What it is when it is left out beside the others; a parameter without it must be there. */
  readonly preset?: string | undefined;
  /** Of a text, or of each entry of a list. */
  readonly longestCharacters?: number | undefined;
  readonly mostEntries?: number | undefined;
};

export type ConditionGroup =
  | 'sender'
  | 'recipient'
  | 'subject-or-body'
  | 'attachment'
  | 'any-recipient'
  | 'message'
  | 'sender-and-recipient'
  | 'properties'
  | 'header';

export type ConditionDescription = {
  readonly group: ConditionGroup;
  readonly parameters: readonly [Parameter, ...Parameter[]];
  /** `recipient`: it holds for some recipients and not for others, and the rule acts for those only. */
  readonly scope: 'message' | 'recipient';
  /** The costliest of what it may have to ask for; `undefined` when it never has to. */
  readonly need: Need | undefined;
  /** It searches texts that are not kept when the message is gone; what it answered then is. */
  readonly searchesTexts?: boolean | undefined;
  /** In one sentence that follows on "The rule matches when". */
  readonly meaning: string;
};

export type ActionGroup =
  'approval' | 'redirect' | 'block' | 'recipients' | 'disclaimer' | 'properties' | 'security' | 'subject' | 'notify';

export type ActionDescription = {
  readonly group: ActionGroup;
  readonly parameters: readonly [Parameter, ...Parameter[]];
  /** Actions that cannot stand in one rule with it. */
  readonly excludes: readonly ActionName[];
  /** In one sentence. */
  readonly meaning: string;
};

/** `SentTo`, `SCLOver`, `ADComparisonAttribute`: the parameter of `New-TransportRule`. */
export function exchangeName(name: string): string {
  if (name.startsWith('sclOver')) return `SCL${name.slice(3)}`;
  if (name.startsWith('adComparison')) return `AD${name.slice(2)}`;
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** `exceptIfSentTo`, `exceptIfSCLOver`: the exception that is made of a condition's parameter. */
export function exceptionName(name: string): string {
  return `exceptIf${exchangeName(name)}`;
}

export type NamedCondition = ConditionDescription & { readonly name: ConditionName };
export type NamedAction = ActionDescription & { readonly name: ActionName };
