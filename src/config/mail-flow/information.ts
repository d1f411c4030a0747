/** The value of `messageContainsDataClassifications`: which sensitive information, how much of it, and how sure. */
import { nearest } from '#config/problems.ts';
import type { YamlPath } from '#config/yaml.ts';
import type { SensitiveInformation } from '#rules/values.ts';
import type { DocumentContext } from './context.ts';

type Tell = (path: YamlPath, message: string) => void;
type Reading = { readonly context: DocumentContext; readonly tell: Tell };

const MOST_ENTRIES = 500;

/** The least and the most that each may be. */
export const INFORMATION_NUMBERS = {
  minCount: [1, 500],
  maxCount: [1, 500],
  minConfidence: [1, 100],
  maxConfidence: [1, 100],
} as const;
type NumberName = keyof typeof INFORMATION_NUMBERS;

const PAIRS = [
  ['minCount', 'maxCount'],
  ['minConfidence', 'maxConfidence'],
] as const;

/** A name alone, or with its numbers; a list of these. */
export function readInformation(value: unknown, { context, tell }: Reading): readonly SensitiveInformation[] {
  const isList = Array.isArray(value);
  const entries: readonly unknown[] = isList ? value : [value];
  if (entries.length === 0) tell([], 'must name a type of sensitive information');
  if (entries.length > MOST_ENTRIES) tell([], `must have at most ${MOST_ENTRIES} entries; it has ${entries.length}`);
  return entries.map((entry, index) => {
    const tellWithin: Tell = (path, message) => tell([...(isList ? [index] : []), ...path], message);
    return readEntry(entry, { context, tell: tellWithin });
  });
}

/** The shortest way to write it. */
export function writeInformation(entries: readonly SensitiveInformation[]): readonly unknown[] {
  return entries.map(({ name, minCount, maxCount, minConfidence, maxConfidence }) => {
    const others = { maxCount, minConfidence, maxConfidence };
    const given = Object.entries(others).filter(([, number]) => number !== undefined);
    return minCount === 1 && given.length === 0 ? name : { name, minCount, ...Object.fromEntries(given) };
  });
}

function readEntry(entry: unknown, { context, tell }: Reading): SensitiveInformation {
  if (typeof entry === 'string') return { name: knownName(entry, [], { context, tell }), minCount: 1 };
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    tell([], 'must be the name of a type of sensitive information, or name: and numbers');
    return { name: '', minCount: 1 };
  }
  const { name, ...numbers } = { name: undefined, ...entry };
  if (typeof name !== 'string') tell([], 'must have a name, that of a type of sensitive information');
  const read = readNumbers(numbers, tell);
  return {
    name: typeof name === 'string' ? knownName(name, ['name'], { context, tell }) : '',
    minCount: 1,
    ...read,
  };
}

function readNumbers(written: object, tell: Tell): Partial<Record<NumberName, number>> {
  const read: Partial<Record<NumberName, number>> = {};
  for (const [name, value] of Object.entries(written)) {
    if (!isNumberName(name))
      tell([name], `is no part of it; there are name, ${Object.keys(INFORMATION_NUMBERS).join(', ')}`);
    else if (isBetween(value, INFORMATION_NUMBERS[name])) read[name] = value;
    else tell([name], `must be a whole number from ${INFORMATION_NUMBERS[name].join(' to ')}`);
  }
  for (const [least, most] of PAIRS) {
    if ((read[least] ?? 1) > (read[most] ?? Infinity)) tell([most], `must not be less than ${least}`);
  }
  return read;
}

function isBetween(value: unknown, [least, most]: readonly [number, number]): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

const isNumberName = (name: string): name is NumberName => Object.hasOwn(INFORMATION_NUMBERS, name);

function knownName(name: string, path: YamlPath, { context, tell }: Reading): string {
  if (context.isKnownType(name)) return name;
  const meant = nearest(name, context.typeNames);
  const hint = meant === undefined ? '`postern sit list` shows what there is' : `did you mean ${meant}?`;
  tell(path, `must be a type of sensitive information that there is; ${hint}`);
  return name;
}
