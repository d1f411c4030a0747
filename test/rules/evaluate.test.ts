import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRules } from '#rules/compile.ts';
import { evaluate } from '#rules/evaluate.ts';
import type { Evaluation, EvaluationResult } from '#rules/evaluation.ts';
import type { MessageFacts } from '#rules/facts.ts';
import type { Action, Condition, Rule } from '#rules/rule.ts';
import {
  ANNA,
  BOB,
  branchOf,
  CAROL,
  directoryFailed,
  evaluated,
  facts,
  inShort,
  inspected,
  MAX,
  NOW,
  people,
  person,
  recipients,
  remembered,
  rule,
  ruleSet,
  SALES,
  trailOf,
} from './known-message.ts';

const toBob: Condition = { parameter: 'sentTo', value: [BOB] };
const toCarol: Condition = { parameter: 'sentTo', value: [CAROL] };
const fromMax: Condition = { parameter: 'from', value: [MAX] };
const mark = (text: string): Action => ({ parameter: 'prependSubject', value: text });

/** Named by what it puts in front of the subject. */
const marking = (text: string, known: Partial<Rule> = {}): Rule =>
  rule({ name: text, actions: [mark(text)], ...known });

const redirecting = (condition: Condition): Rule =>
  rule({ name: 'same', conditions: [condition], actions: [{ parameter: 'redirectMessageTo', value: [MAX] }] });

/** What was put in front of the subject for a recipient, the last first. */
function marksOf(made: Evaluation, address: string): string {
  const texts = branchOf(made, address).changes.map((change) => (change.kind === 'prepend-subject' ? change.text : ''));
  return texts.toReversed().join('');
}

describe('which rules hold, and for whom', () => {
  test('priority: rules act in their order', () => {
    assert.equal(marksOf(evaluated([marking('a'), marking('b')]), BOB), 'ba');
    assert.equal(marksOf(evaluated([marking('b'), marking('a')]), BOB), 'ab');
  });
  test('a rule without conditions holds for every message', () => {
    assert.equal(trailOf(evaluated([rule()])).outcome, 'matched');
    assert.equal(trailOf(evaluated([rule()])).why, 'it has no conditions');
  });
  test('all conditions must hold', () => {
    const made = evaluated([rule({ conditions: [toBob, fromMax], actions: [mark('x')] })]);
    assert.equal(trailOf(made).outcome, 'not-matched');
    assert.match(trailOf(made).why, /^from: /);
    assert.equal(branchOf(made, BOB).changes.length, 0);
  });
  test('one exception that holds is enough for the rule to do nothing', () => {
    const fromAnna: Condition = { parameter: 'from', value: [ANNA] };
    const made = evaluated([rule({ exceptions: [fromMax, fromAnna], actions: [mark('x')] })]);
    assert.equal(trailOf(made).outcome, 'not-matched');
    assert.match(trailOf(made).why, /^exception from: /);
  });
  test('a condition on recipients splits the message: each half goes its own way', () => {
    const made = evaluated([marking('b', { conditions: [toBob] }), marking('c', { conditions: [toCarol] })]);
    assert.deepEqual([marksOf(made, BOB), marksOf(made, CAROL)], ['b', 'c']);
    assert.deepEqual(inShort(made), [`${BOB}: deliver`, `${CAROL}: deliver`]);
    assert.equal(trailOf(made, 'b').why, 'all its conditions hold, for 1 of 2 recipients');
  });
  test('an exception on recipients protects those recipients only', () => {
    const made = evaluated([marking('x', { exceptions: [toBob] })]);
    assert.deepEqual([marksOf(made, BOB), marksOf(made, CAROL)], ['', 'x']);
  });
  test('halves that went the same way in the end are one message again', () => {
    const same = { name: 'same', actions: [mark('x')] };
    const made = evaluated([rule({ ...same, conditions: [toBob] }), rule({ ...same, conditions: [toCarol] })]);
    assert.deepEqual(inShort(made), [`${BOB}, ${CAROL}: deliver`]);
  });
  test('who was added to one half and is a recipient of the other is the recipient that he was', () => {
    for (const [one, other] of [
      [BOB, CAROL],
      [CAROL, BOB],
    ] as const) {
      const adding = rule({
        conditions: [{ parameter: 'sentTo', value: [one] }],
        actions: [{ parameter: 'blindCopyTo', value: [other] }],
      });
      const { recipients: all } = branchOf(evaluated([adding]), BOB);
      assert.deepEqual(
        new Set(all.map(({ address, of, addedBy }) => `${address} ${of} ${addedBy?.as}`)),
        new Set([BOB, CAROL].map((address) => `${address} ${address} undefined`)),
      );
    }
  });
  test('who stands in for both halves stands in for the first of all', () => {
    const { branches } = evaluated([redirecting(toBob), redirecting(toCarol)]);
    const addedBy = { rule: 'same', as: 'redirect' };
    assert.deepEqual(
      branches.map(({ originals, recipients: all }) => [originals, all]),
      [[[BOB, CAROL], [{ address: MAX, of: BOB, addedBy }]]],
    );
  });
  test('a condition on any recipient holds for all, also for those whom a rule has parted from them', () => {
    const anyPartner: Condition = { parameter: 'anyOfRecipientAddressContainsWords', value: ['partner'] };
    const made = evaluated([marking('b', { conditions: [toBob] }), marking('p', { conditions: [anyPartner] })]);
    assert.deepEqual([marksOf(made, BOB), marksOf(made, CAROL)], ['pb', 'p']);
  });
  test('somebody whom the envelope names twice is one recipient', () => {
    const made = evaluated([marking('x')], { recipients: recipients(BOB, CAROL, BOB) });
    assert.deepEqual(branchOf(made, BOB).originals, [BOB, CAROL]);
  });
});

describe('when rules hold', () => {
  const before = new Date(NOW.getTime() - 1);
  const after = new Date(NOW.getTime() + 1);
  const rows: readonly (readonly [title: string, known: Partial<Rule>, why: string | undefined])[] = [
    ['enabled false passes a rule over', { enabled: false }, 'it is disabled'],
    ['activationDate: before it a rule does nothing', { activationDate: after }, 'it is not active before'],
    ['activationDate: from that moment on a rule is active', { activationDate: NOW }, undefined],
    ['expiryDate: from that moment on a rule does nothing', { expiryDate: NOW }, 'it expired at'],
    ['expiryDate: before it a rule is active', { expiryDate: after }, undefined],
    [
      'activationDate and expiryDate: between them a rule is active',
      { activationDate: before, expiryDate: after },
      undefined,
    ],
  ];
  for (const [title, known, why] of rows) {
    test(title, () => {
      const made = evaluated([marking('x', known)]);
      const trail = trailOf(made, 'x');
      assert.equal(trail.outcome, why === undefined ? 'matched' : 'passed-over');
      assert.ok(trail.why.startsWith(why ?? 'it has no conditions'), trail.why);
      assert.equal(marksOf(made, BOB), why === undefined ? 'x' : '');
    });
  }
});

describe('stopRuleProcessing', () => {
  const stopping = marking('a', { stopRuleProcessing: true });
  test('stopRuleProcessing ends the evaluation after a match', () => {
    const made = evaluated([stopping, marking('b')]);
    assert.equal(marksOf(made, BOB), 'a');
    assert.deepEqual([trailOf(made, 'b').outcome, trailOf(made, 'b').why], ['passed-over', 'nobody is left after a']);
  });
  test('stopRuleProcessing ends nothing without a match', () => {
    assert.equal(marksOf(evaluated([{ ...stopping, conditions: [fromMax] }, marking('b')]), BOB), 'b');
  });
  test('stopRuleProcessing ends it for those recipients only for whom the rule holds', () => {
    const made = evaluated([{ ...stopping, conditions: [toBob] }, marking('b')]);
    assert.deepEqual([marksOf(made, BOB), marksOf(made, CAROL)], ['a', 'b']);
    assert.deepEqual(trailOf(made, 'b').recipients, [CAROL]);
  });
  test('stopRuleProcessing of a rule without actions ends it too', () => {
    assert.equal(marksOf(evaluated([rule({ stopRuleProcessing: true }), marking('b')]), BOB), '');
  });
});

const told = ({ notices }: Evaluation): readonly string[] => notices.map(({ kind, mode }) => `${kind} in ${mode}`);

describe('modes', () => {
  const actions: readonly Action[] = [
    mark('x'),
    { parameter: 'blindCopyTo', value: [MAX] },
    { parameter: 'routeMessageOutboundRequireTls', value: true },
    { parameter: 'deleteMessage', value: true },
    { parameter: 'generateNotification', value: 'Hello' },
    { parameter: 'generateIncidentReport', value: { to: 'soc@ours.test', content: ['sender'] } },
  ];
  const watching = (mode: Rule['mode']): Evaluation =>
    evaluated([rule({ mode, actions, stopRuleProcessing: true }), marking('later')]);

  for (const mode of ['audit', 'auditAndNotify'] as const) {
    test(`mode ${mode} changes nothing and stops nothing`, () => {
      assert.deepEqual(watching(mode).branches, evaluated([marking('later')]).branches);
    });
  }
  test('mode audit still sends incident reports, and nothing else', () => {
    assert.deepEqual(told(watching('audit')), ['incident-report in audit']);
  });
  test('mode auditAndNotify sends notifications too', () => {
    assert.deepEqual(told(watching('auditAndNotify')), [
      'notification in auditAndNotify',
      'incident-report in auditAndNotify',
    ]);
  });
  test('mode enforce does all of it', () => {
    const made = watching('enforce');
    assert.deepEqual(inShort(made), [`${BOB}, ${CAROL}, ${MAX}: delete`]);
    assert.deepEqual(told(made), ['notification in enforce', 'incident-report in enforce']);
  });
  test('mode audit says in the trail what it would have done', () => {
    const [first, ...rest] = trailOf(watching('audit')).actions;
    assert.deepEqual(first, { parameter: 'prependSubject', done: false, detail: '"x" (not done in mode audit)' });
    assert.deepEqual(
      rest.map(({ done }) => done),
      [false, false, false, false, true],
    );
  });
  test('mode auditAndNotify tells the sender of what is not rejected', () => {
    const rejection = { enhancedStatusCode: '5.7.1', reasonText: 'no' };
    const made = evaluated([
      rule({
        mode: 'auditAndNotify',
        actions: [{ parameter: 'notifySender', value: { type: 'rejectMessage', rejection } }],
      }),
    ]);
    assert.deepEqual(inShort(made), [`${BOB}, ${CAROL}: deliver`]);
    assert.deepEqual(told(made), ['notify-sender in auditAndNotify']);
    assert.match(trailOf(made).actions[0]?.detail ?? '', /only told/);
  });
  test('setAuditSeverity stands in the trail and in every notice', () => {
    const made = evaluated([rule({ setAuditSeverity: 'high', actions })]);
    assert.equal(trailOf(made).severity, 'high');
    assert.deepEqual(
      made.notices.map(({ severity }) => severity),
      ['high', 'high'],
    );
  });
});

describe('ruleErrorAction', () => {
  const failing = { people: people([BOB, directoryFailed]) };
  const inSales: Condition = { parameter: 'sentToMemberOf', value: [SALES] };
  const doubtful = (known: Partial<Rule> = {}): Rule => marking('x', { conditions: [inSales], ...known });
  const resultOf = (known: Partial<Rule>, more: Partial<MessageFacts> = {}): EvaluationResult =>
    evaluate(compileRules(ruleSet(doubtful(known), marking('later'))), facts({ ...failing, ...more }));

  test('ruleErrorAction ignore lets the message pass without the rule', () => {
    const made = evaluated([doubtful(), marking('later')], failing);
    assert.equal(marksOf(made, BOB), 'later');
    assert.equal(trailOf(made, 'x').outcome, 'error');
    assert.match(trailOf(made, 'x').why, /could not be asked for bob@ours\.test: the server does not answer/);
    assert.deepEqual(trailOf(made, 'x').recipients, [BOB]);
  });
  test('ruleErrorAction ignore acts for those of whom it can be told', () => {
    const withCarol = people([BOB, directoryFailed], [CAROL, person({ address: CAROL, groups: new Set([SALES]) })]);
    const made = evaluated([doubtful()], { people: withCarol });
    assert.deepEqual([marksOf(made, BOB), marksOf(made, CAROL)], ['', 'x']);
    assert.match(
      trailOf(made, 'x').why,
      /for 1 of 2 recipients; it could not be told for bob@ours\.test: the directory/,
    );
  });
  test('ruleErrorAction defer holds the whole message up, and says why', () => {
    const result = resultOf({ ruleErrorAction: 'defer' });
    assert.equal(result.kind, 'deferred');
    assert.deepEqual([result.rule, result.trail.version], ['x', 'v1']);
    assert.match(result.reason, /the server does not answer/);
    assert.deepEqual(
      result.trail.rules.map(({ rule: name, outcome }) => [name, outcome]),
      [['x', 'error']],
    );
  });
  test('ruleErrorAction defer holds it up though the rule holds for others', () => {
    const withCarol = people([BOB, directoryFailed], [CAROL, person({ address: CAROL, groups: new Set([SALES]) })]);
    assert.equal(resultOf({ ruleErrorAction: 'defer' }, { people: withCarol }).kind, 'deferred');
  });
  test('ruleErrorAction defer does not matter when another condition does not hold', () => {
    const result = resultOf({ ruleErrorAction: 'defer', conditions: [inSales, fromMax] });
    assert.equal(result.kind, 'evaluated');
  });
  test('ruleErrorAction defer does not matter when an exception holds', () => {
    const result = resultOf({ ruleErrorAction: 'defer', exceptions: [{ parameter: 'messageSizeOver', value: 1 }] });
    assert.equal(result.kind, 'evaluated');
  });
  test('ruleErrorAction defer of an exception that cannot be told holds the message up', () => {
    const result = resultOf({ ruleErrorAction: 'defer', conditions: [], exceptions: [inSales] });
    assert.equal(result.kind, 'deferred');
  });
  test('ruleErrorAction defer of an action that cannot be carried out holds the message up', () => {
    const adding: Action = { parameter: 'addManagerAsRecipientType', value: 'to' };
    const result = resultOf(
      { ruleErrorAction: 'defer', conditions: [], actions: [adding] },
      { people: people([ANNA, directoryFailed]) },
    );
    assert.equal(result.kind, 'deferred');
  });
  test('ruleErrorAction defer counts what failed, also where the rest is not known any more', () => {
    const conditions: readonly Condition[] = [inSales, { parameter: 'subjectOrBodyContainsWords', value: ['secret'] }];
    const gone = { content: remembered(inspected()) };
    assert.equal(resultOf({ ruleErrorAction: 'defer', conditions }, gone).kind, 'deferred');
    assert.equal(resultOf({ ruleErrorAction: 'defer', conditions: conditions.slice(1) }, gone).kind, 'evaluated');
  });
  for (const mode of ['audit', 'auditAndNotify'] as const) {
    test(`ruleErrorAction defer keeps no mail waiting in mode ${mode}`, () => {
      assert.equal(resultOf({ ruleErrorAction: 'defer', mode }).kind, 'evaluated');
    });
  }
});
