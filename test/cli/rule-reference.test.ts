/** That tests name every condition, exception and action, as docs/reference/rules.md shows it. Freshness: `program.test.ts`. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';

import { ruleReference } from '#cli/rule-reference.ts';
import { parametersTried, ruleTests } from '#cli/rule-tests.ts';
import { sitReference, soughtBy } from '#cli/sit-reference.ts';
import { REFUSED_PARAMETERS } from '#config/mail-flow/refused.ts';
import { PROPERTIES } from '#config/mail-flow/rule-schema.ts';
import { exceptionName } from '#rules/parameter.ts';
import { ACTION_PARAMETERS, CONDITION_PARAMETERS } from '#rules/parameters.ts';
import { builtInTypes } from '#rules/sit/built-in.ts';

const root = join(import.meta.dirname, '../..');

const namesOf = (rows: readonly { readonly parameters: readonly { readonly name: string }[] }[]): readonly string[] =>
  rows.flatMap(({ parameters }) => parameters.map(({ name }) => name));
const conditions = namesOf(CONDITION_PARAMETERS);
const actions = namesOf(ACTION_PARAMETERS);

describe('every parameter has a test that names it', () => {
  const tests = ruleTests(root);
  for (const [kind, names] of [
    ['condition', conditions],
    ['exception', conditions.map(exceptionName)],
    ['action', actions],
  ] as const) {
    test(`every ${kind}`, () => {
      const missing = names.filter((name) => !tests.has(name));
      assert.deepEqual(missing, [], `no test names ${missing.join(' ')}`);
    });
  }
});

describe('a test names a parameter', () => {
  const rows: readonly (readonly [how: string, source: string, names: readonly string[]])[] = [
    ['by the beginning of its title', `test('sentTo holds', () => undefined);`, ['sentTo']],
    ['by the beginning of a row', `const rows = [\n  [\n    'copyTo adds a copy',\n    1,\n  ],\n];`, ['copyTo']],
    [
      'with others that its title begins with',
      'test(`setHeaderName, setHeaderValue and removeHeader do it`, f);',
      ['setHeaderName', 'setHeaderValue', 'removeHeader'],
    ],
    [
      'as an exception too where a table is turned round',
      `conditionTable('sentTo', [\n  ['sentTo holds', [BOB], 'yes'],\n]);\ntest('from holds', f);`,
      ['sentTo', 'from', 'exceptIfSentTo'],
    ],
    ['as an exception alone', `test('exceptIfSCLOver does not hold', f);`, ['exceptIfSCLOver']],
  ];
  for (const [how, source, names] of rows) test(how, () => assert.deepEqual(parametersTried(source), names));

  for (const [where, source] of [
    ['within its title', `test('what sentTo does', f);`],
    ['by a longer word', `test('sentToEverybody holds', f);`],
    ['by its name alone', `test('sentTo', f); acted({ parameter: 'sentTo', value: [BOB] });`],
    ['in a text that is no title', `assert.equal(text, 'sentTo holds');`],
    ['in a comment', `// sentTo holds\n`],
  ] as const) {
    test(`but not ${where}`, () => assert.deepEqual(parametersTried(source), []));
  }
});

/** Calls back with a tree of these files. */
function inTree(files: { readonly [path: string]: string }, check: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'postern-reference-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('the page of rules', () => {
  const page = ruleReference(root);
  const lines = page.split('\n');

  test('has one row for each condition and each action', () => {
    for (const { parameters } of [...CONDITION_PARAMETERS, ...ACTION_PARAMETERS]) {
      const [first] = parameters;
      const rows = lines.filter((line) => line.startsWith(`| \`${first.name}\``));
      assert.equal(rows.length, 1, first.name);
      for (const { name } of parameters) assert.ok(rows[0]?.includes(`\`${name}\``), name);
    }
  });

  test('has each exception, each property and each refused parameter', () => {
    for (const name of conditions.map(exceptionName)) assert.ok(page.includes(`\`${name}\``), name);
    for (const name of Object.keys(PROPERTIES)) assert.ok(page.includes(`| \`${name}\` | `), name);
    for (const [name, reason] of REFUSED_PARAMETERS) assert.ok(page.includes(`| \`${name}\` | ${reason} |`), name);
  });

  test('leads to every kind of value that it names', () => {
    const wanted = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    assert.ok(wanted.length > conditions.length);
    for (const anchor of wanted) assert.ok(page.includes(`<a id="${anchor}"></a>`), anchor);
  });

  test("shows Exchange's name where it differs in more than the first letter", () => {
    assert.ok(page.includes('| `sclOver` (`SCLOver`) |'));
    assert.ok(page.includes('| `sentTo` | '));
  });

  test('says both ways which actions cannot stand together', () => {
    for (const [one, other] of [
      ['notifySender', 'deleteMessage'],
      ['deleteMessage', 'notifySender'],
    ] as const) {
      const row = lines.find((line) => line.startsWith(`| \`${one}\``));
      assert.ok(row?.includes(`\`${other}\``), row);
    }
  });

  test('names the files of tests below test/, each once, in their order', () => {
    const files = {
      'test/rules/conditions/b.test.ts': `test('headerContainsMessageHeader a', f); test('headerContainsMessageHeader b', f);`,
      'test/protection/a.test.ts': `test('headerContainsWords a', f);`,
    };
    inTree(files, (directory) => {
      const row = ruleReference(directory)
        .split('\n')
        .find((line) => line.startsWith('| `headerContainsMessageHeader`'));
      assert.ok(row?.endsWith('| `protection/a.test.ts`, `rules/conditions/b.test.ts` |'), row);
    });
  });
});

describe('the page of sensitive information types', () => {
  test('has a row for each type, with samples of both kinds', () => {
    const lines = sitReference(root).split('\n');
    for (const { name, id, recommendedConfidence } of builtInTypes) {
      const row = lines.find((line) => line.startsWith(`| ${name} | \`${id}\` | ${recommendedConfidence} | `));
      assert.match(row ?? name, / \| [1-9]\d* \| [1-9]\d* \|$/);
    }
  });

  test('counts the samples of each type', () => {
    const samples = 'type: Credit Card Number\npresent: [{ text: a }, { text: b }]\nabsent: [{ text: c }]\n';
    inTree({ 'test/vectors/sit/card.yaml': samples }, (directory) => {
      const page = sitReference(directory);
      assert.match(page, /^\| Credit Card Number \|.* \| 2 \| 1 \|$/m);
      assert.match(page, /^\| SWIFT Code \|.* \| 0 \| 0 \|$/m);
      assert.ok(page.includes('; 2 samples in which they are found, 1 in which they are not.'));
    });
  });

  for (const [what, name, text] of [
    [
      'what is counted by the confidence of the find, and what must be near',
      'SWIFT Code',
      '75: `Regex_swift` near a word such as "swift"',
    ],
    [
      'what must not be near',
      'U.K. National Insurance Number (NINO)',
      '85: `Func_uk_nino` near a word such as "national insurance number"; 75: `Func_uk_nino` near no word such as "national insurance number"',
    ],
    [
      'how many of several must be near',
      'Canada Personal Health Identification Number (PHIN)',
      '75: `Regex_canada_phin` near 2 of these: a word such as "social insurance number", a word such as "alberta"',
    ],
    [
      'patterns that differ in the number alone together',
      "Canada Driver's License Number",
      '75: `Func_alberta_drivers_license_number` near a word such as "driver lic" and a word such as "alberta", and 9 more like it',
    ],
  ] as const) {
    test(`says ${what}`, () => {
      const type = builtInTypes.find((each) => each.name === name);
      assert.ok(type !== undefined);
      assert.equal(soughtBy(type), text);
    });
  }
});
