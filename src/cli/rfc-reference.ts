/**
 * docs/reference/rfc.md: which file obeys a section of an RFC, and which test tries it, read from the references in the
 * sources. Files are named without lines, so that the page changes with what is obeyed and not with every edit.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One reference: `RFC 5321 §4.5.2`, or an RFC as a whole. */
const REFERENCE = /\bRFC (\d{3,4})(?: §([0-9A-Z]+(?:\.\d+)*))?/g;
const SOURCES = 'src/**/*.ts';
const TESTS = 'test/**/*.{ts,smtp,yaml}';
/** The one holds references as examples, the other says what is to be tried. */
const UNTRIED = ['test/cli/rfc-reference.test.ts', 'test/vectors/tls-policy-cases.yaml'];
const WHOLE = 'as a whole';

const INTRODUCTION = `# RFC sections

<!-- Written by \`postern docs write\` from the references in src/ and test/. -->

Where a section of an RFC is obeyed, and what tries it. What we do otherwise, and why: [divergences](../divergences.md).
`;

type Row = { readonly obeyed: Set<string>; readonly tried: Set<string> };

/** Of the sources and tests in `directory`. */
export function rfcReference(directory: string): string {
  const rfcs = new Map<string, Map<string, Row>>();
  for (const file of globSync(SOURCES, { cwd: directory })) {
    for (const row of rowsOf(directory, file, rfcs)) row.obeyed.add(file.replace(/^src\//, ''));
  }
  for (const file of globSync(TESTS, { cwd: directory, exclude: UNTRIED })) {
    for (const row of rowsOf(directory, file, rfcs)) row.tried.add(file.replace(/^test\//, ''));
  }
  const numbers = [...rfcs.keys()].toSorted((one, other) => Number(one) - Number(other));
  return [INTRODUCTION, ...numbers.map((number) => table(number, rfcs.get(number) ?? new Map()))].join('\n');
}

/** The rows that a file refers to; those that are new are made. */
function rowsOf(directory: string, file: string, rfcs: Map<string, Map<string, Row>>): readonly Row[] {
  const text = readFileSync(join(directory, file), 'utf8');
  return [...text.matchAll(REFERENCE)].map(([, number = '', section = WHOLE]) => {
    const sections = getOrMake(rfcs, number, () => new Map<string, Row>());
    return getOrMake(sections, section, () => ({ obeyed: new Set<string>(), tried: new Set<string>() }));
  });
}

function getOrMake<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function table(number: string, sections: ReadonlyMap<string, Row>): string {
  const rows = [...sections].toSorted(([one], [other]) => bySection(one, other));
  return [
    `## [RFC ${number}](https://www.rfc-editor.org/rfc/rfc${number})`,
    '',
    '| section | obeyed in src/ | tried in test/ |',
    '| --- | --- | --- |',
    ...rows.map(
      ([section, { obeyed, tried }]) =>
        `| ${section === WHOLE ? WHOLE : `§${section}`} | ${listed(obeyed)} | ${listed(tried)} |`,
    ),
    '',
  ].join('\n');
}

/** The RFC as a whole first, then sections in their order, appendices last. */
function bySection(one: string, other: string): number {
  if (one === WHOLE || other === WHOLE) return one === WHOLE ? -1 : 1;
  return one.localeCompare(other, 'en', { numeric: true });
}

const listed = (files: ReadonlySet<string>): string =>
  [...files]
    .toSorted()
    .map((file) => `\`${file}\``)
    .join(', ');
