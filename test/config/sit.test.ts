/** Files of sensitive information types in YAML: what they mean, and the words for what is wrong with them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { problemText } from '#config/problems.ts';
import { loadTypes, parseTypes, type TypesReading } from '#config/sit.ts';
import { TYPE_LIMITS } from '#rules/sit/check-type.ts';
import { compileTypes } from '#rules/sit/compile.ts';
import type { CustomType } from '#rules/sit/custom.ts';
import { detect } from '#rules/sit/detect.ts';

const octets = (text: string): Buffer => Buffer.from(text);
const reading = (text: string): TypesReading => parseTypes([{ file: 'types.yaml', octets: octets(text) }]);

function typesOf(text: string): readonly CustomType[] {
  const read = reading(text);
  assert.ok(read.kind === 'loaded', JSON.stringify(read));
  return read.types;
}

function problemsOf(...texts: readonly string[]): readonly string[] {
  const read = parseTypes(texts.map((text, index) => ({ file: `${index + 1}.yaml`, octets: octets(text) })));
  assert.ok(read.kind === 'refused', 'it was loaded');
  return read.problems.map(problemText);
}

const EMPLOYEE = `types:
  # Numbers that personnel gives out.
  - name: Contoso employee number
    id: 7C2D1C88-2B6A-4C73-9A55-0F6D0D7E6B11
    description: EMP- and six digits
    recommendedConfidence: 75
    proximity: 200
    patterns:
      - confidence: 85
        primary: { regex: '\\bEMP-\\d{6}\\b', validators: [luhn, notRepeated] }
        evidence:
          - keywords: [employee, staff no]
            style: string
            caseSensitive: true
            minCount: 2
            uniqueResults: true
          - any:
              - function: Func_credit_card
              - any: [{ keywords: [pay slip] }]
                min: 0
                max: 1
            min: 1
            max: 2
          - none: [{ keywords: [example] }]
      - confidence: 65
        primary: { keywords: [employee number] }
        proximity: unlimited
`;

const keywords = (text: string): object => ({
  kind: 'match',
  element: { kind: 'keywords', keywords: [{ text, style: 'word', caseSensitive: undefined }] },
  minCount: undefined,
  uniqueResults: undefined,
});

test('a file in YAML becomes the types that it writes', () => {
  assert.deepEqual(typesOf(EMPLOYEE), [
    {
      kind: 'entity',
      name: 'Contoso employee number',
      id: '7c2d1c88-2b6a-4c73-9a55-0f6d0d7e6b11',
      description: 'EMP- and six digits',
      recommendedConfidence: 75,
      proximity: 200,
      patterns: [
        {
          confidence: 85,
          primary: { kind: 'regex', pattern: '\\bEMP-\\d{6}\\b', validators: ['luhn', 'notRepeated'] },
          evidence: [
            {
              kind: 'match',
              element: {
                kind: 'keywords',
                keywords: [
                  { text: 'employee', style: 'string', caseSensitive: true },
                  { text: 'staff no', style: 'string', caseSensitive: true },
                ],
              },
              minCount: 2,
              uniqueResults: true,
            },
            {
              kind: 'any',
              min: 1,
              max: 2,
              of: [
                {
                  kind: 'match',
                  element: { kind: 'function', name: 'Func_credit_card' },
                  minCount: undefined,
                  uniqueResults: undefined,
                },
                { kind: 'any', min: 0, max: 1, of: [keywords('pay slip')] },
              ],
            },
            { kind: 'any', min: 0, max: 0, of: [keywords('example')] },
          ],
        },
        {
          confidence: 65,
          primary: {
            kind: 'keywords',
            keywords: [{ text: 'employee number', style: 'word', caseSensitive: undefined }],
          },
          evidence: [],
          proximity: 'unlimited',
        },
      ],
    },
  ]);
});

test('what is left out: proximity of 300, the confidence of the surest pattern, a GUID made of the name', () => {
  const types = typesOf(`types:
  - name: One
    patterns: [{ confidence: 65, primary: { regex: a1 } }, { confidence: 80, primary: { regex: a2 } }]
  - name: Two
    evidence: [{ confidence: 40, matches: [{ keywords: [x] }] }]
`);
  assert.deepEqual(
    types.map(({ kind, proximity, recommendedConfidence }) => [kind, proximity, recommendedConfidence]),
    [
      ['entity', 300, 80],
      ['affinity', 600, 40],
    ],
  );
  const ids = types.map(({ id }) => id);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  const again = typesOf('types: [{ name: one, patterns: [{ confidence: 65, primary: { regex: b } }] }]');
  assert.deepEqual([again[0]?.id === ids[0], ids[0] === ids[1]], [true, false]);
});

test('types that were read find what they are for, and can be cloned to a thread', () => {
  const types = structuredClone(
    typesOf(`types:
  - name: Project number
    patterns:
      - { confidence: 85, primary: { regex: 'P-\\d{5}' }, evidence: [{ keywords: [project] }] }
`),
  );
  const compiled = compileTypes(['project NUMBER'], types);
  const found = detect(compiled, [
    { where: 'body', text: 'Project P-12345' },
    { where: 'list.txt', text: 'P-54321' },
  ]);
  assert.equal(found.get('project number')?.uniqueCount, 1);
  assert.equal(found.get('project number')?.confidence, 85);
});

const one = (pattern: string): string => `types:\n  - name: T\n    patterns:\n      - ${pattern}\n`;

describe('what is wrong is told with its file and line, and with what would be right', () => {
  const cases: readonly [what: string, text: string, expected: readonly string[]][] = [
    ['no YAML', 'types: [', ['1.yaml:1: is not valid YAML:']],
    ['no types', 'rules: []\n', ['1.yaml: types is missing', '1.yaml:1: rules is no setting']],
    [
      'a misspelt setting of a type',
      'types:\n  - name: T\n    paterns: []\n',
      ['1.yaml:3: types[0].paterns is no setting; did you mean patterns?'],
    ],
    [
      'a misspelt setting of a pattern',
      one('{ confidence: 85, primry: { regex: a } }'),
      ['1.yaml:4: types[0].patterns[0].primary must hold settings', 'primry is no setting; did you mean primary?'],
    ],
    [
      'a misspelt setting of an element',
      one('{ confidence: 85, primary: { regexp: a } }'),
      ['primary.regexp is no setting; did you mean regex?'],
    ],
    [
      'a misspelt setting of evidence',
      one('{ confidence: 85, primary: { regex: a }, evidence: [{ any: [{ keyword: [a] }] }] }'),
      ['evidence[0].any[0].keyword is no setting; did you mean keywords?'],
    ],
    [
      'a misspelt setting of evidence of an affinity',
      'types: [{ name: T, evidence: [{ confidence: 1, match: [] }] }]',
      ['evidence[0].matches is missing', 'evidence[0].match is no setting; did you mean matches?'],
    ],
    [
      'an expression that cannot be run',
      one('{ confidence: 85, primary: { regex: "a(?=b)" } }'),
      ['1.yaml:4: types[0].patterns[0].primary.regex has at character 2 "(?=" begins a look-ahead'],
    ],
    [
      'a validator that there is not',
      one('{ confidence: 85, primary: { regex: a, validators: [lun] } }'),
      ['primary.validators[0] must be one that there is; did you mean luhn? (it is "lun")'],
    ],
    [
      'a function that there is not',
      one('{ confidence: 85, primary: { function: func_credit_crd } }'),
      ['primary.function must be one that there is; did you mean Func_credit_card?'],
    ],
    [
      'two elements in one',
      one('{ confidence: 85, primary: { regex: a, keywords: [b] } }'),
      ['primary must hold one of regex, keywords, function; it holds regex and keywords'],
    ],
    [
      'no element',
      one('{ confidence: 85, primary: {} }'),
      ['primary must hold one of regex, keywords, function (it is {})'],
    ],
    [
      'a validator of keywords',
      one('{ confidence: 85, primary: { keywords: [a], validators: [luhn] } }'),
      ['primary must not hold validators without regex'],
    ],
    [
      'a number of evidence without any',
      one('{ confidence: 85, primary: { regex: a }, evidence: [{ keywords: [a], min: 2 }] }'),
      ['evidence[0] must not hold min without any'],
    ],
    [
      'more evidence than there is',
      one('{ confidence: 85, primary: { regex: a }, evidence: [{ any: [{ keywords: [a] }], min: 2 }] }'),
      ['1.yaml:2: types[0] asks for 2 to any number of 1 pieces of evidence'],
    ],
    [
      'confidence',
      one('{ confidence: 101, primary: { regex: a } }'),
      ['confidence must be a whole number from 1 to 100 (it is 101)'],
    ],
    [
      'proximity',
      one('{ confidence: 85, primary: { regex: a }, proximity: 0 }'),
      ['proximity must be a whole number from 1 to 100000, or unlimited (it is 0)'],
    ],
    [
      'style',
      one('{ confidence: 85, primary: { keywords: [a], style: Word } }'),
      ['primary.style must be written word'],
    ],
    ['no keywords', one('{ confidence: 85, primary: { keywords: [] } }'), ['primary.keywords must not be empty']],
    [
      'a keyword',
      one('{ confidence: 85, primary: { keywords: [7] } }'),
      ['primary.keywords[0] must be a text (it is 7)'],
    ],
    ['an id', 'types: [{ name: T, id: x, patterns: [] }]', ['types[0].id must be a GUID such as', 'must not be empty']],
    ['a type without patterns', 'types: [{ name: T }]', ['types[0] must hold one of patterns, evidence']],
  ];
  for (const [what, text, expected] of cases)
    test(what, () => {
      const problems = problemsOf(text);
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const [index, part] of expected.entries())
        assert.ok(problems[index]?.includes(part), `${problems[index]} lacks ${part}`);
    });
});

const list = (count: number, entry: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => entry(index)).join(', ');

const fileOf = (prefix: string, count: number): string =>
  `types: [${list(count, (index) => `{ name: ${prefix}${index}, patterns: [{ confidence: 1, primary: { keywords: [k] } }] }`)}]`;

describe('limits', () => {
  const cases: readonly [limit: string, text: string, message: string][] = [
    [
      '256 characters of a name',
      `types: [{ name: ${'n'.repeat(257)}, patterns: [{ confidence: 1, primary: { regex: a } }] }]`,
      'types[0].name must not be longer than 256 characters',
    ],
    [
      '512 characters of a keyword',
      one(`{ confidence: 85, primary: { keywords: [${'k'.repeat(513)}] } }`),
      'keywords[0] must not be longer than 512 characters',
    ],
    [
      '2048 keywords of a list',
      one(`{ confidence: 85, primary: { keywords: [${list(2049, (index) => `k${index}`)}] } }`),
      'keywords must not hold more than 2048 entries',
    ],
    [
      'patterns of a type',
      `types: [{ name: T, patterns: [${list(TYPE_LIMITS.patterns + 1, () => '{ confidence: 1, primary: { regex: a } }')}] }]`,
      `types[0].patterns must not hold more than ${TYPE_LIMITS.patterns} entries`,
    ],
    [
      '20 different expressions of a type',
      `types: [{ name: T, patterns: [${list(21, (index) => `{ confidence: 1, primary: { regex: a${index} } }`)}] }]`,
      'types[0] has 21 different expressions; it may have 20',
    ],
    [
      'evidence in evidence',
      one(
        `{ confidence: 1, primary: { regex: a }, evidence: [${'{ any: ['.repeat(9)}{ keywords: [k] }${'] }'.repeat(9)}] }`,
      ),
      'nests evidence more than 8 deep',
    ],
  ];
  for (const [limit, text, message] of cases)
    test(limit, () => {
      const problems = problemsOf(text);
      assert.ok(
        problems.some((problem) => problem.includes(message)),
        problems.join('\n'),
      );
    });

  test('500 types in all files', () => {
    assert.equal(parseTypes([{ file: 'a.yaml', octets: octets(fileOf('a', 500)) }]).kind, 'loaded');
    assert.deepEqual(problemsOf(fileOf('a', 500), fileOf('b', 1)), [
      '2.yaml:1: types[0] is one type too many: there may be 500 in all files',
    ]);
  });
});

describe('names and GUIDs lead to one type each', () => {
  const pattern = 'patterns: [{ confidence: 85, primary: { regex: a } }]';
  test('of two files', () => {
    const problems = problemsOf(
      `types: [{ name: Mine, ${pattern} }]`,
      `types:\n  - { name: MINE, id: 7c2d1c88-2b6a-4c73-9a55-0f6d0d7e6b11, ${pattern} }`,
    );
    assert.deepEqual(problems, ['2.yaml:2: types[0] must have a name and a GUID of its own; 1.yaml:1 has MINE too']);
  });
  test('of a built-in type', () => {
    assert.match(
      problemsOf(`types: [{ name: credit card number, ${pattern} }]`)[0] ?? '',
      /types\[0\] must have a name and a GUID of its own; the built-in type Credit Card Number has credit card number too/,
    );
  });
});

const type = (name: string): string =>
  `types: [{ name: ${name}, patterns: [{ confidence: 85, primary: { regex: a } }] }]`;

describe('a directory of types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-types-'));
  after(() => rmSync(folder, { recursive: true }));
  const inFolder = (name: string, text: string | Buffer): void => writeFileSync(join(folder, name), text);

  test('is read in the order of names; drafts and other files are passed over', () => {
    inFolder('b.yml', type('B'));
    inFolder('a.yaml', type('A'));
    inFolder('.c.yaml', type('C'));
    inFolder('readme.txt', 'nothing');
    mkdirSync(join(folder, 'd.yaml'));
    const read = loadTypes(folder);
    assert.ok(read.kind === 'loaded');
    assert.deepEqual(
      read.placed.map(({ type: { name }, file, line, setting }) => [name, file, line, setting]),
      [
        ['A', join(folder, 'a.yaml'), 1, 'types[0]'],
        ['B', join(folder, 'b.yml'), 1, 'types[0]'],
      ],
    );
  });

  test('may be missing', () => {
    assert.deepEqual(loadTypes(join(folder, 'none')), { kind: 'loaded', types: [], placed: [] });
  });

  test('must be a directory', () => {
    const read = loadTypes(join(folder, 'a.yaml'));
    assert.ok(read.kind === 'refused');
    assert.match(read.problems[0]?.message ?? '', /it is a file, and must be a directory/);
  });

  test('holds text in UTF-8, up to 4 MiB in a file', () => {
    inFolder('large.yaml', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    const large = loadTypes(folder);
    assert.ok(large.kind === 'refused');
    assert.match(large.problems.map(problemText).join('\n'), /large\.yaml: is larger than 4 MiB/);
    rmSync(join(folder, 'large.yaml'));
    inFolder('latin.yaml', Buffer.from([0x74, 0xe9]));
    const latin = loadTypes(folder);
    assert.ok(latin.kind === 'refused');
    assert.match(latin.problems.map(problemText).join('\n'), /latin\.yaml: must be text in UTF-8/);
    rmSync(join(folder, 'latin.yaml'));
  });
});

test('whatever a file holds, it is read or refused', () => {
  const leaf = fc.constantFrom<unknown>('a', '', 85, 0, null, true, 'luhn', 'unlimited', 'Func_credit_card', '(');
  const names = fc.constantFrom(
    ...'types name id patterns confidence primary evidence regex keywords any none min max matches function'.split(' '),
    ...'validators proximity style constructor __proto__'.split(' '),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const read = reading(JSON.stringify({ types: [{ name: 'T', patterns: value }, value] }));
      assert.ok(read.kind === 'loaded' || read.problems.length > 0);
    }),
  );
});

test('the example of the manual is one that is taken', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/sensitive-information.md'), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(manual) ?? [];
  assert.deepEqual(
    typesOf(example).map(({ name, kind, recommendedConfidence }) => [name, kind, recommendedConfidence]),
    [
      ['Contoso project number', 'entity', 75],
      ['Talk about the merger', 'affinity', 70],
    ],
  );
});
