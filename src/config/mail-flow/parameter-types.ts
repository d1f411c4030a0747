/**
 * The kinds of value that parameters of rules have, by the types that `rules/parameters.ts` names: how each is written in a rule
 * document, what is said when it is wrong, and its JSON Schema. How values become conditions and actions is `parts.ts`.
 */
import { z } from 'zod';

import { choice } from '#config/fields.ts';
import { nearest } from '#config/problems.ts';
import type { YamlPath } from '#config/yaml.ts';
import type { Parameter, ParameterType } from '#rules/parameter.ts';
import { INCIDENT_REPORT_CONTENTS } from '#rules/rule.ts';
import { DIRECTORY_ATTRIBUTES, MESSAGE_TYPES } from '#rules/values.ts';
import type { DocumentContext } from './context.ts';
import {
  readAddress,
  readChangeableHeaderName,
  readDomain,
  readHeaderName,
  readIpRange,
  readLine,
  readPattern,
  readStatusCode,
  readText,
  readWord,
  type EntryReader,
} from './entries.ts';
import { readInformation } from './information.ts';
import { meantBy } from './lists.ts';
import { readSize } from './size.ts';

/** Says what is wrong at a place within the value. */
export type Tell = (path: YamlPath, message: string) => void;

type JsonSchema = { readonly [name: string]: unknown };
type Wanted = { readonly parameter: Parameter; readonly context: DocumentContext };
type MakeSchema = (wanted: Wanted) => z.ZodType;

/** The schema of one parameter's value. */
export function parameterSchema(parameter: Parameter, context: DocumentContext): z.ZodType {
  return SCHEMAS[parameter.type]({ parameter, context });
}

const NO_TEXT = 'must be a text; numbers need quotes';

const TEXT: JsonSchema = { type: 'string' };
const LIST_NAME: JsonSchema = {
  type: 'object',
  properties: { list: TEXT },
  required: ['list'],
  additionalProperties: false,
};
const ENTRY: JsonSchema = { anyOf: [TEXT, LIST_NAME] };
const ENTRIES: JsonSchema = { anyOf: [TEXT, LIST_NAME, { type: 'array', items: ENTRY, minItems: 1 }] };
const WORDS_BY_NAME: JsonSchema = { type: 'object', additionalProperties: ENTRIES, minProperties: 1 };
const WORDS_BY_ATTRIBUTE: JsonSchema = { ...WORDS_BY_NAME, propertyNames: { enum: DIRECTORY_ATTRIBUTES } };
const COUNT: JsonSchema = { type: 'integer', minimum: 1, maximum: 500 };
const CONFIDENCE: JsonSchema = { type: 'integer', minimum: 1, maximum: 100 };
const TYPE_OF_INFORMATION: JsonSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: TEXT,
    minCount: COUNT,
    maxCount: COUNT,
    minConfidence: CONFIDENCE,
    maxConfidence: CONFIDENCE,
  },
};
const ONE_INFORMATION: JsonSchema = { anyOf: [TEXT, TYPE_OF_INFORMATION] };
const INFORMATION: JsonSchema = {
  anyOf: [TEXT, TYPE_OF_INFORMATION, { type: 'array', minItems: 1, items: ONE_INFORMATION }],
};

const one =
  (read: EntryReader): MakeSchema =>
  ({ parameter }) =>
    readable((value, tell) => {
      if (typeof value !== 'string') return tell([], Array.isArray(value) ? 'must be one text, no list' : NO_TEXT);
      return readEntry(value, read, { parameter, tell: (message) => tell([], message) });
    }, TEXT);

const many =
  (read: EntryReader): MakeSchema =>
  ({ parameter, context }) =>
    readable((value, tell) => readEntries(value, { read, parameter, context, tell }), ENTRIES);

const byAttribute =
  (read: EntryReader, kind: 'words' | 'patterns'): MakeSchema =>
  (wanted) =>
    readable((value, tell) => {
      const found = readByName(value, read, { ...wanted, tell, wrongName: wrongAttribute });
      return found.map(([attribute, entries]) => ({ attribute, [kind]: entries }));
    }, WORDS_BY_ATTRIBUTE);

const oneOf =
  (values: readonly string[]): MakeSchema =>
  () =>
    choice('', values);

/** The words of those types that have some of their own. */
export const CHOICES = {
  attribute: DIRECTORY_ATTRIBUTES,
  comparisonOperator: ['equal', 'notEqual'],
  disclaimerFallback: ['wrap', 'ignore', 'reject'],
  disclaimerLocation: ['append', 'prepend'],
  evaluatedUser: ['sender', 'recipient'],
  importance: ['low', 'normal', 'high'],
  incidentReportContent: INCIDENT_REPORT_CONTENTS,
  managementRelationship: ['manager', 'directReport'],
  managerRecipientType: ['to', 'cc', 'bcc', 'redirect'],
  messageType: MESSAGE_TYPES,
  notifySenderType: [
    'notifyOnly',
    'rejectMessage',
    'rejectUnlessFalsePositiveOverride',
    'rejectUnlessSilentOverride',
    'rejectUnlessExplicitOverride',
  ],
  scope: ['inOrganization', 'notInOrganization'],
} as const satisfies { readonly [type in ParameterType]?: readonly string[] };

const SCHEMAS: { readonly [type in ParameterType]: MakeSchema } = {
  address: one(readAddress),
  addresses: many(readAddress),
  attribute: oneOf(CHOICES.attribute),
  attributePatterns: byAttribute(readPattern, 'patterns'),
  attributeWords: byAttribute(readWord, 'words'),
  changeableHeaderName: one(readChangeableHeaderName),
  classification: one(readLine),
  comparisonOperator: oneOf(CHOICES.comparisonOperator),
  connector: (wanted) => one((text) => readConnector(text, wanted.context))(wanted),
  disclaimerFallback: oneOf(CHOICES.disclaimerFallback),
  disclaimerLocation: oneOf(CHOICES.disclaimerLocation),
  domains: many(readDomain),
  enhancedStatusCode: one(readStatusCode),
  evaluatedUser: oneOf(CHOICES.evaluatedUser),
  flag: () => readable((value, tell) => value === true || tell([], 'must be true, or left out'), { type: 'boolean' }),
  groups: many(readAddress),
  headerName: one(readHeaderName),
  html: one(readText),
  importance: oneOf(CHOICES.importance),
  incidentReportContent: () =>
    z
      .array(choice('', CHOICES.incidentReportContent), { error: 'must be a list' })
      .min(1, { error: 'must not be empty' })
      .refine((entries) => new Set(entries).size === entries.length, { error: 'must not name anything twice' }),
  ipRanges: many(readIpRange),
  managementRelationship: oneOf(CHOICES.managementRelationship),
  managerRecipientType: oneOf(CHOICES.managerRecipientType),
  messageType: oneOf(CHOICES.messageType),
  notifySenderType: oneOf(CHOICES.notifySenderType),
  patterns: many(readPattern),
  propertyWords: (wanted) =>
    readable((value, tell) => {
      const found = readByName(value, readWord, { ...wanted, tell, wrongName: wrongProperty });
      return found.map(([property, words]) => ({ property, words }));
    }, WORDS_BY_NAME),
  scope: oneOf(CHOICES.scope),
  sensitiveInformation: ({ context }) =>
    readable((value, tell) => readInformation(value, { context, tell }), INFORMATION),
  size: () =>
    readable((value, tell) => readSize(value) ?? tell([], 'must be a size such as 500KB, 10MB or 1.5GB'), {
      type: ['string', 'integer'],
    }),
  spamConfidenceLevel: () => {
    const error = 'must be a whole number from -1 to 9';
    return z.int({ error }).min(-1, { error }).max(9, { error });
  },
  text: one(readLine),
  words: many(readWord),
};

/** `read` tells what is wrong; with anything told, its answer does not count. */
function readable<Output>(read: (value: unknown, tell: Tell) => Output, meta: JsonSchema) {
  return z
    .unknown()
    .transform((value, context): Output => {
      let isFine = true;
      const output = read(value, (path, message) => {
        isFine = false;
        context.issues.push({ code: 'custom', input: value, path: [...path], message });
      });
      return isFine ? output : z.NEVER;
    })
    .meta(meta);
}

type Entry = { readonly parameter: Parameter; readonly tell: (message: string) => void };

function readEntry(text: string, read: EntryReader, { parameter, tell }: Entry): string {
  const longest = parameter.longestCharacters ?? DEFAULT_LONGEST;
  const reading = read(text);
  if ('wrong' in reading) tell(reading.wrong);
  else if (text.length > longest) tell(`must have at most ${longest} characters; it has ${text.length}`);
  return 'text' in reading ? reading.text : '';
}

/** Characters, where a parameter does not say. */
export const DEFAULT_LONGEST = 1024;

type Entries = Wanted & { readonly read: EntryReader; readonly tell: Tell };

/** One text or a list of them; named lists in it are spelled out. */
function readEntries(value: unknown, { read, parameter, context, tell }: Entries): readonly string[] {
  const isList = Array.isArray(value);
  const written: readonly unknown[] = isList ? value : [value];
  if (written.length === 0) tell([], 'must have an entry: without one it would hold for nothing; leave it out');
  const texts = written.flatMap((entry, index) => {
    const path = isList ? [index] : [];
    const meant = meantBy(entry, context.lists);
    if (typeof meant === 'string') {
      tell(path, meant);
      return [];
    }
    return meant.map(({ text, origin }) => {
      const tellOfEntry = (message: string): void =>
        tell(path, origin === undefined ? message : `${message}; see ${JSON.stringify(text)} ${origin}`);
      return readEntry(text, read, { parameter, tell: tellOfEntry });
    });
  });
  const { mostEntries = texts.length } = parameter;
  if (texts.length > mostEntries) tell([], `must have at most ${mostEntries} entries; it has ${texts.length}`);
  return texts;
}

type ByName = Wanted & { readonly tell: Tell; readonly wrongName: (name: string) => string | undefined };

/** A map of names, each with its entries. */
function readByName(
  value: unknown,
  read: EntryReader,
  { parameter, context, tell, wrongName }: ByName,
): readonly (readonly [name: string, entries: readonly string[]])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    tell([], 'must be names, each with what is looked for (`department: [Sales, Legal]`)');
    return [];
  }
  return Object.entries(value).map(([name, entries]: [string, unknown]) => {
    const wrong = wrongName(name);
    if (wrong !== undefined) tell([name], wrong);
    const tellWithin: Tell = (path, message) => tell([name, ...path], message);
    return [name, readEntries(entries, { read, parameter, context, tell: tellWithin })] as const;
  });
}

function wrongAttribute(name: string): string | undefined {
  if (DIRECTORY_ATTRIBUTES.some((known) => known === name)) return undefined;
  const meant = nearest(name, DIRECTORY_ATTRIBUTES);
  return `is no attribute of the directory${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function wrongProperty(name: string): string | undefined {
  const reading = readLine(name);
  return 'wrong' in reading || name.length > 128
    ? 'must be the name of a property, of at most 128 characters'
    : undefined;
}

function readConnector(text: string, { connectors }: DocumentContext): ReturnType<EntryReader> {
  if (connectors.includes(text)) return { text };
  const meant = nearest(text, connectors);
  const known = connectors.length === 0 ? 'there are none yet' : `there are ${connectors.join(', ')}`;
  return {
    wrong: `must name a connector of outbound.connectors; ${meant === undefined ? known : `did you mean ${meant}?`}`,
  };
}
