import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRules } from '#rules/compile.ts';
import type { Action, Condition, Rule } from '#rules/rule.ts';
import { ANNA, BOB, CAROL, evaluated, inShort, MAX, rule, ruleSet, SALES, trailOf } from './known-message.ts';

const information = (name: string): Condition => ({
  parameter: 'messageContainsDataClassifications',
  value: [{ name, minCount: 1 }],
});

function testsOf(known: Partial<Rule>): readonly string[] {
  const [compiled] = compileRules(ruleSet(rule(known))).rules;
  return (compiled?.tests ?? []).map(({ parameter, exception }) => `${exception ? 'except ' : ''}${parameter}`);
}

test('conditions and exceptions are asked in the order of what they cost, those of one cost as they stand', () => {
  const asked = testsOf({
    conditions: [
      { parameter: 'messageTypeMatches', value: 'signed' },
      { parameter: 'fromMemberOf', value: [SALES] },
      { parameter: 'subjectContainsWords', value: ['x'] },
      { parameter: 'messageSizeOver', value: 1 },
      { parameter: 'from', value: [ANNA] },
    ],
    exceptions: [
      { parameter: 'sentTo', value: [BOB] },
      { parameter: 'senderIpRanges', value: ['::1'] },
    ],
  });
  assert.deepEqual(asked, [
    'messageSizeOver',
    'except senderIpRanges',
    'subjectContainsWords',
    'from',
    'fromMemberOf',
    'except sentTo',
    'messageTypeMatches',
  ]);
});

test('the sensitive information of conditions and exceptions is named, once and in lower case', () => {
  const { informationNames } = compileRules(
    ruleSet(
      rule({ conditions: [information('Credit Card Number')] }),
      rule({ conditions: [information('CREDIT CARD NUMBER')], exceptions: [information('SWIFT Code')] }),
    ),
  );
  assert.deepEqual(informationNames, ['credit card number', 'swift code']);
});

test('whoever may become a recipient or a name in the header is named, once and in lower case', () => {
  const actions: readonly Action[] = [
    { parameter: 'addToRecipients', value: ['To@x.test'] },
    { parameter: 'copyTo', value: ['cc@x.test'] },
    { parameter: 'blindCopyTo', value: ['bcc@x.test', 'to@x.test'] },
    { parameter: 'redirectMessageTo', value: ['other@x.test'] },
    ...['FROM', 'Sender', 'To', 'cc'].map((name): Action => ({
      parameter: 'setHeader',
      value: { name, value: `Somebody <${name}-field@x.test>` },
    })),
    { parameter: 'setHeader', value: { name: 'X-Lab', value: 'lab@x.test' } },
    { parameter: 'moderateMessageByUser', value: ['moderator@x.test'] },
  ];
  assert.deepEqual(compileRules(ruleSet(rule({ actions }))).addresses, [
    'to@x.test',
    'cc@x.test',
    'bcc@x.test',
    'other@x.test',
    'from-field@x.test',
    'sender-field@x.test',
    'to-field@x.test',
    'cc-field@x.test',
  ]);
});

test('a redirection comes before those whom the rule adds, whoever it is to', () => {
  const adding: Action = { parameter: 'blindCopyTo', value: [CAROL] };
  const redirecting: readonly Action[] = [
    { parameter: 'redirectMessageTo', value: [MAX] },
    { parameter: 'addManagerAsRecipientType', value: 'redirect' },
  ];
  for (const action of redirecting) {
    const made = evaluated([rule({ actions: [adding, action] })]);
    assert.deepEqual(inShort(made), [`${MAX}, ${CAROL}: deliver`]);
  }
});

test('adding the manager is no redirection: it keeps its place', () => {
  const made = evaluated([
    rule({
      actions: [
        { parameter: 'blindCopyTo', value: ['x@ours.test'] },
        { parameter: 'addManagerAsRecipientType', value: 'to' },
      ],
    }),
  ]);
  assert.deepEqual(
    trailOf(made).actions.map(({ parameter }) => parameter),
    ['blindCopyTo', 'addManagerAsRecipientType'],
  );
});

test('a pattern that cannot be compiled is named where its condition cannot be told', () => {
  const made = evaluated([rule({ conditions: [{ parameter: 'subjectMatchesPatterns', value: ['(', 'report'] }] })]);
  assert.equal(trailOf(made).outcome, 'error');
  assert.match(trailOf(made).why, /^the pattern "\(" /);
});
