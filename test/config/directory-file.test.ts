/** Directory files in YAML and CSV: what they mean, and the words for what is wrong with them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { readCsv } from '#config/csv.ts';
import { parseDirectory, readDirectoryFile } from '#config/directory-file.ts';
import { problemText } from '#config/problems.ts';
import type { DirectoryEntry } from '#directory/entries.ts';

const YAML = `
people:
  - address: Alice@Example.ORG
    proxyAddresses: [a.smith@example.org]
    displayName: Alice Smith
    department: Sales
    country: DE
    groups: [sales@example.org]
    manager: bob@example.org
  - address: bob@example.org
groups:
  - address: sales@example.org
    displayName: Sales
    members: [bob@example.org, interns@example.org]
  - address: interns@example.org
    proxyAddresses: [trainees@example.org]
    groups: [staff@example.org]
`;

const CSV = `kind,address,proxyAddresses,displayName,department,country,groups,manager,members\r
,Alice@Example.ORG,a.smith@example.org,Alice Smith,Sales,DE,sales@example.org,bob@example.org,\r
person,bob@example.org\r
\r
group,sales@example.org,,"Sales",,,,,bob@example.org; interns@example.org\r
group,interns@example.org,trainees@example.org,,,,staff@example.org,,\r
`;

const entries: readonly DirectoryEntry[] = [
  {
    kind: 'person',
    address: 'Alice@example.org',
    proxyAddresses: ['a.smith@example.org'],
    attributes: { displayName: 'Alice Smith', department: 'Sales', country: 'DE' },
    groups: ['sales@example.org'],
    manager: 'bob@example.org',
  },
  { kind: 'person', address: 'bob@example.org', proxyAddresses: [], attributes: {}, groups: [], manager: undefined },
  {
    kind: 'group',
    address: 'sales@example.org',
    displayName: 'Sales',
    proxyAddresses: [],
    members: ['bob@example.org', 'interns@example.org'],
    groups: [],
  },
  {
    kind: 'group',
    address: 'interns@example.org',
    proxyAddresses: ['trainees@example.org'],
    members: [],
    groups: ['staff@example.org'],
  },
];

function read(text: string, file: string): readonly DirectoryEntry[] {
  const reading = parseDirectory(text, file);
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  assert.deepEqual(reading.warnings, []);
  return reading.entries;
}

function wrong(text: string, file: string): readonly string[] {
  const reading = parseDirectory(text, file);
  return (reading.kind === 'read' ? reading.warnings : reading.problems).map(problemText);
}

test('people and groups are read from YAML', () => assert.deepEqual(read(YAML, 'people.yaml'), entries));
test('people and groups are read from CSV', () => assert.deepEqual(read(CSV, 'people.csv'), entries));
test('a byte order mark does not spoil the first column', () =>
  assert.deepEqual(read(`\u{feff}${CSV}`, 'PEOPLE.CSV'), entries));
test('an empty file names nobody', () => {
  assert.deepEqual(read('', 'people.yaml'), []);
  assert.deepEqual(read('', 'people.csv'), []);
});

describe('what is wrong is told with its line', () => {
  const cases: readonly [what: string, file: string, text: string, problems: readonly string[]][] = [
    [
      'an unknown name, and an address that is none',
      'p.yaml',
      'people:\n  - address: alice\n    departmet: Sales\n    manager: nobody\n',
      [
        'p.yaml:2: people[0].address must be an address such as alice@example.org (it is "alice")',
        'p.yaml:3: people[0].departmet is no setting; did you mean department?',
        'p.yaml:4: people[0].manager must be an address such as alice@example.org (it is "nobody")',
      ],
    ],
    [
      'an address of two entries, in any case of letters',
      'p.yaml',
      'people:\n  - address: a@x.test\ngroups:\n  - address: g@x.test\n    proxyAddresses: [A@X.test]\n',
      ['p.yaml:4: groups[0] must have addresses of its own: another has a@x.test too'],
    ],
    [
      'a country in words',
      'p.yaml',
      'people:\n  - address: a@x.test\n    country: Germany\n',
      ['p.yaml:3: people[0].country must be the two letters of ISO 3166-1 such as DE or US (it is "Germany")'],
    ],
    [
      'a manager who is nobody, as a warning',
      'p.yaml',
      'people:\n  - address: a@x.test\n    manager: b@x.test\n',
      ['p.yaml:3: warning: people[0].manager should be the address of a person of this file; nobody has b@x.test'],
    ],
    [
      'a column that is none, one that occurs twice and one that is missing',
      'p.csv',
      'kind,mail,kind\n,a@x.test,\n',
      [
        'p.csv:1: has a column mail, which is none; did you mean email?',
        'p.csv:1: has the column kind twice',
        'p.csv:1: must name its columns in the first row; address is missing',
      ],
    ],
    [
      'a row of another kind',
      'p.csv',
      'kind,address\nroom,r@x.test\n',
      ['p.csv:2: kind must be person or group (person when empty)'],
    ],
    ['a row with too many cells', 'p.csv', 'address\n\na@x.test,more\n', ['p.csv:3: people[0].cell 2 is no setting']],
    [
      'a quotation mark within a cell',
      'p.csv',
      'address,title\n"a@x.test","x\ny"\nb@x.test,the "boss"\n',
      [
        'p.csv:4: is no CSV: a cell with a quotation mark or a line end in it must be quoted as a whole, and its marks doubled',
      ],
    ],
    ['what is no YAML', 'p.yaml', 'people: [', ['p.yaml:1: is not valid YAML: Flow sequence in block collection']],
  ];
  for (const [what, file, text, problems] of cases) {
    test(what, () => {
      const told = wrong(text, file);
      for (const [index, problem] of problems.entries()) assert.ok(told[index]?.startsWith(problem), told.join('\n'));
      assert.ok(told.length >= problems.length);
    });
  }
});

test('a file that cannot be read is a problem', () => {
  const reading = readDirectoryFile('/nonexistent/people.yaml');
  assert.ok(reading.kind === 'refused');
  assert.deepEqual(reading.problems.map(problemText), [
    '/nonexistent/people.yaml: cannot be read (there is no such file)',
  ]);
});

test('a file over 16 MiB is not read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-people-'));
  try {
    const file = join(folder, 'people.csv');
    writeFileSync(file, Buffer.alloc(16 * 1024 * 1024 + 1, 'a'));
    const reading = readDirectoryFile(file);
    assert.deepEqual(reading.kind === 'refused' && reading.problems.map(problemText), [
      `${file}: is larger than 16 MiB`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ';', ' ', 'é') });
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

test('cells come back as they were written, with the line of their row (RFC 4180 §2)', () => {
  const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, end) => {
      const text = rows.map((cells) => cells.map(quoted).join(',') + end).join('');
      const expected = [];
      let line = 1;
      for (const cells of rows) {
        if (cells.some((one) => one !== '')) expected.push({ line, cells });
        line += 1 + cells.join('').split('\n').length - 1;
      }
      assert.deepEqual(readCsv(text), { kind: 'rows', rows: expected });
    }),
  );
});

test('whatever the text, the answer is entries or problems', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', 'address', 'kind', 'a@b.test') }),
  );
  fc.assert(
    fc.property(texts, fc.constantFrom('p.csv', 'p.yaml'), (text, file) => {
      const reading = parseDirectory(text, file);
      assert.ok(reading.kind === 'read' || reading.problems.length > 0);
    }),
  );
});

test('a quoted cell of megabytes is read', () => {
  const reading = readCsv(`"${'""'.repeat(4_000_000)}"`);
  assert.ok(reading.kind === 'rows');
  assert.equal(reading.rows[0]?.cells[0]?.length, 4_000_000);
});
