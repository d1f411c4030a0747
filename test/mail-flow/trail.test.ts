import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactTrail } from '#mail-flow/trail.ts';
import type { ConditionTrail, RuleTrail } from '#rules/evaluation.ts';

const condition = (parts: Partial<ConditionTrail>): ConditionTrail => ({
  parameter: 'fromScope',
  exception: false,
  answer: 'no',
  evidence: '',
  ...parts,
});

const trail = (priority: number, parts: Partial<RuleTrail> = {}): RuleTrail => ({
  rule: `rule ${priority}`,
  priority,
  mode: 'enforce',
  outcome: 'not-matched',
  why: 'a condition does not hold',
  conditions: [condition({})],
  actions: [],
  recipients: [],
  ...parts,
});

test('rules that did something are kept whole, and so are those that failed', () => {
  const rules = [trail(0, { outcome: 'matched' }), trail(1), trail(2, { outcome: 'error' })];
  assert.deepEqual(compactTrail({ version: 'v', rules }).matched, [rules[0], rules[2]]);
});

test('of the others it is kept what they failed at: a condition, an exception, or the reason for passing them over', () => {
  const held = condition({ answer: 'yes' });
  const rules = [
    trail(0),
    trail(1),
    trail(2, { conditions: [held, condition({ parameter: 'from', exception: true, answer: 'yes' })] }),
    trail(3, { outcome: 'passed-over', why: 'it is disabled', conditions: [] }),
    trail(4),
    trail(5, { conditions: [held, condition({ parameter: 'sentTo' })] }),
    trail(6),
    trail(7),
  ];
  assert.deepEqual(compactTrail({ version: 'v', rules }).others, {
    fromScope: '0-1,4,6-7',
    exceptIfFrom: '2',
    'it is disabled': '3',
    sentTo: '5',
  });
});

test('one that no single condition decided has its own words', () =>
  assert.deepEqual(
    compactTrail({ version: 'v', rules: [trail(3, { outcome: 'unknown', why: 'texts are gone', conditions: [] })] })
      .others,
    {
      'texts are gone': '3',
    },
  ));
