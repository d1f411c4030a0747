/** How tests name the cases of the catalogue, from which docs/reference/tls-policy-cases.md is read. Freshness: `program.test.ts`. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { caseReference } from '#cli/case-reference.ts';
import { namedCases, readCatalogue } from '#cli/catalogue.ts';

const root = join(import.meta.dirname, '../..');

const CATALOGUE = `
groups:
  - group: TXT
    title: records
    about: what is meant
    cases:
      - { id: TXT-01, case: 'a | b', result: OK }
      - { id: TXT-02, case: another, result: NONE }
      - { id: TXT-03, case: of others, result: '-', doesNotApply: not ours }
`;

/** Calls back with a tree that holds a catalogue and these tests. */
function inTree(files: { readonly [path: string]: string }, check: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'postern-cases-'));
  try {
    const all = { 'test/vectors/tls-policy-cases.yaml': CATALOGUE, ...files };
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const found = (directory: string): readonly string[] =>
  namedCases(directory, readCatalogue(directory)).map(({ id, file, title }) => `${id} ${file} ${title}`);

test('a title that begins with ids names these cases', () => {
  const code = [
    "test('TXT-01 one (RFC 8461 §3.1)', () => undefined);",
    'test("TXT-01, TXT-02 and TXT-04: several", () => undefined);',
    "const rows = [['TXT-05', 'of a row'], { id: 'TXT-06', title: 'of an object' }];",
    '// TXT-07 in a comment, and in a sentence:',
    "test('as TXT-08 says', () => undefined);",
    "test('XTXT-09 of another group', () => undefined);",
    "test('TXT-1 is no id', () => undefined);",
  ];
  inTree({ 'test/a/b.test.ts': code.join('\n') }, (directory) => {
    assert.deepEqual(found(directory), [
      'TXT-01 test/a/b.test.ts one (RFC 8461 §3.1)',
      'TXT-01 test/a/b.test.ts several',
      'TXT-02 test/a/b.test.ts several',
      'TXT-04 test/a/b.test.ts several',
      'TXT-05 test/a/b.test.ts of a row',
      'TXT-06 test/a/b.test.ts of an object',
    ]);
  });
});

test('vectors, scenarios and dialogs name cases by a field, a title or a comment', () => {
  const files = {
    'test/vectors/x.yaml': 'cases: [{ id: TXT-01, title: of a vector }, { cases: [TXT-02, TXT-05], name: of two }]',
    'test/flow/01-x/scenario.yaml': "title: 'TXT-03, TXT-06 of a scenario'\nexpect: { id: none }",
    'test/dialogs/x.smtp': '# TXT-02: of a dialog\ns: 220 TXT-01\n',
  };
  inTree(files, (directory) => {
    assert.deepEqual(found(directory), [
      'TXT-02 test/dialogs/x.smtp of a dialog',
      'TXT-03 test/flow/01-x/scenario.yaml of a scenario',
      'TXT-06 test/flow/01-x/scenario.yaml of a scenario',
      'TXT-01 test/vectors/x.yaml of a vector',
      'TXT-02 test/vectors/x.yaml of two',
      'TXT-05 test/vectors/x.yaml of two',
    ]);
  });
});

test('the page lists each case with its tests, those that do not apply with the reason, and further ones', () => {
  inTree({ 'test/b.test.ts': "test('TXT-01 and TXT-10 x', f); test('TXT-09 y', f);" }, (directory) => {
    const lines = caseReference(directory).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('| TXT')),
      [
        '| TXT-01 | a \\| b | OK | `b.test.ts` |',
        '| TXT-02 | another | NONE |  |',
        '| TXT-03 | of others | - | does not apply: not ours |',
        '| TXT-09 | y | `b.test.ts` |',
        '| TXT-10 | x | `b.test.ts` |',
      ],
    );
  });
});

test('a catalogue that cannot be read is told with its line', () => {
  inTree({ 'test/vectors/tls-policy-cases.yaml': 'groups:\n  - [\n' }, (directory) => {
    assert.throws(() => caseReference(directory), /tls-policy-cases\.yaml, line \d: is not valid YAML/);
  });
});

test('the catalogue says of every case once what it is and what comes of it', () => {
  const cases = readCatalogue(root).flatMap((group) => group.cases.map((one) => ({ ...one, group: group.name })));
  assert.ok(cases.length >= 552, `${cases.length} cases`);
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  for (const { id, group, situation, result } of cases) {
    assert.match(id, new RegExp(`^${group}-\\d{2}$`));
    assert.ok(situation !== '' && result !== '', id);
  }
});

test('every case of the catalogue that applies is named by a test', () => {
  const groups = readCatalogue(root);
  const named = new Set(namedCases(root, groups).map(({ id }) => id));
  const missing = groups.flatMap(({ cases }) =>
    cases.filter(({ id, doesNotApply }) => doesNotApply === '' && !named.has(id)).map(({ id }) => id),
  );
  assert.deepEqual(missing, [], `no test names ${missing.join(' ')}`);
});

test('no test names a case that does not apply', () => {
  const groups = readCatalogue(root);
  const idle = new Set(
    groups.flatMap(({ cases }) => cases.filter((one) => one.doesNotApply !== '').map(({ id }) => id)),
  );
  const named = namedCases(root, groups).filter(({ id }) => idle.has(id));
  assert.deepEqual(named, []);
});
