/**
 * Runs tables of one condition: each row as a condition, and turned round as an exception. A title begins with a parameter of the
 * condition, by which the reference finds it; that of the exception begins with the parameter of the exception.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONDITIONS } from '#rules/conditions/table.ts';
import type { MessageFacts } from '#rules/facts.ts';
import { exceptionName } from '#rules/parameter.ts';
import type { Condition, ConditionName, ConditionOf, ConditionValues, Rule } from '#rules/rule.ts';
import { evaluated, facts, rule, trailOf } from '../known-message.ts';

/** For everybody, for nobody, for some; or what cannot be told. */
export type Expected = 'yes' | 'no' | 'error' | 'unknown' | readonly string[];

export type Row<Name extends ConditionName> = readonly [
  title: string,
  value: ConditionValues[Name],
  expected: Expected,
  known?: Partial<MessageFacts>,
  settings?: Partial<Rule>,
];

export function conditionTable<Name extends ConditionName>(name: Name, rows: readonly Row<Name>[]): void {
  for (const [title, value, expected, known = {}, settings = {}] of rows) {
    const condition = conditionOf(name, value);
    test(title, () => {
      assert.deepEqual(outcome({ ...settings, conditions: [condition] }, known), inFull(expected, known));
    });
    test(exceptionTitle(name, title), () => {
      assert.deepEqual(outcome({ ...settings, exceptions: [condition] }, known), turnedRound(expected, known));
    });
  }
}

function exceptionTitle(name: ConditionName, title: string): string {
  const [parameter = '', ...sentence] = title.split(' ');
  const parameters = CONDITIONS[name].parameters.map((each) => each.name);
  assert.ok(parameters.includes(parameter), `"${title}" begins with none of ${parameters.join(', ')}`);
  return [exceptionName(parameter), ...sentence].join(' ');
}

function conditionOf<Name extends ConditionName>(parameter: Name, value: ConditionValues[Name]): Condition {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- name and value belong together, which a union cannot be told
  return { parameter, value } as ConditionOf<Name>;
}

/** Whom a rule acts for, as its actions show it; or why it acts for nobody. */
function outcome(settings: Partial<Rule>, known: Partial<MessageFacts>): readonly string[] | string {
  const made = evaluated([rule({ ...settings, actions: [{ parameter: 'prependSubject', value: '[x] ' }] })], known);
  const trail = trailOf(made);
  if (trail.outcome === 'error' || trail.outcome === 'unknown') return trail.outcome;
  const acted = made.branches.filter(({ changes }) => changes.length > 0).flatMap(({ originals }) => originals);
  assert.deepEqual(trail.recipients, acted);
  return acted;
}

const everybody = (known: Partial<MessageFacts>): readonly string[] =>
  facts(known).recipients.map(({ address }) => address);

function inFull(expected: Expected, known: Partial<MessageFacts>): readonly string[] | string {
  return expected === 'yes' ? everybody(known) : expected === 'no' ? [] : expected;
}

function turnedRound(expected: Expected, known: Partial<MessageFacts>): readonly string[] | string {
  if (expected === 'yes') return [];
  if (expected === 'no') return everybody(known);
  return typeof expected === 'string' ? expected : everybody(known).filter((address) => !expected.includes(address));
}
