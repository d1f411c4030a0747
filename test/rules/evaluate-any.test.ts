/** What must be true of the evaluation of any rules over any message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRules } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Branch, Deferred, Evaluation } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import { ACTION_NAMES, CONDITION_NAMES } from '#rules/parameters.ts';
import type { Condition, Rule } from '#rules/rule.ts';
import { anyFacts, anyRules } from './arbitrary.ts';
import { remembered, ruleSet } from './known-message.ts';
import { evaluatedByStages } from './stages.ts';

const RUNS = { numRuns: 200 };

function resultOf(rules: readonly Rule[], facts: MessageFacts): Evaluation | Deferred {
  const result = evaluate(compileRules(ruleSet(...rules)), facts);
  assert.ok(result.kind !== 'needs');
  return result;
}

/** What is done, without what is told of it. */
function effectOf(result: Evaluation | Deferred): unknown {
  return result.kind === 'deferred' ? 'deferred' : { branches: result.branches, notices: result.notices };
}

function forAll(check: (rules: readonly Rule[], facts: MessageFacts) => void, rules = anyRules()): void {
  fc.assert(fc.property(rules, anyFacts, check), RUNS);
}

/** At any place among the rules. */
function forAnyRule(check: (rules: readonly Rule[], index: number, facts: MessageFacts) => void): void {
  const some = anyRules().filter(({ length }) => length > 0);
  fc.assert(
    fc.property(some, fc.nat(), anyFacts, (rules, number, facts) => check(rules, number % rules.length, facts)),
    RUNS,
  );
}

const withRule = (rules: readonly Rule[], index: number, known: Partial<Rule>): readonly Rule[] =>
  rules.map((each, at) => (at === index ? { ...each, ...known } : each));

test('the original recipients of the branches are those of the message, each once', () => {
  forAll((rules, facts) => {
    const result = resultOf(rules, facts);
    if (result.kind === 'deferred') return;
    const originals = result.branches.flatMap((branch) => branch.originals);
    assert.deepEqual(originals.toSorted(), facts.recipients.map(({ address }) => address).toSorted());
  });
});

test('a recipient stands in a branch once, and is either of the message or added by a rule', () => {
  forAll((rules, facts) => {
    const result = resultOf(rules, facts);
    if (result.kind === 'deferred') return;
    const known = new Set(facts.recipients.map(({ address }) => address));
    for (const { recipients } of result.branches) {
      assert.ok(recipients.length > 0);
      assert.equal(new Set(recipients.map(({ address }) => address)).size, recipients.length);
      for (const { address, of, addedBy } of recipients) {
        assert.ok(of === undefined || known.has(of));
        assert.ok(addedBy !== undefined || of === address);
      }
    }
  });
});

test('no two branches are the same form of the message', () => {
  forAll((rules, facts) => {
    const result = resultOf(rules, facts);
    if (result.kind === 'deferred') return;
    const forms = result.branches.map(({ disposition, changes, terms }) =>
      JSON.stringify([disposition, changes, terms]),
    );
    assert.equal(new Set(forms).size, forms.length);
  });
});

test('mode audit has no changes, no terms and no disposition but to deliver, whatever the rules', () => {
  forAll((rules, facts) => {
    const nothing = resultOf([], facts);
    const result = resultOf(
      rules.map((each): Rule => ({ ...each, mode: each.mode === 'enforce' ? 'audit' : each.mode })),
      facts,
    );
    assert.ok(result.kind === 'evaluated' && nothing.kind === 'evaluated');
    assert.deepEqual(result.branches, nothing.branches);
    for (const { kind, mode } of result.notices) assert.ok(mode === 'auditAndNotify' || kind === 'incident-report');
  });
});

test('an exception that holds takes the effect of its rule away, and nothing else', () => {
  const always: Condition = { parameter: 'messageSizeOver', value: 0 };
  forAnyRule((rules, index, facts) => {
    const exceptions = [...(rules[index]?.exceptions ?? []), always];
    const excepted = resultOf(withRule(rules, index, { exceptions }), facts);
    assert.deepEqual(effectOf(excepted), effectOf(resultOf(withRule(rules, index, { enabled: false }), facts)));
  });
});

test('a condition that is an exception too leaves nothing for the rule to do', () => {
  forAnyRule((rules, index, facts) => {
    const conditions = rules[index]?.conditions ?? [];
    if (conditions.length === 0) return;
    const { trail } = resultOf(withRule(rules, index, { exceptions: conditions }), facts);
    for (const { rule, outcome } of trail.rules) assert.ok(rule !== `rule ${index}` || outcome !== 'matched');
  });
});

test('a condition that always holds changes nothing, and one that never holds everything', () => {
  forAnyRule((rules, index, facts) => {
    const conditions = rules[index]?.conditions ?? [];
    const withSize = (value: number) =>
      resultOf(withRule(rules, index, { conditions: [...conditions, { parameter: 'messageSizeOver', value }] }), facts);
    assert.deepEqual(effectOf(withSize(0)), effectOf(resultOf(rules, facts)));
    assert.deepEqual(effectOf(withSize(1e9)), effectOf(resultOf(withRule(rules, index, { enabled: false }), facts)));
  });
});

test('in which order conditions and exceptions stand does not matter', () => {
  forAll((rules, facts) => {
    const turned = rules.map((each): Rule => ({
      ...each,
      conditions: each.conditions.toReversed(),
      exceptions: each.exceptions.toReversed(),
    }));
    const [one, other] = [resultOf(rules, facts), resultOf(turned, facts)];
    assert.equal(one.kind, other.kind);
    if (one.kind === 'evaluated' && other.kind === 'evaluated') assert.deepEqual(other.branches, one.branches);
  });
});

test('what is gathered step by step leads to the same as what is known from the beginning', () => {
  forAll((rules, facts) => {
    const staged = evaluatedByStages(compileRules(ruleSet(...rules)), facts);
    assert.deepEqual(staged.result, resultOf(rules, facts));
  });
});

test('rules that were cloned to another thread do the same, and what they did can be cloned back', () => {
  forAll((rules, facts) => {
    const cloned = evaluate(compileRules(structuredClone(ruleSet(...rules))), facts);
    assert.deepEqual(structuredClone(cloned), structuredClone(resultOf(rules, facts)));
  });
});

test('an evaluation leaves no trace for the next', () => {
  forAll((rules, facts) => {
    const compiled = compileRules(ruleSet(...rules));
    const first = evaluate(compiled, facts);
    assert.deepEqual(evaluate(compiled, facts), first);
  });
});

test('where nothing is unknown of a message that is gone, the same is done as when it was there', () => {
  forAll((rules, facts) => {
    const { content } = facts;
    if (content?.kind !== 'inspected') return;
    const later = resultOf(rules, { ...facts, content: remembered(content, ['swift code', 'credit card number']) });
    if (later.trail.rules.some(({ conditions }) => conditions.some(({ answer }) => answer === 'unknown'))) return;
    const result = resultOf(rules, facts);
    assert.equal(later.kind, result.kind);
    if (later.kind === 'evaluated' && result.kind === 'evaluated') assert.deepEqual(later.branches, result.branches);
  });
});

/** Those that look at other recipients, or make some. */
const lookAround = new Set<string>(['anyOfRecipientAddressContainsWords', 'anyOfRecipientAddressMatchesPatterns']);
const add = new Set<string>([
  'addToRecipients',
  'copyTo',
  'blindCopyTo',
  'addManagerAsRecipientType',
  'redirectMessageTo',
]);

test('to each recipient happens what would happen if the message came for nobody else', () => {
  const rules = anyRules({
    conditions: CONDITION_NAMES.filter((name) => !lookAround.has(name)),
    actions: ACTION_NAMES.filter((name) => !add.has(name)),
  });
  forAll((all, facts) => {
    const together = resultOf(all, facts);
    if (together.kind === 'deferred') return;
    for (const recipient of facts.recipients) {
      const alone = resultOf(all, { ...facts, recipients: [recipient] });
      assert.equal(alone.kind, 'evaluated');
      const ours: Branch | undefined = together.branches.find(({ originals }) => originals.includes(recipient.address));
      const [only] = alone.branches;
      assert.deepEqual(
        [only?.disposition, only?.changes, only?.terms],
        [ours?.disposition, ours?.changes, ours?.terms],
      );
    }
  }, rules);
});

test('whatever is not known is said, and nothing is thrown', () => {
  const fragment = fc.record({ hasHeader: fc.boolean(), hasPeople: fc.boolean(), hasContent: fc.boolean() });
  fc.assert(
    fc.property(anyRules(), anyFacts, fragment, (rules, facts, { hasHeader, hasPeople, hasContent }) => {
      const { header, people, content, ...plain } = facts;
      const result = evaluate(compileRules(ruleSet(...rules)), {
        ...plain,
        ...(hasHeader ? { header } : {}),
        ...(hasPeople ? { people } : {}),
        ...(hasContent ? { content } : {}),
      });
      if (result.kind !== 'needs') return;
      const known = { header: hasHeader, directory: hasPeople, content: hasContent };
      assert.equal(known[result.need], false);
    }),
    RUNS,
  );
});

test('a directory that knows nobody of whom it was asked throws nothing', () => {
  forAll((rules, facts) => {
    assert.doesNotThrow(() => resultOf(rules, { ...facts, people: new Map() }));
  });
});

test('these rules use every condition and every action, and hold often enough', () => {
  const rules = fc.sample(anyRules(), { numRuns: 1000, seed: 1 }).flat();
  const conditions = new Set(rules.flatMap((each) => each.conditions.map(({ parameter }) => parameter)));
  const actions = new Set(rules.flatMap((each) => each.actions.map(({ parameter }) => parameter)));
  assert.deepEqual([conditions.size, actions.size], [CONDITION_NAMES.length, ACTION_NAMES.length]);
  const samples = fc.sample(fc.tuple(anyRules(), anyFacts), { numRuns: 300, seed: 1 });
  const outcomes = samples.flatMap(([all, facts]) => resultOf(all, facts).trail.rules.map(({ outcome }) => outcome));
  const share = (outcome: string): number => outcomes.filter((each) => each === outcome).length / outcomes.length;
  assert.ok(share('matched') > 0.2 && share('not-matched') > 0.2 && share('error') > 0.01, JSON.stringify(outcomes));
});
