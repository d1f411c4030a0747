import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AffinityType } from '#rules/sit/custom.ts';
import { detectCustom, keywords, near } from './known-types.ts';

const plans: AffinityType = {
  kind: 'affinity',
  id: '11111111-2222-4333-8444-555555555555',
  name: 'Merger Plans',
  recommendedConfidence: 75,
  proximity: 600,
  evidence: [
    { confidence: 65, matches: [near(keywords('merger'))] },
    { confidence: 65, matches: [near(keywords('due diligence'))] },
  ],
};

const apart = (characters: number): string => `${'x '.repeat(2000)}merger${'.'.repeat(characters)}due diligence`;

test('a text is of an affinity where enough of its evidence stands together, in any order', () => {
  assert.equal(detectCustom(plans, 'The merger.'), undefined);
  assert.equal(detectCustom(plans, 'Due diligence before the merger.')?.confidence, 87);
  assert.equal(detectCustom(plans, 'The merger after due diligence.')?.confidence, 87);
});

test('evidence of an affinity stands within its window, which slides', () => {
  assert.ok(detectCustom(plans, apart(581)));
  assert.equal(detectCustom(plans, apart(582)), undefined);
  assert.ok(detectCustom({ ...plans, proximity: 'unlimited' }, apart(5000)));
});

test('an affinity counts nothing and shows no value', () => {
  const found = detectCustom(plans, 'merger, due diligence; merger, due diligence', 'merger and due diligence');
  assert.equal(found?.uniqueCount, 1);
  assert.deepEqual(
    found?.values.map(({ masked, where }) => ({ masked, where })),
    [{ masked: '', where: 'item 1' }],
  );
});

test('evidence of an affinity in two texts does not add up', () => {
  assert.equal(detectCustom(plans, 'merger', 'due diligence'), undefined);
});
