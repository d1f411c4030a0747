import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConditionTrail } from '#rules/evaluation.ts';
import { hitEvidence, listed, quoted } from '#rules/evidence.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { Condition } from '#rules/rule.ts';
import {
  attachment,
  BOB,
  CAROL,
  contentFailed,
  detected,
  evaluated,
  inspected,
  MAX,
  people,
  person,
  recipients,
  rule,
  SALES,
  trailOf,
} from './known-message.ts';

const CARD = '4111 1111 1111 1111';

function conditionsOf(conditions: readonly Condition[], known: Partial<MessageFacts> = {}): readonly ConditionTrail[] {
  return trailOf(evaluated([rule({ conditions })], known)).conditions;
}

function evidenceOf(condition: Condition, known: Partial<MessageFacts> = {}): string {
  const [trail, ...others] = conditionsOf([condition], known);
  assert.ok(trail !== undefined && others.length === 0);
  return trail.evidence;
}

/** Of an attachment that could not be read. */
const unreadEvidence = (state: 'failed' | 'limit', reason: string, condition: Condition): string =>
  evidenceOf(condition, { content: inspected({ attachments: [attachment({ path: 'a', state, reason })] }) });

describe('what the trail says of a condition', () => {
  test('a word is shown as the rule and as the message writes it', () => {
    const evidence = evidenceOf({ parameter: 'subjectContainsWords', value: ['no', 'REPORT'] });
    assert.equal(evidence, '"REPORT" in the subject: "report"');
  });
  test('a pattern shows what it found, numbers but for their end masked', () => {
    const content = inspected({ text: `card ${CARD}, my dear` });
    const evidence = evidenceOf(
      { parameter: 'subjectOrBodyMatchesPatterns', value: ['\\d{4}(?: \\d{4}){3}'] },
      { content },
    );
    assert.equal(evidence, '"\\d{4}(?: \\d{4}){3}" in the text: "**** **** **** 1111"');
  });
  test('sensitive information appears masked, with its place', () => {
    const evidence = evidenceOf(
      { parameter: 'messageContainsDataClassifications', value: [{ name: 'Credit Card Number', minCount: 1 }] },
      { content: inspected({ text: CARD }, [detected()]) },
    );
    assert.equal(evidence, 'Credit Card Number: 1 of confidence 75 or more (************1111 in body)');
  });
  test('too little sensitive information is counted', () => {
    const evidence = evidenceOf(
      {
        parameter: 'messageContainsDataClassifications',
        value: [{ name: 'Credit Card Number', minCount: 1, minConfidence: 90 }],
      },
      { content: inspected({ text: CARD }, [detected()]) },
    );
    assert.equal(evidence, 'Credit Card Number: 0 of confidence 90 or more');
  });
  test('what holds for sender and recipient together says both', () => {
    const evidence = evidenceOf(
      { parameter: 'betweenMemberOf', value: { one: [SALES], other: [SALES] } },
      { people: people([BOB, person({ address: BOB, groups: new Set([SALES]) })]), recipients: recipients(BOB) },
    );
    assert.equal(evidence, `anna@ours.test is a member of ${SALES}, and ${BOB} is a member of ${SALES}`);
  });
  test('an attachment is named', () => {
    const content = inspected({
      attachments: [attachment({ path: 'all.zip/run.txt', executable: true, detectedType: 'exe' })],
    });
    const evidence = evidenceOf({ parameter: 'attachmentHasExecutableContent', value: true }, { content });
    assert.equal(evidence, '"all.zip/run.txt": a program ("exe")');
  });
  test('the null reverse-path is called by its name', () => {
    const [trail] = trailOf(
      evaluated([rule({ senderAddressLocation: 'envelope', conditions: [{ parameter: 'from', value: [MAX] }] })], {
        envelopeSender: '',
      }),
    ).conditions;
    assert.equal(trail?.evidence, 'sender the empty address');
  });
  test('why an attachment could not be read is said where it is known', () => {
    const unsupported: Condition = { parameter: 'attachmentIsUnsupported', value: true };
    assert.equal(
      unreadEvidence('failed', 'its end is missing', unsupported),
      '"a": it is failed: "its end is missing"',
    );
    assert.equal(unreadEvidence('failed', '', unsupported), '"a": it is failed');
    const exceeded: Condition = { parameter: 'attachmentProcessingLimitExceeded', value: true };
    assert.equal(unreadEvidence('limit', 'too deep', exceeded), '"a": "too deep"');
    assert.equal(unreadEvidence('limit', '', exceeded), '"a": a limit');
  });
  test('a group is named', () => {
    const evidence = evidenceOf({ parameter: 'fromMemberOf', value: ['board@ours.test', SALES] });
    assert.equal(evidence, `anna@ours.test is a member of ${SALES}`);
  });
  test('a condition that holds for some names them', () => {
    const [trail] = conditionsOf([{ parameter: 'sentTo', value: [CAROL] }]);
    assert.deepEqual(trail, {
      parameter: 'sentTo',
      exception: false,
      answer: 'yes',
      recipients: [CAROL],
      evidence: `recipient ${CAROL}`,
    });
  });
  test('a condition that holds for all names nobody', () => {
    const [trail] = conditionsOf([{ parameter: 'sentTo', value: [BOB, CAROL] }]);
    assert.deepEqual([trail?.answer, trail?.recipients], ['yes', undefined]);
  });
  test('conditions that nobody had to look at are not there', () => {
    const conditions = conditionsOf([
      { parameter: 'subjectContainsWords', value: ['nothing'] },
      { parameter: 'subjectOrBodyContainsWords', value: ['report'] },
    ]);
    assert.deepEqual(
      conditions.map(({ parameter, answer }) => [parameter, answer]),
      [['subjectContainsWords', 'no']],
    );
  });
  test('of many that do not hold one is shown', () => {
    const content = inspected({ attachments: ['a', 'b', 'c'].map((path) => attachment({ path })) });
    const evidence = evidenceOf({ parameter: 'attachmentNameMatchesPatterns', value: ['x'] }, { content });
    assert.equal(evidence, '"a": nothing in its name; the same of 2 more');
  });
  test('what could not be told is said in words', () => {
    const evidence = evidenceOf(
      { parameter: 'attachmentIsPasswordProtected', value: true },
      { content: contentFailed },
    );
    assert.equal(evidence, 'the message could not be looked into: the thread ended');
  });
});

describe('what the trail says of a rule', () => {
  test('every rule is there, with its priority, mode and severity', () => {
    const made = evaluated([
      rule({ name: 'a', mode: 'audit', setAuditSeverity: 'low' }),
      rule({ name: 'b', enabled: false }),
      rule({ name: 'c', conditions: [{ parameter: 'from', value: [MAX] }] }),
    ]);
    assert.equal(made.trail.version, 'v1');
    assert.deepEqual(
      made.trail.rules.map(({ rule: name, priority, mode, severity, outcome }) => [
        name,
        priority,
        mode,
        severity,
        outcome,
      ]),
      [
        ['a', 0, 'audit', 'low', 'matched'],
        ['b', 1, 'enforce', undefined, 'passed-over'],
        ['c', 2, 'enforce', undefined, 'not-matched'],
      ],
    );
  });
  test('a rule that goes the same way in several branches is there once, for all of their recipients', () => {
    const splitting = rule({
      name: 'first',
      conditions: [{ parameter: 'sentTo', value: [BOB] }],
      actions: [{ parameter: 'prependSubject', value: 'x' }],
    });
    const made = evaluated([splitting, rule({ name: 'second' })]);
    assert.deepEqual(
      made.trail.rules.map(({ rule: name }) => name),
      ['first', 'second'],
    );
    assert.deepEqual(trailOf(made, 'second').recipients, [BOB, CAROL]);
  });
  test('a rule that goes different ways in several branches is there for each', () => {
    const splitting = rule({
      name: 'first',
      conditions: [{ parameter: 'sentTo', value: [BOB] }],
      actions: [{ parameter: 'prependSubject', value: 'x' }],
    });
    const made = evaluated([
      splitting,
      rule({ name: 'second', conditions: [{ parameter: 'subjectMatchesPatterns', value: ['^x'] }] }),
    ]);
    assert.deepEqual(
      made.trail.rules.map(({ rule: name, outcome }) => [name, outcome]),
      [
        ['first', 'matched'],
        ['second', 'matched'],
        ['second', 'not-matched'],
      ],
    );
  });
});

const hit = (value: string, offset: number, length: number) => ({ value, offset, length });

describe('evidence is short', () => {
  test('nothing around a hit is shown', () => {
    assert.equal(hitEvidence(hit('b', 2, 1), 'a b c', 'it'), '"b" in it: "b"');
  });
  test('a long hit is cut at 60 characters', () => {
    assert.equal(quoted('x'.repeat(61)), `"${'x'.repeat(57)}..."`);
    assert.equal(quoted('x'.repeat(60)), `"${'x'.repeat(60)}"`);
  });
  test('characters beyond the basic plane are not cut in two', () => {
    assert.equal(quoted('😀'.repeat(61)), `"${'😀'.repeat(57)}..."`);
    assert.equal(quoted('😀'.repeat(60)), `"${'😀'.repeat(60)}"`);
  });
  test('line breaks and signs that turn a line round do not get into it', () => {
    assert.equal(quoted('a\r\nb\u202ec\u2028d'), '"a b c d"');
  });
  test('numbers of seven digits are masked, shorter ones are not', () => {
    assert.equal(hitEvidence(hit('n', 0, 7), '1234567', 'it'), '"n" in it: "***4567"');
    assert.equal(hitEvidence(hit('n', 0, 6), '123456', 'it'), '"n" in it: "123456"');
  });
  test('of a list three are shown', () => {
    assert.equal(listed(['a', 'b', 'c']), 'a, b, c');
    assert.equal(listed(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more');
  });
});
