/**
 * docs/reference/tls-policy-cases.md: every case of the catalogue, what Postern does with it, and the test files that name
 * it. That each case is named by a test: `test/cli/case-reference.test.ts`.
 */
import { namedCases, readCatalogue, type CatalogueCase, type CatalogueGroup, type NamedCase } from './catalogue.ts';

const INTRODUCTION = `# TLS policy, case by case

<!-- Written by \`postern docs write\` from test/vectors/tls-policy-cases.yaml and from the tests. -->

What Postern does where TLS policies go wrong, and the tests that hold it to that (paths below test/). Numbers have gaps; cases
that tests name beyond the list stand below it. What we do otherwise than RFCs and Exchange: [divergences](../divergences.md).
`;

/** Of the tests in `directory`. */
export function caseReference(directory: string): string {
  const groups = readCatalogue(directory);
  const named = namedCases(directory, groups);
  return [INTRODUCTION, ...groups.map((group) => section(group, named))].join('\n');
}

function section({ name, title, about, cases }: CatalogueGroup, named: readonly NamedCase[]): string {
  const listed = new Set(cases.map(({ id }) => id));
  const further = named.filter(({ id }) => id.startsWith(`${name}-`) && !listed.has(id));
  return [
    `## ${name}: ${title}`,
    '',
    about,
    '',
    '| id | case | result | tried in |',
    '| --- | --- | --- | --- |',
    ...cases.map((one) => row(one, named)),
    '',
    ...furtherCases(further),
  ].join('\n');
}

function row({ id, situation, result, doesNotApply }: CatalogueCase, named: readonly NamedCase[]): string {
  const files = named.filter((one) => one.id === id).map(({ file }) => file);
  const tried = doesNotApply === '' ? listOf(files) : `does not apply: ${doesNotApply}`;
  return `| ${id} | ${cell(situation)} | ${cell(result)} | ${cell(tried)} |`;
}

function furtherCases(named: readonly NamedCase[]): readonly string[] {
  if (named.length === 0) return [];
  const ids = [...new Set(named.map(({ id }) => id))].toSorted((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  const rows = ids.map((id) => {
    const same = named.filter((one) => one.id === id);
    const titles = [...new Set(same.map(({ title }) => title).filter((title) => title !== ''))];
    return `| ${id} | ${cell(titles.join('; '))} | ${listOf(same.map(({ file }) => file))} |`;
  });
  return ['Further cases:', '', '| id | test | tried in |', '| --- | --- | --- |', ...rows, ''];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

const listOf = (files: readonly string[]): string =>
  [...new Set(files)].map((file) => `\`${file.replace(/^test\//, '')}\``).join(', ');
