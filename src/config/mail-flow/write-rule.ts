/**
 * From a `Rule` to the document that says the same: what `rule export`, imports and `rule show` write. What a rule would be anyway is left
 * out. The reverse of `read-rule.ts`, but for named lists: they are spelled out.
 */
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import type { ParameterType } from '#rules/parameter.ts';
import type { Rule } from '#rules/rule.ts';
import type { AttributePatterns, AttributeWords, PropertyWords, SensitiveInformation } from '#rules/values.ts';
import { writeInformation } from './information.ts';
import { literal } from './lists.ts';
import { CONDITION_SLOTS, EXCEPTION_SLOTS, valuesOfActions, valuesOfConditions, type Values } from './parts.ts';
import { writeSize } from './size.ts';

/** As YAML or JSON hold it: names of parameters and their values. */
export type RuleDocument = { readonly [parameter: string]: unknown };

export function documentOf(rule: Rule): RuleDocument {
  const { conditions, exceptions, actions } = rule;
  return {
    name: rule.name,
    ...unless(rule.comments === '', { comments: rule.comments }),
    ...unless(rule.enabled, { enabled: false }),
    ...unless(rule.mode === 'enforce', { mode: rule.mode }),
    ...unless(rule.activationDate === undefined, { activationDate: rule.activationDate?.toISOString() }),
    ...unless(rule.expiryDate === undefined, { expiryDate: rule.expiryDate?.toISOString() }),
    ...writtenValues(valuesOfConditions(conditions, CONDITION_SLOTS)),
    ...writtenValues(valuesOfConditions(exceptions, EXCEPTION_SLOTS)),
    ...writtenValues(valuesOfActions(actions)),
    ...unless(!rule.stopRuleProcessing, { stopRuleProcessing: true }),
    ...unless(rule.ruleErrorAction === 'ignore', { ruleErrorAction: rule.ruleErrorAction }),
    ...unless(rule.senderAddressLocation === 'header', { senderAddressLocation: rule.senderAddressLocation }),
    ...unless(rule.recipientAddressType === 'resolved', { recipientAddressType: rule.recipientAddressType }),
    ...unless(rule.setAuditSeverity === undefined, { setAuditSeverity: rule.setAuditSeverity }),
  };
}

const unless = (isUsual: boolean, document: RuleDocument): RuleDocument => (isUsual ? {} : document);

const TYPES: ReadonlyMap<string, ParameterType> = new Map(
  [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
    parameters.map(({ name, type }) => [name, type] as const),
  ),
);

/** Each value in the form that its type is written in. */
function writtenValues(values: Values): RuleDocument {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, WRITERS[TYPES.get(name) ?? 'text']?.(value) ?? value]),
  );
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- the type of a parameter says which values it has */
const WRITERS: { readonly [type in ParameterType]?: (value: unknown) => unknown } = {
  addresses: writtenList,
  domains: writtenList,
  groups: writtenList,
  ipRanges: writtenList,
  patterns: writtenList,
  words: writtenList,
  attributeWords: (value) =>
    byName((value as readonly AttributeWords[]).map(({ attribute, words }) => [attribute, words])),
  attributePatterns: (value) =>
    byName((value as readonly AttributePatterns[]).map(({ attribute, patterns }) => [attribute, patterns])),
  propertyWords: (value) => byName((value as readonly PropertyWords[]).map(({ property, words }) => [property, words])),
  sensitiveInformation: (value) => writeInformation(value as readonly SensitiveInformation[]),
  size: (value) => writeSize(value as number),
};

function writtenList(value: unknown): unknown {
  return (value as readonly string[]).map(literal);
}
/* oxlint-enable typescript/no-unsafe-type-assertion */

/** Of a list with the same name twice any entry is enough, so its words are put together. */
function byName(entries: readonly (readonly [name: string, words: readonly string[]])[]): RuleDocument {
  const words = new Map<string, readonly string[]>();
  for (const [name, more] of entries) words.set(name, [...(words.get(name) ?? []), ...more.map(literal)]);
  return Object.fromEntries(words);
}
