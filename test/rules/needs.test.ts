import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRules } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Need } from '#rules/facts.ts';
import type { Action, Condition, Rule } from '#rules/rule.ts';
import {
  BOB,
  CAROL,
  contentFailed,
  facts,
  inspected,
  MAX,
  recipients,
  remembered,
  rule,
  ruleSet,
  SALES,
  STRANGER,
  trailOf,
} from './known-message.ts';
import { evaluatedByStages } from './stages.ts';

const subject: Condition = { parameter: 'subjectContainsWords', value: ['nothing'] };
const inSales: Condition = { parameter: 'fromMemberOf', value: [SALES] };
const inBoard: Condition = { parameter: 'fromMemberOf', value: ['board@ours.test'] };
const signed: Condition = { parameter: 'messageTypeMatches', value: 'signed' };
const large: Condition = { parameter: 'messageSizeOver', value: 1_000_000 };
const small: Condition = { parameter: 'messageSizeOver', value: 1 };
const marking: Action = { parameter: 'prependSubject', value: 'x' };

const notifying: Action = { parameter: 'generateNotification', value: 'Hello' };
const disclaimer = (html: string): Action => ({
  parameter: 'applyHtmlDisclaimer',
  value: { html, location: 'append', fallbackAction: 'wrap' },
});

const askedFor = (rules: readonly Rule[], known: Parameters<typeof facts>[0] = {}): readonly Need[] =>
  evaluatedByStages(compileRules(ruleSet(...rules)), facts(known)).asked;

describe('what an evaluation asks for', () => {
  const rows: readonly (readonly [title: string, rules: readonly Rule[], asked: readonly Need[]])[] = [
    ['nothing for no rules', [], []],
    ['nothing for what everybody knows', [rule({ conditions: [small] })], []],
    ['the header for a condition on it', [rule({ conditions: [subject] })], ['header']],
    ['people by the header that names them', [rule({ conditions: [inSales] })], ['header', 'directory']],
    ['content by itself', [rule({ conditions: [signed] })], ['content']],
    ['nothing more for a rule that fails already', [rule({ conditions: [signed, inSales, subject, large] })], []],
    ['nothing more for a rule with an exception that holds', [rule({ conditions: [signed], exceptions: [small] })], []],
    ['the header before the content', [rule({ conditions: [signed, subject] })], ['header']],
    ['people before the content', [rule({ conditions: [signed, inBoard] })], ['header', 'directory']],
    [
      'the content where everything else holds',
      [rule({ conditions: [signed, inSales] })],
      ['header', 'directory', 'content'],
    ],
    ['nothing for a rule that is disabled', [rule({ enabled: false, conditions: [signed] })], []],
    [
      'nothing for a rule behind one that ends the evaluation',
      [rule({ actions: [{ parameter: 'deleteMessage', value: true }] }), rule({ name: 'later', conditions: [signed] })],
      [],
    ],
    [
      'people for an action that adds them',
      [rule({ actions: [{ parameter: 'addManagerAsRecipientType', value: 'to' }] })],
      ['header', 'directory'],
    ],
    [
      'the header for a redirection',
      [rule({ actions: [{ parameter: 'redirectMessageTo', value: [MAX] }] })],
      ['header'],
    ],
    [
      'nothing for an action of a rule that does not hold',
      [rule({ conditions: [large], actions: [{ parameter: 'redirectMessageTo', value: [MAX] }] })],
      [],
    ],
    ['the header for whoever gets a notice', [rule({ actions: [notifying] })], ['header']],
    [
      'the header for whoever decides about kept mail',
      [rule({ actions: [{ parameter: 'quarantine', value: true }] })],
      ['header'],
    ],
    [
      'the header for moderators',
      [rule({ actions: [{ parameter: 'moderateMessageByUser', value: [MAX] }] })],
      ['header'],
    ],
    ['nothing for mail that is deleted', [rule({ actions: [{ parameter: 'deleteMessage', value: true }] })], []],
    ['nothing for a disclaimer without tokens', [rule({ actions: [disclaimer('Ours')] })], []],
    ['people for the tokens of a disclaimer', [rule({ actions: [disclaimer('%%City%%')] })], ['header', 'directory']],
    [
      'the text only where the subject is not enough',
      [rule({ conditions: [{ parameter: 'subjectOrBodyContainsWords', value: ['quarterly'] }] })],
      ['header'],
    ],
  ];
  for (const [title, rules, asked] of rows) test(title, () => assert.deepEqual(askedFor(rules), asked));

  test('no people for recipients outside', () => {
    const toCarol = rule({ conditions: [{ parameter: 'sentTo', value: [CAROL] }] });
    assert.deepEqual(askedFor([toCarol], { recipients: recipients(CAROL) }), []);
    assert.deepEqual(askedFor([toCarol], { recipients: recipients(BOB) }), ['header', 'directory']);
  });
  test('the header for moderators also of a message from a stranger', () => {
    const moderated = rule({ actions: [{ parameter: 'moderateMessageByUser', value: [MAX] }] });
    assert.deepEqual(askedFor([moderated], { client: STRANGER }), ['header']);
  });
  test('no people for original addresses', () => {
    const toBob = rule({ recipientAddressType: 'original', conditions: [{ parameter: 'sentTo', value: [BOB] }] });
    assert.deepEqual(askedFor([toBob]), []);
  });
  test('no header for a sender who is not authenticated', () => {
    const inside = rule({ conditions: [{ parameter: 'fromScope', value: 'inOrganization' }] });
    assert.deepEqual(askedFor([inside], { client: STRANGER }), []);
    assert.deepEqual(askedFor([inside]), ['header']);
  });
  test('no header for a classification that a stranger cannot give', () => {
    assert.deepEqual(
      askedFor([rule({ conditions: [{ parameter: 'hasNoClassification', value: true }] })], { client: STRANGER }),
      [],
    );
  });
  test('no header for a sender of the envelope', () => {
    const from: Condition = { parameter: 'from', value: [MAX] };
    assert.deepEqual(askedFor([rule({ senderAddressLocation: 'envelope', conditions: [from] })]), []);
    assert.deepEqual(askedFor([rule({ senderAddressLocation: 'headerOrEnvelope', conditions: [from] })]), ['header']);
  });
  test('nothing more for a rule that cannot be told and is ignored then', () => {
    const failing = { people: new Map() };
    const ignoring = rule({ conditions: [inSales, signed], actions: [marking] });
    assert.deepEqual(askedFor([ignoring], failing), ['header', 'directory']);
    assert.deepEqual(askedFor([{ ...ignoring, ruleErrorAction: 'defer' }], failing), [
      'header',
      'directory',
      'content',
    ]);
  });
});

test('what is known already does not keep from asking for what can still hold', () => {
  const rules = compileRules(
    ruleSet(
      rule({ conditions: [signed] }),
      rule({ name: 'later', conditions: [{ parameter: 'subjectOrBodyContainsWords', value: ['quarterly'] }] }),
    ),
  );
  for (const content of [contentFailed, remembered(inspected())]) {
    const { result, asked } = evaluatedByStages(rules, facts({ content }));
    assert.deepEqual(asked, ['content', 'header']);
    assert.equal(trailOf(result, 'later').outcome, 'matched');
  }
});

test('one need is told at a time, and what is known is not asked for', () => {
  const compiled = compileRules(ruleSet(rule({ conditions: [inSales] })));
  const { header, people, ...plain } = facts();
  assert.deepEqual(evaluate(compiled, plain), { kind: 'needs', need: 'header' });
  assert.deepEqual(evaluate(compiled, { ...plain, header }), { kind: 'needs', need: 'directory' });
  assert.deepEqual(evaluate(compiled, { ...plain, people }), { kind: 'needs', need: 'header' });
  assert.equal(evaluate(compiled, { ...plain, header, people }).kind, 'evaluated');
});
