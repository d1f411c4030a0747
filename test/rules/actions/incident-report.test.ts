import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice } from '#rules/evaluation.ts';
import type { ContentFacts } from '#rules/facts.ts';
import type { IncidentReportContent, Rule } from '#rules/rule.ts';
import { attachment, BOB, CAROL, detected, evaluated, header, inspected, remembered, rule } from '../known-message.ts';

type Report = Extract<Notice, { kind: 'incident-report' }>;

const before = 'b'.repeat(200);
const after = 'a'.repeat(200);
const CARD = '4111111111111111';
const text = `${before}${CARD}${after}`;
const found = detected({
  values: [
    { where: 'body', offset: 200, length: 16, masked: '************1111', confidence: 85 },
    { where: 'list.txt', offset: 6, length: 16, masked: '************1111', confidence: 85 },
    { where: 'subject', offset: 0, length: 16, masked: '************1111', confidence: 85 },
  ],
  uniqueCount: 3,
});
const withCards = inspected({ text, attachments: [attachment({ path: 'list.txt', text: `card: ${CARD}!` })] }, [found]);

function reporting(content: readonly IncidentReportContent[], known: Partial<Rule> = {}): Rule {
  return rule({
    conditions: [
      { parameter: 'messageContainsDataClassifications', value: [{ name: 'Credit Card Number', minCount: 1 }] },
    ],
    actions: [{ parameter: 'generateIncidentReport', value: { to: 'soc@ours.test', content } }],
    ...known,
  });
}

function reportOf(order: Rule, content: ContentFacts): Report {
  const { notices } = evaluated([order], { content, header: header({ subject: `${CARD} paid` }) });
  const [report, ...others] = notices;
  assert.ok(report?.kind === 'incident-report' && others.length === 0);
  return report;
}

test('generateIncidentReport says what was ordered and for whom', () => {
  const report = reportOf(reporting(['sender'], { setAuditSeverity: 'medium' }), withCards);
  assert.deepEqual(report, {
    rule: 'rule',
    mode: 'enforce',
    severity: 'medium',
    kind: 'incident-report',
    order: { to: 'soc@ours.test', content: ['sender'] },
    recipients: [BOB, CAROL],
    information: [],
    excerpts: [],
  });
});

test('incidentReportContent dataClassifications carries what the rule found', () => {
  const report = reportOf(reporting(['dataClassifications']), withCards);
  assert.deepEqual([report.information, report.excerpts], [[found], []]);
});

test('incidentReportContent idMatch carries each value with 150 characters on both sides', () => {
  const report = reportOf(reporting(['idMatch']), withCards);
  assert.deepEqual(report.excerpts, [
    { name: 'Credit Card Number', where: 'body', text: `${'b'.repeat(150)}${CARD}${'a'.repeat(150)}` },
    { name: 'Credit Card Number', where: 'list.txt', text: `card: ${CARD}!` },
    { name: 'Credit Card Number', where: 'subject', text: `${CARD} paid` },
  ]);
});

test('incidentReportContent idMatch has no excerpts of a message that is gone', () => {
  const report = reportOf(reporting(['idMatch', 'dataClassifications']), remembered(withCards));
  assert.deepEqual([report.information, report.excerpts], [[found], []]);
});

test('generateIncidentReport carries nothing that only an exception looked for', () => {
  const order = reporting(['dataClassifications'], {
    conditions: [],
    exceptions: [
      { parameter: 'messageContainsDataClassifications', value: [{ name: 'Credit Card Number', minCount: 9 }] },
    ],
  });
  assert.deepEqual(reportOf(order, withCards).information, []);
});

test('generateIncidentReport is one report for a rule that acts in several branches', () => {
  const splitting = rule({
    name: 'first',
    conditions: [{ parameter: 'sentTo', value: [BOB] }],
    actions: [{ parameter: 'prependSubject', value: 'x' }],
  });
  const { notices } = evaluated([splitting, reporting(['idMatch'])], { content: withCards });
  assert.deepEqual(
    notices.map(({ recipients }) => recipients),
    [[BOB, CAROL]],
  );
});

test('incidentReportContent idMatch shows the subject that came, whatever rules have made of it since', () => {
  const marking = rule({ name: 'first', actions: [{ parameter: 'prependSubject', value: '[external] ' }] });
  const { notices } = evaluated([marking, reporting(['idMatch'])], {
    content: withCards,
    header: header({ subject: `${CARD} paid` }),
  });
  const [report] = notices;
  assert.ok(report?.kind === 'incident-report');
  assert.equal(report.excerpts.find(({ where }) => where === 'subject')?.text, `${CARD} paid`);
});

test('incidentReportContent idMatch carries 100 excerpts at most', () => {
  const value = { where: 'body', offset: 200, length: 16, masked: '*', confidence: 85 };
  const many = detected({ values: Array.from({ length: 101 }, () => value), uniqueCount: 101 });
  assert.equal(reportOf(reporting(['idMatch']), inspected({ text }, [many])).excerpts.length, 100);
});
