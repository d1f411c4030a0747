/**
 * A rule as parameters of Exchange's `New-TransportRule`, in Exchange's words. How they are written is `write-power-shell.ts` and
 * `write-json.ts`; what Exchange cannot be told is told here.
 */
import { CHOICES } from '#config/mail-flow/parameter-types.ts';
import {
  CONDITION_SLOTS,
  EXCEPTION_SLOTS,
  valuesOfActions,
  valuesOfConditions,
  type Values,
} from '#config/mail-flow/parts.ts';
import { exchangeName, type ParameterType } from '#rules/parameter.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import type { Rule } from '#rules/rule.ts';
import type { AttributePatterns, AttributeWords, PropertyWords, SensitiveInformation } from '#rules/values.ts';
import type { Loss } from './convert.ts';

export type ExchangeValue =
  | { readonly kind: 'text'; readonly text: string }
  /** One of Exchange's own words, or a number: it needs no quotation marks. */
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'flag'; readonly flag: boolean }
  | { readonly kind: 'octets'; readonly octets: number }
  | { readonly kind: 'texts' | 'words'; readonly texts: readonly string[] }
  | { readonly kind: 'information'; readonly entries: readonly SensitiveInformation[] };

export type ExchangeParameters = {
  readonly parameters: readonly (readonly [name: string, value: ExchangeValue])[];
  /** What Exchange would not understand as it is meant here. */
  readonly losses: readonly Loss[];
};

/** In the order in which Exchange writes them; what every rule has first. */
export function toExchange(rule: Rule): ExchangeParameters {
  const values = {
    ...valuesOfConditions(rule.conditions, CONDITION_SLOTS),
    ...valuesOfConditions(rule.exceptions, EXCEPTION_SLOTS),
    ...valuesOfActions(rule.actions),
  };
  return { parameters: [...propertiesOf(rule), ...partsOf(values), ...actionsOf(rule)], losses: lossesOf(values) };
}

const text = (value: string): ExchangeValue => ({ kind: 'text', text: value });
const flag = (on: boolean): ExchangeValue => ({ kind: 'flag', flag: on });

function propertiesOf(rule: Rule): readonly (readonly [string, ExchangeValue])[] {
  const { name, comments, activationDate, expiryDate, enabled, mode, ruleErrorAction } = rule;
  const { senderAddressLocation, recipientAddressType } = rule;
  return [
    ['Name', text(name)],
    ...only(comments !== '', ['Comments', text(comments)]),
    ...only(activationDate !== undefined, ['ActivationDate', text(activationDate?.toISOString() ?? '')]),
    ...only(expiryDate !== undefined, ['ExpiryDate', text(expiryDate?.toISOString() ?? '')]),
    ...only(!enabled, ['Enabled', flag(false)]),
    ['Mode', wordOf(mode)],
    ...only(ruleErrorAction !== 'ignore', ['RuleErrorAction', wordOf(ruleErrorAction)]),
    ...only(senderAddressLocation !== 'header', ['SenderAddressLocation', wordOf(senderAddressLocation)]),
    ...only(recipientAddressType !== 'resolved', ['RecipientAddressType', wordOf(recipientAddressType)]),
  ];
}

/** What Exchange counts among the actions. */
function actionsOf({ setAuditSeverity, stopRuleProcessing }: Rule): readonly (readonly [string, ExchangeValue])[] {
  return [
    ...only(setAuditSeverity !== undefined, ['SetAuditSeverity', wordOf(setAuditSeverity ?? '')]),
    ...only(stopRuleProcessing, ['StopRuleProcessing', flag(true)]),
  ];
}

type Written = readonly [name: string, value: ExchangeValue];

const only = (isWritten: boolean, parameter: Written): readonly Written[] => (isWritten ? [parameter] : []);

const TYPES: ReadonlyMap<string, ParameterType> = new Map(
  [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
    parameters.map(({ name, type }) => [name, type] as const),
  ),
);

function partsOf(values: Values): readonly Written[] {
  return Object.entries(values).map(([name, value]) => [exchangeName(name), valueOf(TYPES.get(name) ?? 'text', value)]);
}

/** Exchange's words begin with a capital letter; two of them are abbreviations. */
const ABBREVIATIONS: { readonly [word: string]: string } = { oof: 'OOF', poBox: 'POBox' };

const capital = (word: string): string => ABBREVIATIONS[word] ?? `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
const wordOf = (word: string): ExchangeValue => ({ kind: 'word', word: capital(word) });

function valueOf(type: ParameterType, value: unknown): ExchangeValue {
  const write = WRITERS[type];
  if (write !== undefined) return write(value);
  return Array.isArray(value) ? { kind: 'texts', texts: value.map(String) } : single(type, String(value));
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- the type of a parameter says which values it has */
const WRITERS: { readonly [type in ParameterType]?: (value: unknown) => ExchangeValue } = {
  flag: () => flag(true),
  size: (value) => ({ kind: 'octets', octets: value as number }),
  spamConfidenceLevel: (value) => ({ kind: 'word', word: String(value) }),
  sensitiveInformation: (value) => ({ kind: 'information', entries: value as readonly SensitiveInformation[] }),
  attributeWords: (value) =>
    named((value as readonly AttributeWords[]).map(({ attribute, words }) => [capital(attribute), words.join(',')])),
  attributePatterns: (value) =>
    named(
      (value as readonly AttributePatterns[]).flatMap(({ attribute, patterns }) =>
        patterns.map((pattern) => [capital(attribute), pattern] as const),
      ),
    ),
  propertyWords: (value) =>
    named((value as readonly PropertyWords[]).map(({ property, words }) => [property, words.join(',')])),
  incidentReportContent: (value) => ({ kind: 'words', texts: (value as readonly string[]).map(capital) }),
};
/* oxlint-enable typescript/no-unsafe-type-assertion */

const single = (type: ParameterType, value: string): ExchangeValue =>
  Object.hasOwn(CHOICES, type) ? wordOf(value) : text(value);

const named = (entries: readonly (readonly [name: string, rest: string])[]): ExchangeValue => ({
  kind: 'texts',
  texts: entries.map(([name, rest]) => `${name}:${rest}`),
});

function lossesOf(values: Values): readonly Loss[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const type = TYPES.get(name);
    if (type !== 'attributeWords' && type !== 'propertyWords') return [];
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    return entries
      .flatMap(wordsIn)
      .filter((word) => word.includes(','))
      .map((word) => ({
        parameter: exchangeName(name),
        value: word,
        reason: 'becomes several words in Exchange, which parts them at commas',
      }));
  });
}

function wordsIn(entry: unknown): readonly string[] {
  const words: unknown = typeof entry === 'object' && entry !== null && 'words' in entry ? entry.words : [];
  return Array.isArray(words) ? words.map(String) : [];
}
