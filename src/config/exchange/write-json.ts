/** Rules as `Get-TransportRule | ConvertTo-Json` shows them, without what they do not use. */
import type { Rule } from '#rules/rule.ts';
import type { SensitiveInformation } from '#rules/values.ts';
import { toExchange, type ExchangeValue } from './to-exchange.ts';

/** With everything that can be told of the rule, also what is as usual. */
export type ExchangeObject = { readonly [property: string]: unknown };

export function exchangeObjects(rules: readonly Rule[]): readonly ExchangeObject[] {
  return rules.map((rule, priority) => {
    const { Enabled: _, ...properties } = Object.fromEntries(
      toExchange(rule).parameters.map(([name, value]) => [name, shownValue(value)]),
    );
    return { Priority: priority, State: rule.enabled ? 'Enabled' : 'Disabled', ...properties };
  });
}

function shownValue(value: ExchangeValue): unknown {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'word':
      return /^-?\d+$/.test(value.word) ? Number(value.word) : value.word;
    case 'flag':
      return value.flag;
    case 'octets':
      return shownOctets(value.octets);
    case 'texts':
    case 'words':
      return value.texts;
    case 'information':
      return value.entries.map(shownInformation);
  }
}

/** Of Exchange's sizes the octets in brackets are exact. */
const shownOctets = (octets: number): string => `${octets} B (${octets.toLocaleString('en-US')} bytes)`;

function shownInformation(entry: SensitiveInformation): string {
  const { name, minCount, maxCount = 'Infinity', minConfidence = 'Recommended', maxConfidence = 100 } = entry;
  return `{id:${JSON.stringify(name)}, minCount:${minCount}, maxCount:${maxCount}, minConfidence:${minConfidence}, maxConfidence:${maxConfidence}}`;
}
