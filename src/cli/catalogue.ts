/**
 * The catalogue of TLS policy cases (test/vectors/tls-policy-cases.yaml), and the tests that name them. A test names a case
 * by beginning its title with the id, a test vector and a scenario by a field. Not for what the page looks like: that is
 * `case-reference.ts`.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readYaml } from '#config/yaml.ts';

export type CatalogueCase = {
  readonly id: string;
  readonly situation: string;
  readonly result: string;
  /** Why the case is none of this program's; '' where it is. */
  readonly doesNotApply: string;
};

export type CatalogueGroup = {
  /** What the ids begin with. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly cases: readonly CatalogueCase[];
};

/** A test that names a case, perhaps one that the catalogue does not list. */
export type NamedCase = { readonly id: string; readonly file: string; readonly title: string };

const CATALOGUE = 'test/vectors/tls-policy-cases.yaml';
/** It holds ids as examples. */
const OWN_TEST = 'test/cli/case-reference.test.ts';

type Fields = { readonly [name: string]: unknown };

/** Of the tree in `directory`. */
export function readCatalogue(directory: string): readonly CatalogueGroup[] {
  return listOf(fieldsOf(valueOf(join(directory, CATALOGUE)))['groups']).map((group) => {
    const { group: name, title, about, cases } = fieldsOf(group);
    return { name: textOf(name), title: textOf(title), about: textOf(about), cases: listOf(cases).map(caseOf) };
  });
}

function caseOf(value: unknown): CatalogueCase {
  const { id, case: situation, result, doesNotApply } = fieldsOf(value);
  return {
    id: textOf(id),
    situation: textOf(situation),
    result: textOf(result),
    doesNotApply: textOf(doesNotApply),
  };
}

/** Every case of these groups that a test of the tree in `directory` names, in the order of files. */
export function namedCases(directory: string, groups: readonly CatalogueGroup[]): readonly NamedCase[] {
  const id = `(?:${groups.map(({ name }) => name).join('|')})-\\d{2,3}`;
  const find = (pattern: string, look: (text: string, id: string) => readonly Title[]): readonly NamedCase[] =>
    globSync(pattern, { cwd: directory, exclude: [CATALOGUE, OWN_TEST] })
      .toSorted()
      .flatMap((file) => look(readFileSync(join(directory, file), 'utf8'), id).flatMap((title) => named(file, title)));
  return [
    ...find('test/**/*.ts', titlesInCode),
    ...find('test/dialogs/*.smtp', titlesInDialog),
    ...find('test/{vectors,flow}/**/*.yaml', titlesInYaml),
  ];
}

type Title = { readonly ids: readonly string[]; readonly title: string };

const named = (file: string, { ids, title }: Title): readonly NamedCase[] => ids.map((id) => ({ id, file, title }));

/** Literals that begin with ids. Where nothing follows in the literal, the next one of a row or of an object is the title. */
export function titlesInCode(text: string, id: string): readonly Title[] {
  const literal = new RegExp(
    `(['"\`])(${id}(?:(?:, | and | )${id})*)(?:\\1(?:,\\s*(?:\\w+:\\s*)?(['"\`])(.*?)\\3)?|[ :,]+(.*?)\\1)`,
    'g',
  );
  return [...text.matchAll(literal)].map(([, , ids = '', , next = '', rest = next]) => ({
    ids: ids.match(new RegExp(id, 'g')) ?? [],
    title: rest,
  }));
}

/** Comments of a dialog that begin with ids. */
function titlesInDialog(text: string, id: string): readonly Title[] {
  const comment = new RegExp(`^# (${id}(?:(?:, | and | )${id})*):? ?(.*)$`, 'gm');
  return [...text.matchAll(comment)].map(([, ids = '', title = '']) => ({
    ids: ids.match(new RegExp(id, 'g')) ?? [],
    title,
  }));
}

/** Entries with a field `id`, or with several in `cases`, at any depth; and titles that begin with ids, as in code. */
function titlesInYaml(text: string, id: string): readonly Title[] {
  const reading = readYaml(text);
  return reading.kind === 'value' ? titlesWithin(reading.value, new RegExp(`^(?:${id}(?:, | and | |$))+`)) : [];
}

function titlesWithin(value: unknown, ids: RegExp): readonly Title[] {
  if (Array.isArray(value)) return value.flatMap((inner) => titlesWithin(inner, ids));
  if (typeof value !== 'object' || value === null) return [];
  const fields = fieldsOf(value);
  const title = textOf(fields['title'] ?? fields['case'] ?? fields['name']);
  const lead = ids.exec(title)?.[0] ?? '';
  const all = [fields['id'], ...listOf(fields['cases']), ...lead.split(/, | and | /)].map(textOf);
  const own = { ids: all.filter((text) => ids.test(text)), title: title.slice(lead.length) };
  return [
    ...(own.ids.length === 0 ? [] : [own]),
    ...Object.values(fields).flatMap((inner) => titlesWithin(inner, ids)),
  ];
}

function valueOf(file: string): unknown {
  const reading = readYaml(readFileSync(file, 'utf8'));
  if (reading.kind === 'value') return reading.value;
  throw new Error(`${file}, line ${reading.problems[0]?.line}: ${reading.problems[0]?.message}`);
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
