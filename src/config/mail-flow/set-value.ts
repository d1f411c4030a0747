/**
 * Values of parameters as somebody types them behind `--set name=`: texts need no quotes there, lists and maps are written as in YAML.
 * Whether the value is right is decided with the rule (`read-rule.ts`).
 */
import { readYaml } from '#config/yaml.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import type { ParameterType } from '#rules/parameter.ts';
import { CONDITION_SLOTS, EXCEPTION_SLOTS } from './parts.ts';

export type SetReading = { readonly value: unknown } | { readonly wrong: string };

const TYPES: ReadonlyMap<string, ParameterType> = new Map(
  [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
    parameters.map(({ name, type }) => [name, type] as const),
  ),
);

const PROPERTY_FLAGS: readonly string[] = ['enabled', 'stopRuleProcessing'];

/** `sentTo=[a@example.org, b@example.org]`, `quarantine=true`, `rejectMessageReasonText=Note: no programs.` */
export function readSetValue(name: string, text: string): SetReading {
  if (text.trim() === '') return { wrong: 'has no value; --unset takes a parameter out' };
  if (/^\s*[[{]/.test(text)) {
    const reading = readYaml(text, 'kept');
    return reading.kind === 'value' ? { value: reading.value } : { wrong: reading.problems[0]?.message ?? '' };
  }
  const type = TYPES.get(name);
  if (type === 'spamConfidenceLevel' && /^-?\d+$/.test(text)) return { value: Number(text) };
  const isFlag = type === 'flag' || PROPERTY_FLAGS.includes(name);
  return { value: isFlag && (text === 'true' || text === 'false') ? text === 'true' : text };
}
