/** Limits of rule documents (Exchange's, where it has one): what just fits is taken, one more is refused. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import fc from 'fast-check';

import { ruleReader } from '#config/mail-flow/read-rule.ts';
import { loadRuleSet, parseRuleSet, type RuleSetReading } from '#config/mail-flow/rule-set.ts';
import { problemText } from '#config/problems.ts';
import { yamlText } from '#config/yaml-list.ts';
import { ruleContext } from '../../doubles/rule-documents.ts';

const read = ruleReader({ ...ruleContext, lists: new Map() });

function messagesOf(document: object): readonly string[] {
  const reading = read({ name: 'x', quarantine: true, ...document });
  return reading.kind === 'rule' ? [] : reading.findings.map(({ message }) => message);
}

const told = (reading: RuleSetReading): readonly string[] =>
  reading.kind === 'loaded' ? [] : reading.problems.map(problemText);

const versionOf = (reading: RuleSetReading): string =>
  reading.kind === 'loaded' ? reading.ruleSet.version : 'refused';

const fileOf = (name: string, rules: readonly object[]) => ({ file: name, text: yamlText({ rules }) });

const rule = (name: string): string => `rules:\n  - name: ${name}\n    quarantine: true\n`;

const letters = (count: number): string => 'x'.repeat(count);

const TEXTS: readonly (readonly [name: string, longest: number, document: (text: string) => object])[] = [
  ['a name', 64, (name) => ({ name })],
  ['comments', 1024, (comments) => ({ comments })],
  ['a word', 128, (word) => ({ subjectContainsWords: [word] })],
  ['a disclaimer', 5000, (html) => ({ applyHtmlDisclaimerText: html })],
  ['a notification', 5120, (text) => ({ generateNotification: text })],
  ['an explanation', 1024, (text) => ({ quarantine: false, rejectMessageReasonText: text })],
];

for (const [what, longest, document] of TEXTS) {
  test(`${what} has at most ${longest} characters`, () => {
    assert.deepEqual(messagesOf(document(letters(longest))), []);
    assert.deepEqual(messagesOf(document(letters(longest + 1))), [
      `must have at most ${longest} characters; it has ${longest + 1}`,
    ]);
  });
}

test('a pattern has at most 1024 characters', () => {
  assert.deepEqual(messagesOf({ subjectMatchesPatterns: [letters(1024)] }), []);
  assert.deepEqual(messagesOf({ subjectMatchesPatterns: [letters(1025)] }), ['is longer than 1024 characters']);
});

test('a message is redirected to at most 10', () => {
  const addresses = Array.from({ length: 11 }, (_, index) => `a${index}@example.org`);
  assert.deepEqual(messagesOf({ quarantine: false, redirectMessageTo: addresses.slice(0, 10) }), []);
  assert.deepEqual(messagesOf({ quarantine: false, redirectMessageTo: addresses }), [
    'must have at most 10 entries; it has 11',
  ]);
});

test('conditions, exceptions and actions of a rule have at most 8192 characters', () => {
  const words = Array.from({ length: 78 }, () => letters(100));
  const spare = 8192 - JSON.stringify({ quarantine: true, subjectContainsWords: [...words, ''] }).length;
  assert.ok(spare > 0 && spare < 128);
  const fits = { subjectContainsWords: [...words, letters(spare)] };
  // What a rule is called and why it is there do not count.
  assert.deepEqual(messagesOf({ ...fits, name: letters(64), comments: letters(1024) }), []);
  assert.deepEqual(messagesOf({ subjectContainsWords: [...words, letters(spare + 1)] }), [
    'must have at most 8192 characters of conditions, exceptions and actions; it has 8193, long lists can stand under lists:',
  ]);
});

test('long lists stand under lists:, where a rule may be longer', () => {
  const words = Array.from({ length: 1000 }, (_, index) => `word ${index}`);
  const rules = [{ name: 'x', subjectContainsWords: '$words', quarantine: true }];
  const reading = parseRuleSet([{ file: 'a.yaml', text: yamlText({ rules, lists: { words } }) }], ruleContext);
  assert.deepEqual(told(reading), []);
  assert.ok(reading.kind === 'loaded');
  assert.deepEqual(reading.ruleSet.rules[0]?.conditions, [{ parameter: 'subjectContainsWords', value: words }]);
});

test('there are at most 300 rules in all files', () => {
  const rules = Array.from({ length: 301 }, (_, index) => ({ name: `rule ${index}`, quarantine: true }));
  const first = fileOf('a.yaml', rules.slice(0, 299));
  assert.deepEqual(told(parseRuleSet([first, fileOf('b.yaml', rules.slice(299, 300))], ruleContext)), []);
  assert.deepEqual(told(parseRuleSet([first, fileOf('b.yaml', rules.slice(299))], ruleContext)), [
    'b.yaml:4: rules[1] is one rule too many: there may be 300 in all files',
  ]);
});

test('patterns of all rules have at most 20480 characters together', () => {
  const patterns = (count: number): readonly string[] => Array.from({ length: count }, () => letters(128));
  const patterned = (name: string, count: number) => ({
    name,
    subjectMatchesPatterns: patterns(count),
    quarantine: true,
  });
  const rules = [patterned('one', 50), patterned('two', 50), patterned('three', 50)];
  const last = {
    name: 'four',
    exceptIfHeaderMatchesMessageHeader: 'X-A',
    exceptIfHeaderMatchesPatterns: patterns(9),
    quarantine: true,
  };
  const attributes = { senderADAttributeMatchesPatterns: { city: [letters(128)] } };
  assert.deepEqual(told(parseRuleSet([fileOf('a.yaml', [...rules, { ...last, ...attributes }])], ruleContext)), []);
  const more = { name: 'five', subjectMatchesPatterns: ['x'], quarantine: true };
  const problems = told(parseRuleSet([fileOf('a.yaml', [...rules, { ...last, ...attributes }, more])], ruleContext));
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? '',
    /^a\.yaml:\d+: rules\[4\] makes too much of patterns: those of all rules may have 20480 characters together$/,
  );
});

describe('a directory of rules', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-rules-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  const load = () => loadRuleSet(directory, ruleContext);

  test('that is not there has no rules', () => {
    const reading = loadRuleSet(join(directory, 'none'), ruleContext);
    assert.ok(reading.kind === 'loaded');
    assert.deepEqual(reading.ruleSet.rules, []);
  });

  test('is read in the order of the names of its files', () => {
    write('20-b.yaml', rule('second'));
    write('10-a.yml', rule('first'));
    write('Z.yaml', rule('third'));
    write('.draft.yaml', 'not: [yaml');
    write('notes.txt', 'not: [yaml');
    mkdirSync(join(directory, '30.yaml'));
    const reading = load();
    assert.ok(reading.kind === 'loaded');
    assert.deepEqual(
      reading.ruleSet.rules.map(({ name }) => name),
      ['first', 'second', 'third'],
    );
    assert.deepEqual(reading.sources[1], { file: join(directory, '20-b.yaml'), line: 2, index: 0 });
  });

  test('has another version whenever a file changes, also in its name', () => {
    write('a.yaml', rule('one'));
    const first = versionOf(load());
    assert.equal(versionOf(load()), first);
    write('a.yaml', `${rule('one')}# a comment\n`);
    const second = versionOf(load());
    rmSync(join(directory, 'a.yaml'));
    write('b.yaml', rule('one'));
    assert.equal(new Set([first, second, versionOf(load())]).size, 3);
  });

  test('has at most 300 files', () => {
    for (let index = 0; index < 301; index += 1) write(`${index}.yaml`, '');
    const message = `${directory}: must hold at most 300 files of rules`;
    assert.deepEqual(told(load()), [message]);
    rmSync(join(directory, '300.yaml'));
    assert.ok(!told(load()).includes(message));
  });

  test('has no file over 4 MiB', () => {
    write('a.yaml', `# ${letters(4 * 1024 * 1024)}\n`);
    assert.deepEqual(told(load()), [`${join(directory, 'a.yaml')}: is larger than 4 MiB`]);
  });

  test('is no file', () => {
    write('a.yaml', rule('one'));
    const file = join(directory, 'a.yaml');
    assert.deepEqual(told(loadRuleSet(file, ruleContext)), [
      `${file}: cannot be read (it is a file; the setting mailFlow.rules names a directory)`,
    ]);
  });
});

test('at most 200 problems are told at once, and that there are more', () => {
  const rules = Array.from({ length: 250 }, (_, index) => ({ name: `rule ${index}`, quarantin: true }));
  const all = told(parseRuleSet([fileOf('a.yaml', rules)], ruleContext));
  assert.equal(all.length, 201);
  assert.match(JSON.stringify(all.at(-1)), /has more problems than are shown/);
});

test('a rule has no more parameters than there are', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`quarantine${index}`, true]));
  assert.deepEqual(messagesOf(many), ['has more parameters than there are']);
});

test('of far too many rules only so many are read as are needed to say so', () => {
  const rules = Array.from({ length: 5000 }, (_, index) => ({ name: `rule ${index}`, quarantine: index < 400 }));
  assert.deepEqual(told(parseRuleSet([fileOf('a.yaml', rules)], ruleContext)), [
    'a.yaml:602: rules[300] is one rule too many: there may be 300 in all files',
  ]);
});

test('whatever the text, the answer is rules or problems', () => {
  const names = ['rules', 'lists', 'name', 'sentTo', 'quarantine', 'exceptIfFrom', 'x', '$x', 'true', '1', '~'];
  const signs = [
    '[',
    ']',
    '{',
    '}',
    '&a',
    '*a',
    ': ',
    '- ',
    '\n',
    '  ',
    ', ',
    '"',
    '#',
    '<<',
    '? ',
    '!!binary',
    '\t',
    '\0',
  ];
  const pieces = fc.constantFrom(...names, ...signs);
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.array(pieces, { maxLength: 20 }).map((parts) => `rules:\n  - name: a\n    ${parts.join('')}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const reading = parseRuleSet([{ file: 'a.yaml', text }], ruleContext);
      return reading.kind === 'loaded' || reading.problems.length > 0;
    }),
    { numRuns: 300 },
  );
});
