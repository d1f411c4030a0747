/**
 * The schema of one rule in a rule file: its own properties, and every condition, exception and action by the table of parameters. The
 * same schema checks files and, as JSON Schema, completes them in editors.
 */
import { z } from 'zod';

import { choice, flag, list, parsed, record } from '#config/fields.ts';
import { jsonSchemaOf } from '#config/manual.ts';
import type { NamedAction } from '#rules/parameter.ts';
import { ACTION_PARAMETERS } from '#rules/parameters.ts';
import type { DocumentContext } from './context.ts';
import { readName, readText, type EntryReader } from './entries.ts';
import { parameterSchema } from './parameter-types.ts';
import { CONDITION_SLOTS, EXCEPTION_SLOTS } from './parts.ts';

export const LONGEST_NAME = 64;
export const LONGEST_COMMENTS = 1024;

export const PROPERTIES = {
  name: text('Its name, unlike that of any other rule.', LONGEST_NAME, readName),
  comments: text('Why it is there.', LONGEST_COMMENTS, (written) => readText(written.trimEnd())).default(''),
  enabled: flag('A rule that is not enabled does nothing.').default(true),
  mode: choice(
    '`enforce`; `audit`: what it would do is only noted, incident reports are sent; `auditAndNotify`: notifications too.',
    ['enforce', 'audit', 'auditAndNotify'],
  ).default('enforce'),
  activationDate: moment('Before this time it does nothing; a day counts from its beginning in UTC.', 'T00:00:00.000Z'),
  expiryDate: moment('After this time it does nothing; a day counts to its end in UTC.', 'T23:59:59.999Z'),
  stopRuleProcessing: flag('Rules after it are not evaluated for what it matches.').default(false),
  ruleErrorAction: choice(
    'When it cannot be evaluated: `ignore` (as if it did not match) or `defer` (the message is taken later).',
    ['ignore', 'defer'],
  ).default('ignore'),
  senderAddressLocation: choice('Where conditions on the address of the sender look: From, the envelope, or both.', [
    'header',
    'envelope',
    'headerOrEnvelope',
  ]).default('header'),
  recipientAddressType: choice(
    'Which address of a recipient conditions look at: the primary one, or the one that the message was sent to.',
    ['resolved', 'original'],
  ).default('resolved'),
  setAuditSeverity: choice('How grave a match is in reports.', ['doNotAudit', 'low', 'medium', 'high']).optional(),
} as const;

/** `enabled: true` and the like. */
export const propertiesSchema = () => z.object(PROPERTIES);

/** Everything that may stand in a rule. */
export const PARAMETER_NAMES: readonly string[] = [
  ...Object.keys(PROPERTIES),
  ...new Set(
    [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
      parameters.map(({ name }) => name),
    ),
  ),
];

/** Whether `false` is the same as being left out. */
export const FLAG_NAMES: ReadonlySet<string> = new Set(
  [...CONDITION_SLOTS, ...EXCEPTION_SLOTS, ...ACTION_PARAMETERS].flatMap(({ parameters }) =>
    parameters.flatMap(({ name, type }) => (type === 'flag' ? [name] : [])),
  ),
);

/** Conditions, exceptions and actions of one rule: values by the names of their parameters. */
export function valuesSchema(context: DocumentContext) {
  const conditions = [...CONDITION_SLOTS, ...EXCEPTION_SLOTS].flatMap(({ row, parameters }, index) =>
    parameters.map((parameter) => {
      const meaning = `The rule ${index < CONDITION_SLOTS.length ? 'matches when' : 'does not match when'} ${row.meaning}.`;
      return [parameter.name, described(parameterSchema(parameter, context), meaning)] as const;
    }),
  );
  const actions = ACTION_PARAMETERS.flatMap((row: NamedAction) =>
    row.parameters.map(
      (parameter) => [parameter.name, described(parameterSchema(parameter, context), row.meaning)] as const,
    ),
  );
  // Parameters of two actions keep the description of the first.
  return z.object(Object.fromEntries([...conditions, ...actions.toReversed()]));
}

/** For editors: `# yaml-language-server: $schema=../rules.schema.json`. */
export function rulesJsonSchema(): string {
  const context: DocumentContext = { lists: new Map(), connectors: [], isKnownType: () => true, typeNames: [] };
  const rule = record('A rule.', { ...PROPERTIES, ...valuesSchema(context).shape });
  const names = z.record(z.string(), z.array(z.string()).min(1));
  const file = record('A file of mail flow rules.', {
    rules: list('Rules in the order of their evaluation.', rule).optional(),
    lists: names.meta({ description: 'Lists that rules name: `$partners` stands for every entry.' }).optional(),
  });
  return `${JSON.stringify(jsonSchemaOf(file), undefined, 2)}\n`;
}

const described = (schema: z.ZodType, description: string): z.ZodType =>
  schema.meta({ ...schema.meta(), description }).optional();

const dayOf = (date: Date): string | undefined =>
  Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);

function text(description: string, longest: number, read: EntryReader) {
  return z
    .unknown()
    .transform((value, context): string => {
      const reading = typeof value === 'string' ? read(value) : { wrong: 'must be a text' };
      const message = 'wrong' in reading ? reading.wrong : tooLong(reading.text, longest);
      if (message === undefined && 'text' in reading) return reading.text;
      context.issues.push({ code: 'custom', input: value, message: message ?? '' });
      return z.NEVER;
    })
    .meta({ description, type: 'string', minLength: 1, maxLength: longest });
}

function tooLong(read: string, longest: number): string | undefined {
  return read.length <= longest ? undefined : `must have at most ${longest} characters; it has ${read.length}`;
}

function moment(description: string, timeOfDay: string) {
  const read = (value: unknown): Date | undefined => {
    const [, day, time] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)))?$/.exec(String(value)) ?? [];
    const date = new Date(`${day}${time === undefined ? timeOfDay : `T${time}`}`);
    // A day that the month does not have would be taken for one of the next.
    const isDay = day !== undefined && dayOf(new Date(day)) === day;
    return isDay && !Number.isNaN(date.getTime()) ? date : undefined;
  };
  return parsed(read, 'a date such as 2027-01-31 or 2027-01-31T12:00:00Z', {
    description,
    kind: 'date',
    type: 'string',
  }).optional();
}
