/** Values of Exchange's parameters as rule documents write them, by the types of parameters. Whether they are right is for `read-rule.ts`. */
import { CHOICES } from '#config/mail-flow/parameter-types.ts';
import { literal } from '#config/mail-flow/lists.ts';
import type { ParameterType } from '#rules/parameter.ts';
import { DIRECTORY_ATTRIBUTES } from '#rules/values.ts';
import { Expression } from './power-shell.ts';
import { textOf, textsOf } from './plain-value.ts';

/** `value` undefined: the parameter is not used. */
export type ValueReading = { readonly value: unknown } | { readonly wrong: string };

type Reader = (value: unknown, isKnownType: (name: string) => boolean) => ValueReading;

/** What stands in the place of a value that could not be written as text. */
const NO_VALUE = 'holds a value that is no text: it is an object, or PowerShell has to work it out';

export function fromExchange(
  type: ParameterType,
  value: unknown,
  isKnownType: (name: string) => boolean,
): ValueReading {
  return hasExpression(value) ? { wrong: NO_VALUE } : READERS[type](value, isKnownType);
}

function hasExpression(value: unknown): boolean {
  if (value instanceof Expression) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasExpression);
}

const text: Reader = (value) => {
  const [only, ...more] = textsOf(value);
  return only === undefined || more.length > 0 ? { wrong: NO_VALUE } : { value: only };
};

const texts: Reader = (value) => {
  const read = textsOf(value);
  return read.every((entry) => entry !== undefined) ? { value: read.map(literal) } : { wrong: NO_VALUE };
};

const choice =
  (choices: readonly string[]): Reader =>
  (value) => {
    const written = textOf(Array.isArray(value) && value.length === 1 ? value[0] : value);
    return written === undefined ? { wrong: NO_VALUE } : { value: wordOf(written, choices) };
  };

/** As documents write it; unknown ones stay, and are told where they are read. */
const wordOf = (written: string, choices: readonly string[]): string =>
  choices.find((known) => known.toLowerCase() === written.trim().toLowerCase()) ?? written;

const flag: Reader = (value) => {
  if (/^\$?true$/i.test(String(value))) return { value: true };
  return /^\$?false$/i.test(String(value)) ? { value: undefined } : { wrong: NO_VALUE };
};

const number: Reader = (value) => {
  const written = textOf(value);
  if (written === undefined) return { wrong: NO_VALUE };
  return { value: /^-?\d{1,4}$/.test(written.trim()) ? Number(written) : written };
};

/** `10 MB (10,485,760 bytes)` tells its octets itself. */
const size: Reader = (value) => {
  const written = textOf(value);
  if (written === undefined) return { wrong: NO_VALUE };
  const [, octets] = /\(([\d,.\s]+)bytes\)/.exec(written) ?? [];
  return { value: octets === undefined ? written.trim() : Number(octets.replaceAll(/\D/g, '')) };
};

/** `City:San Francisco,Palo Alto`: a name and what is looked for. Patterns may hold commas of their own. */
const byName =
  (names: readonly string[], parts: (rest: string) => readonly string[]): Reader =>
  (value) => {
    const found = new Map<string, readonly string[]>();
    for (const entry of textsOf(value)) {
      const colon = entry?.indexOf(':') ?? -1;
      const [name, rest] = [entry?.slice(0, Math.max(0, colon)).trim() ?? '', entry?.slice(colon + 1) ?? ''];
      if (name === '') return { wrong: 'must be written with a name and a colon in front, such as City:Palo Alto' };
      const known = wordOf(name, names);
      found.set(known, [...(found.get(known) ?? []), ...parts(rest).map(literal)]);
    }
    return { value: Object.fromEntries(found) };
  };

const words = (rest: string): readonly string[] => rest.split(',').map((word) => word.trim());
const pattern = (rest: string): readonly string[] => [rest];

/** `@{Name='...'; MinCount='2'}`, and as Exchange shows it: `{id:"...", minCount:2, maxCount:Infinity, ...}`. */
const information: Reader = (value, isKnownType) => {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  const read = entries.map((entry) => membersOf(entry));
  if (read.some((members) => members === undefined)) return { wrong: NO_VALUE };
  return { value: read.map((members) => informationOf(members ?? new Map<string, string>(), isKnownType)) };
};

/** Names of members in lower case. */
type Members = ReadonlyMap<string, string>;

function membersOf(entry: unknown): Members | undefined {
  if (typeof entry === 'string') return shownMembers(entry) ?? new Map([['name', entry]]);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return undefined;
  const members = Object.entries(entry).map(([name, value]: [string, unknown]): [string, string] => [
    name.toLowerCase(),
    textOf(value) ?? '',
  ]);
  return new Map(members);
}

const LONGEST_SHOWN = 4096;

function shownMembers(entry: string): Members | undefined {
  if (entry.length > LONGEST_SHOWN || !/^\{.*\}$/s.test(entry.trim())) return undefined;
  const members = [...entry.matchAll(/"?(\w+)"?\s*[:=]\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;}]+))/g)];
  return new Map(
    members.map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      double?.replaceAll(/\\(["\\])/g, '$1') ?? single ?? bare ?? '',
    ]),
  );
}

function informationOf(members: Members, isKnownType: (name: string) => boolean): unknown {
  const names = ['name', 'id', 'displayname', 'guid'].flatMap((member) => members.get(member) ?? []);
  const name = names.find(isKnownType) ?? names[0] ?? '';
  const numbers = {
    minCount: numberOf(members, 'mincount', ['1']),
    maxCount: numberOf(members, 'maxcount', ['-1', 'infinity', 'any']),
    minConfidence: numberOf(members, 'minconfidence', ['-1', 'recommended']),
    maxConfidence: numberOf(members, 'maxconfidence', ['100']),
  };
  const given = Object.entries(numbers).filter(([, written]) => written !== undefined);
  return given.length === 0 ? name : { name, ...Object.fromEntries(given) };
}

/** `usual`: words that say the same as nothing. */
function numberOf(members: Members, member: string, usual: readonly string[]): number | string | undefined {
  const written = members.get(member)?.trim();
  if (written === undefined || written === '' || usual.includes(written.toLowerCase())) return undefined;
  return /^\d{1,4}$/.test(written) ? Number(written) : written;
}

const contents: Reader = (value) => {
  const read = textsOf(value);
  if (read.some((entry) => entry === undefined)) return { wrong: NO_VALUE };
  return { value: read.map((entry) => wordOf(entry ?? '', CHOICES.incidentReportContent)) };
};

const READERS: { readonly [type in ParameterType]: Reader } = {
  address: text,
  addresses: texts,
  attribute: choice(CHOICES.attribute),
  attributePatterns: byName(DIRECTORY_ATTRIBUTES, pattern),
  attributeWords: byName(DIRECTORY_ATTRIBUTES, words),
  changeableHeaderName: text,
  classification: text,
  comparisonOperator: choice(CHOICES.comparisonOperator),
  connector: text,
  disclaimerFallback: choice(CHOICES.disclaimerFallback),
  disclaimerLocation: choice(CHOICES.disclaimerLocation),
  domains: texts,
  enhancedStatusCode: text,
  evaluatedUser: choice(CHOICES.evaluatedUser),
  flag,
  groups: texts,
  headerName: text,
  html: text,
  importance: choice(CHOICES.importance),
  incidentReportContent: contents,
  ipRanges: texts,
  managementRelationship: choice(CHOICES.managementRelationship),
  managerRecipientType: choice(CHOICES.managerRecipientType),
  messageType: choice(CHOICES.messageType),
  notifySenderType: choice(CHOICES.notifySenderType),
  patterns: texts,
  propertyWords: byName([], words),
  scope: choice(CHOICES.scope),
  sensitiveInformation: information,
  size,
  spamConfidenceLevel: number,
  text,
  words: texts,
};
