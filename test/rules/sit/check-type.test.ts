import assert from 'node:assert/strict';
import { test } from 'node:test';

import { builtInTypes } from '#rules/sit/built-in.ts';
import { problemsOf, TYPE_LIMITS } from '#rules/sit/check-type.ts';
import type { CustomType, Element } from '#rules/sit/custom.ts';
import { EMPLOYEE, employeeWith, entity, keywords, near, regex } from './known-types.ts';

const withPrimary = (primary: Element): CustomType => entity({ patterns: [{ confidence: 80, primary, evidence: [] }] });

test('nothing is wrong with built-in types, and they can be cloned to a thread', () => {
  assert.deepEqual(
    builtInTypes.flatMap((type) => problemsOf(type).map((problem) => `${type.name} ${problem}`)),
    [],
  );
  assert.deepEqual(structuredClone(builtInTypes), builtInTypes);
});

for (const [what, type, problem] of [
  ['an id that is no GUID', { ...employeeWith(), id: 'employee' }, /"employee", which is no GUID/],
  ['no name', { ...employeeWith(), name: ' ' }, /no name/],
  ['a name that is too long', { ...employeeWith(), name: 'n'.repeat(257) }, /more than 256 characters/],
  ['no pattern', entity({ patterns: [] }), /no pattern/],
  ['a confidence of 101', { ...employeeWith(), recommendedConfidence: 101 }, /a confidence of 101/],
  [
    'a pattern of confidence 0',
    entity({ patterns: [{ confidence: 0, primary: EMPLOYEE, evidence: [] }] }),
    /a confidence of 0/,
  ],
  ['a proximity of 0', { ...employeeWith(), proximity: 0 }, /a proximity of 0/],
  ['an expression with look-around', withPrimary(regex('(?=a)b')), /the expression "\(\?=a\)b", which/],
  ['an unknown validator', withPrimary(regex('a', 'no-such')), /the validator "no-such"; there are luhn,/],
  [
    'an unknown function',
    withPrimary({ kind: 'function', name: 'Func_x' }),
    /the function "Func_x", which there is not/,
  ],
  ['an empty list of keywords', employeeWith(near(keywords())), /an empty list/],
  ['an empty keyword', employeeWith(near(keywords(' '))), /the keyword " "/],
  ['too many keywords', employeeWith(near(keywords(...Array<string>(2049).fill('a')))), /more than 2048 keywords/],
  [
    'a group that can never hold',
    employeeWith({ kind: 'any', min: 2, of: [near(keywords('a'))] }),
    /2 to any number of 1/,
  ],
  [
    'a group with a most below its least',
    employeeWith({ kind: 'any', min: 1, max: 0, of: [near(keywords('a'))] }),
    /1 to 0 of 1/,
  ],
  ['evidence asked for no times', employeeWith({ kind: 'match', element: EMPLOYEE, minCount: 0 }), /less than once/],
] as const satisfies readonly (readonly [string, CustomType, RegExp])[]) {
  test(`a type with ${what} is told`, () => {
    const problems = problemsOf(type);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', problem);
  });
}

const withExpressions = (count: number): CustomType =>
  employeeWith(
    ...Array.from({ length: count }, (_, index) => near(regex(`a${index}`))),
    near(EMPLOYEE),
    near(EMPLOYEE),
  );

test('a type may have twenty different expressions, however often it names them', () => {
  assert.deepEqual(problemsOf(withExpressions(TYPE_LIMITS.regexes - 1)), []);
  assert.match(problemsOf(withExpressions(TYPE_LIMITS.regexes))[0] ?? '', /21 different expressions/);
});

test('evidence may not be nested without end', () => {
  let evidence = near(EMPLOYEE);
  for (let depth = 0; depth < 100; depth += 1) evidence = { kind: 'any', min: 1, of: [evidence] };
  assert.deepEqual(problemsOf(employeeWith(evidence)), ['nests evidence more than 8 deep']);
});
