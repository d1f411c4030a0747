/**
 * The directory as a file: people and groups in YAML, or in CSV with a row for each. Everything that is wrong is found at once,
 * and a file with a problem is refused as a whole: with half of a group a rule would let mail pass. What the entries mean is
 * `directory/`'s.
 */
import { z } from 'zod';

import { parseAddress } from '#mail/address.ts';
import { DIRECTORY_ATTRIBUTES, type DirectoryAttribute } from '#rules/values.ts';
import { readCsv, type CsvRow } from './csv.ts';
import { ifText, list, named, parsed, record } from './fields.ts';
import { findingsOf, settingName, suggestion, type ConfigProblem, type Finding } from './problems.ts';
import { readTextFile } from './text-file.ts';
import { readYaml, type YamlPath } from './yaml.ts';

export type PersonOfFile = {
  readonly kind: 'person';
  readonly address: string;
  readonly proxyAddresses: readonly string[];
  readonly attributes: { readonly [attribute in DirectoryAttribute]?: string };
  readonly groups: readonly string[];
  readonly manager?: string | undefined;
};

export type GroupOfFile = {
  readonly kind: 'group';
  readonly address: string;
  readonly proxyAddresses: readonly string[];
  readonly displayName?: string | undefined;
  readonly members: readonly string[];
  readonly groups: readonly string[];
};

/** Assignable to the `DirectoryEntry` of `directory/entries.ts`. */
export type EntryOfFile = PersonOfFile | GroupOfFile;

export type DirectoryReading =
  | { readonly kind: 'read'; readonly entries: readonly EntryOfFile[]; readonly warnings: readonly ConfigProblem[] }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

const FILE_LIMIT_MIB = 16;
const MOST_PROBLEMS = 100;

/** What a file holds before it is checked, and where it stands. */
type Written = { readonly value: unknown; readonly lineOf: (path: YamlPath) => number | undefined };

export function readDirectoryFile(file: string): DirectoryReading {
  const reading = readTextFile(file, FILE_LIMIT_MIB);
  if (reading.kind === 'unreadable')
    return { kind: 'refused', problems: [{ file, setting: '', message: reading.message }] };
  return parseDirectory(reading.text, file);
}

/** By its name a file is CSV or YAML. */
export function parseDirectory(text: string, file: string): DirectoryReading {
  const written = /\.csv$/i.test(file) ? writtenInCsv(text) : writtenInYaml(text);
  if (!('value' in written)) return { kind: 'refused', problems: written.map((problem) => ({ file, ...problem })) };
  const { value, lineOf } = written;
  const told = ({ path, ...finding }: Finding): ConfigProblem => ({
    file,
    line: lineOf(path),
    setting: settingName(path),
    ...finding,
  });
  const result = directorySchema.safeParse(value);
  if (!result.success) return refused(findingsOf(result.error.issues, value, namesAt).map(told));
  const entries = entriesOf(result.data);
  const doubles = findDoubles(entries);
  if (doubles.length > 0) return refused(doubles.map(told));
  return { kind: 'read', entries: entries.map(({ entry }) => entry), warnings: findStrangers(entries).map(told) };
}

function refused(problems: readonly ConfigProblem[]): DirectoryReading {
  const sorted = problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
  return { kind: 'refused', problems: sorted.slice(0, MOST_PROBLEMS) };
}

const address = (description: string) =>
  parsed(
    ifText((text) => parseAddress(text.trim())?.text),
    'an address such as alice@example.org',
    { description, kind: 'address', type: 'string' },
  );

const most = (count: number) => ({ error: `must not hold more than ${count} entries` });

const addresses = (description: string) =>
  list(description, address('An address.')).max(100_000, most(100_000)).prefault([]);

const attribute = (description: string) =>
  named(description).max(1024, { error: 'must not be longer than 1024 characters' }).optional();

/** The attribute `manager` follows from the person that is named. */
const ATTRIBUTES = DIRECTORY_ATTRIBUTES.filter((name) => name !== 'manager');

const attributeFields = Object.fromEntries(ATTRIBUTES.map((name) => [name, attribute('As rules compare it.')]));

const COUNTRY = { error: 'must be the two letters of ISO 3166-1 such as DE or US' };

const person = record('Somebody.', {
  ...attributeFields,
  address: address('The primary address.'),
  proxyAddresses: addresses('Further addresses of the same person.'),
  groups: addresses('Groups that the person is in; the groups may name their members instead.'),
  manager: address('Any address of the manager.').optional(),
  country: z
    .string({ error: 'must be a text' })
    .regex(/^[A-Z]{2}$/, COUNTRY)
    .optional(),
});

const group = record('A group.', {
  address: address('The address of the group.'),
  proxyAddresses: addresses('Further addresses of the group.'),
  displayName: attribute('Its name.'),
  members: addresses('People, and groups within this one.'),
  groups: addresses('Groups that this one is in.'),
});

const directorySchema = record('People and groups.', {
  people: list('People.', person).max(200_000, most(200_000)).prefault([]),
  groups: list('Groups.', group).max(50_000, most(50_000)).prefault([]),
});

const NAMES = {
  people: Object.keys(person.shape),
  groups: Object.keys(group.shape),
} as const;

function namesAt([listName]: YamlPath): readonly string[] {
  if (listName === undefined) return Object.keys(NAMES);
  return listName === 'people' || listName === 'groups' ? NAMES[listName] : [];
}

type Placed = { readonly path: YamlPath; readonly entry: EntryOfFile };

function entriesOf({ people, groups }: z.output<typeof directorySchema>): readonly Placed[] {
  return [
    ...people.map((one, index): Placed => ({ path: ['people', index], entry: personOf(one) })),
    ...groups.map((one, index): Placed => ({ path: ['groups', index], entry: { kind: 'group', ...one } })),
  ];
}

function personOf(written: z.output<typeof person>): PersonOfFile {
  const { address: primary, proxyAddresses, groups, manager } = written;
  const attributes: { [attribute in DirectoryAttribute]?: string } = {};
  for (const name of ATTRIBUTES) {
    const value: unknown = Reflect.get(written, name);
    if (typeof value === 'string') attributes[name] = value;
  }
  return { kind: 'person', address: primary, proxyAddresses, attributes, groups, manager };
}

/** An address that two entries have would be either's. */
function findDoubles(entries: readonly Placed[]): readonly Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { path, entry } of entries) {
    const own = new Set([entry.address, ...entry.proxyAddresses].map((text) => text.toLowerCase()));
    for (const text of own) {
      if (seen.has(text)) findings.push({ path, message: `must have addresses of its own: another has ${text} too` });
      seen.add(text);
    }
  }
  return findings;
}

/** Members of groups may have no entry; a manager without one is most often a slip. */
function findStrangers(entries: readonly Placed[]): readonly (Finding & { readonly warning: true })[] {
  const people = entries.filter(({ entry }) => entry.kind === 'person');
  const known = new Set(
    people.flatMap(({ entry }) => [entry.address, ...entry.proxyAddresses].map((text) => text.toLowerCase())),
  );
  return people.flatMap(({ path, entry }) => {
    if (entry.kind !== 'person' || entry.manager === undefined || known.has(entry.manager.toLowerCase())) return [];
    const message = `should be the address of a person of this file; nobody has ${entry.manager}`;
    return [{ path: [...path, 'manager'], message, warning: true as const }];
  });
}

type Broken = readonly { readonly line: number; readonly setting: string; readonly message: string }[];

function writtenInYaml(text: string): Written | Broken {
  const reading = readYaml(text);
  return reading.kind === 'value' ? reading : reading.problems.map((problem) => ({ ...problem, setting: '' }));
}

const LISTS = new Set(['proxyAddresses', 'groups', 'members']);

/** The first row names the columns; `kind` says `group` where a row is no person, and a cell of several values has `;` between. */
function writtenInCsv(text: string): Written | Broken {
  const reading = readCsv(text);
  if (reading.kind === 'broken') return [{ line: reading.line, setting: '', message: reading.message }];
  const [head, ...rows] = reading.rows;
  if (head === undefined) return { value: {}, lineOf: () => undefined };
  const columns = head.cells.map((cell) => cell.trim());
  const wrong = wrongColumns(columns);
  if (wrong.length > 0) return wrong.map((message) => ({ line: head.line, setting: '', message }));
  const kindAt = columns.indexOf('kind');
  const kindOf = ({ cells }: CsvRow): string => cells[kindAt]?.trim() || 'person';
  const odd = rows.filter((row) => !['person', 'group'].includes(kindOf(row)));
  if (odd.length > 0)
    return odd.map(({ line }) => ({ line, setting: 'kind', message: 'must be person or group (person when empty)' }));
  const lists = {
    people: rows.filter((row) => kindOf(row) === 'person'),
    groups: rows.filter((row) => kindOf(row) === 'group'),
  };
  return {
    value: {
      people: lists.people.map((row) => entryOf(columns, row)),
      groups: lists.groups.map((row) => entryOf(columns, row)),
    },
    lineOf: ([name, index]) => (name === 'people' || name === 'groups' ? lists[name][Number(index)]?.line : head.line),
  };
}

function wrongColumns(columns: readonly string[]): readonly string[] {
  const known = [...new Set(['kind', ...NAMES.people, ...NAMES.groups])];
  const unknown = columns.filter((name) => !known.includes(name));
  const doubles = columns.filter((name, index) => columns.indexOf(name) !== index);
  return [
    ...unknown.map((name) => `has a column ${name || 'without a name'}, which is none${suggestion(name, known)}`),
    ...doubles.map((name) => `has the column ${name} twice`),
    ...(columns.includes('address') ? [] : ['must name its columns in the first row; address is missing']),
  ];
}

/** What is too much in a row is shown by the schema as a column without a name. */
function entryOf(columns: readonly string[], { cells }: CsvRow): object {
  const filled = cells.flatMap((cell, index): readonly [string, unknown][] => {
    const name = columns[index] ?? `cell ${index + 1}`;
    const text = cell.trim();
    if (text === '' || name === 'kind') return [];
    return [[name, LISTS.has(name) ? text.split(';').flatMap((part) => part.trim() || []) : text]];
  });
  return Object.fromEntries(filled);
}
