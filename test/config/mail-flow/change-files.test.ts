/** Changes of rule files, for any rules: what was meant becomes so, and nothing else changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { planChange, ruleText, type CurrentRules, type RuleChange } from '#config/mail-flow/change-files.ts';
import { ruleReader } from '#config/mail-flow/read-rule.ts';
import { parseRuleSet } from '#config/mail-flow/rule-set.ts';
import type { RuleDocument } from '#config/mail-flow/write-rule.ts';
import { yamlText } from '#config/yaml-list.ts';
import type { Rule } from '#rules/rule.ts';
import { ruleContext, ruleDocument } from '../../doubles/rule-documents.ts';

const read = ruleReader({ ...ruleContext, lists: new Map() });

const ruleOf = (document: unknown): Rule | undefined => {
  const reading = read(document);
  return reading.kind === 'rule' ? reading.rule : undefined;
};

const COMMENT = '# kept\n';

/** Rules in two files, with comments between them. */
function currentOf(documents: readonly RuleDocument[]): CurrentRules {
  const half = Math.ceil(documents.length / 2);
  const files = [documents.slice(0, half), documents.slice(half)].map((rules, index) => {
    const text = rules.length === 0 ? 'rules:\n' : yamlText({ rules });
    return { file: `/rules/${index}.yaml`, text: COMMENT + text.replaceAll(/^ {2}- /gm, '  # of the rule\n  - ') };
  });
  const loaded = parseRuleSet(files, ruleContext);
  assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded));
  return { directory: '/rules', files, loaded };
}

/** The rules after the change; `undefined` when it is refused. */
function after(current: CurrentRules, change: RuleChange): readonly Rule[] | undefined {
  const plan = planChange(current, change);
  if (plan.kind !== 'planned') return undefined;
  for (const { text } of plan.files) assert.ok(text.startsWith(COMMENT), text);
  const loaded = parseRuleSet(plan.files, ruleContext);
  return loaded.kind === 'loaded' ? loaded.ruleSet.rules : undefined;
}

const documents = fc
  .uniqueArray(ruleDocument, {
    minLength: 2,
    maxLength: 5,
    selector: ({ name }) => String(name).toLowerCase(),
  })
  // Lines like this stand in texts of several lines too, where a comment would be text.
  .filter((all) => all.every((one) => !/^ *- /m.test(yamlText(one))));

const cases = fc.tuple(documents, fc.nat(), fc.nat(6));

const nameOf = (all: readonly RuleDocument[], at: number): string => String(all[at % all.length]?.['name']);

test('a rule that is added is there, at its position, and means what it says', () => {
  fc.assert(
    fc.property(cases, ([[one, ...others], , position]) => {
      assert.ok(one !== undefined);
      const current = currentOf(others);
      const rules = after(current, { kind: 'add', text: yamlText(one), position });
      assert.deepEqual(rules, current.loaded.ruleSet.rules.toSpliced(position, 0, ruleOf(one) ?? assert.fail()));
    }),
    { numRuns: 20 },
  );
});

test('a rule that is removed is gone, and only that', () => {
  fc.assert(
    fc.property(cases, ([all, at]) => {
      const current = currentOf(all);
      const rules = after(current, { kind: 'remove', name: nameOf(all, at) });
      assert.deepEqual(rules, current.loaded.ruleSet.rules.toSpliced(at % all.length, 1));
    }),
    { numRuns: 20 },
  );
});

test('a rule that is moved stands where it was moved to', () => {
  fc.assert(
    fc.property(cases, ([all, at, position]) => {
      const current = currentOf(all);
      const { rules } = current.loaded.ruleSet;
      const index = at % all.length;
      const moved = rules.toSpliced(index, 1).toSpliced(position, 0, rules[index] ?? assert.fail());
      assert.deepEqual(after(current, { kind: 'move', name: nameOf(all, at), position }), moved);
    }),
    { numRuns: 20 },
  );
});

test('parameters that are set have their values, the others keep theirs', () => {
  fc.assert(
    fc.property(cases, ([[source, ...all], at]) => {
      assert.ok(source !== undefined);
      const { name: _name, ...set } = source;
      const current = currentOf(all);
      const index = at % all.length;
      const merged = ruleOf({ ...all[index], ...set });
      const { rules } = current.loaded.ruleSet;
      const expected = merged === undefined ? undefined : rules.with(index, merged);
      assert.deepEqual(after(current, { kind: 'set', name: nameOf(all, at), set, unset: [] }), expected);
    }),
    { numRuns: 20 },
  );
});

test('the text of a rule, put back as it is, changes nothing', () => {
  fc.assert(
    fc.property(cases, ([all, at]) => {
      const current = currentOf(all);
      const text = ruleText(current, at % all.length) ?? '';
      assert.ok(text.startsWith('# of the rule\n'), text);
      const plan = planChange(current, { kind: 'edit', name: nameOf(all, at), text });
      assert.ok(plan.kind === 'planned');
      assert.deepEqual(plan.files, current.files);
    }),
    { numRuns: 20 },
  );
});

test('whatever the text that is put in, it is refused or leaves the other rules alone', () => {
  const texts = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          'name: x',
          'quarantine: true',
          'rules:',
          '- ',
          '\n',
          '  ',
          '#',
          '---',
          '"',
          '[',
          '&a',
          '*a',
          '|',
          '>',
        ),
      )
      .map((parts) => parts.join('')),
  );
  const current = currentOf([
    { name: 'first', quarantine: true },
    { name: 'second', quarantine: true },
    { name: 'third', quarantine: true },
  ]);
  const changes = fc
    .tuple(texts, fc.constantFrom('add', 'edit'))
    .map(([text, kind]): RuleChange =>
      kind === 'add' ? { kind: 'add', text, position: 1 } : { kind: 'edit', name: 'second', text },
    );
  fc.assert(
    fc.property(changes, (change) => {
      const rules = after(current, change);
      const kept = change.kind === 'add' ? ['first', 'second', 'third'] : ['first', 'third'];
      const names = rules?.map(({ name }) => name) ?? kept;
      assert.deepEqual(
        names.filter((name) => kept.includes(name)),
        kept,
      );
    }),
    { numRuns: 60 },
  );
});

test('lines of blanks within a text are part of it', () => {
  const current = currentOf([
    { name: 'first', quarantine: true },
    { name: 'second', enabled: false, applyHtmlDisclaimerText: ' \n  \na' },
  ]);
  const rules = after(current, { kind: 'set', name: 'second', set: { mode: 'audit' }, unset: [] });
  assert.deepEqual(rules?.[1]?.actions, current.loaded.ruleSet.rules[1]?.actions);
});
