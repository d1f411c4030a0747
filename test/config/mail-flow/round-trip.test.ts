/** Rules from documents and back, also by way of YAML: nothing is lost and nothing comes in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { literal, meantBy } from '#config/mail-flow/lists.ts';
import { ruleReader } from '#config/mail-flow/read-rule.ts';
import { PARAMETER_NAMES } from '#config/mail-flow/rule-schema.ts';
import { parseRuleSet } from '#config/mail-flow/rule-set.ts';
import { readSize, writeSize } from '#config/mail-flow/size.ts';
import { documentOf } from '#config/mail-flow/write-rule.ts';
import { yamlText } from '#config/yaml-list.ts';
import { CONDITION_NAMES } from '#rules/parameters.ts';
import type { Rule } from '#rules/rule.ts';
import { ruleContext, ruleDocument } from '../../doubles/rule-documents.ts';

const read = ruleReader({ ...ruleContext, lists: new Map() });

function ruleOf(document: unknown): Rule {
  const reading = read(document);
  assert.ok(reading.kind === 'rule', JSON.stringify(reading));
  return reading.rule;
}

test('a document becomes a rule and the same document again', () => {
  fc.assert(
    fc.property(ruleDocument, (document) => assert.deepEqual(documentOf(ruleOf(document)), document)),
    { numRuns: 50 },
  );
});

test('a rule becomes YAML and the same rule again', () => {
  fc.assert(
    fc.property(ruleDocument, (document) => {
      const text = yamlText({ rules: [document] });
      const reading = parseRuleSet([{ file: 'rules.yaml', text }], ruleContext);
      assert.ok(reading.kind === 'loaded', JSON.stringify(reading));
      assert.deepEqual(reading.ruleSet.rules, [ruleOf(document)]);
    }),
    { numRuns: 50 },
  );
});

test('a rule set can be cloned to another thread', () => {
  fc.assert(
    fc.property(ruleDocument, (document) => {
      const rule = ruleOf(document);
      assert.deepEqual(structuredClone(rule), rule);
    }),
    { numRuns: 50 },
  );
});

test('the documents of these tests use every parameter', () => {
  const seen = new Set(
    fc.sample(ruleDocument, { numRuns: 2000, seed: 1 }).flatMap((document) => Object.keys(document)),
  );
  assert.deepEqual(
    PARAMETER_NAMES.filter((name) => !seen.has(name)),
    [],
  );
});

test('a condition and its exception are read alike', () => {
  assert.equal(PARAMETER_NAMES.filter((name) => name.startsWith('exceptIf')).length, CONDITION_NAMES.length + 5);
  const rule = ruleOf({ name: 'x', enabled: false, sentTo: 'a@x.test', exceptIfSentTo: 'a@x.test' });
  assert.deepEqual(rule.conditions, [{ parameter: 'sentTo', value: ['a@x.test'] }]);
  assert.deepEqual(rule.exceptions, rule.conditions);
});

describe('what a document leaves out', () => {
  test('is as in Exchange', () => {
    assert.deepEqual(ruleOf({ name: 'x', quarantine: true }), {
      name: 'x',
      comments: '',
      enabled: true,
      mode: 'enforce',
      stopRuleProcessing: false,
      ruleErrorAction: 'ignore',
      senderAddressLocation: 'header',
      recipientAddressType: 'resolved',
      conditions: [],
      exceptions: [],
      actions: [{ parameter: 'quarantine', value: true }],
    });
  });

  test('is the usual code and explanation of a rejection', () => {
    const [action] = ruleOf({ name: 'x', rejectMessageEnhancedStatusCode: '5.7.900' }).actions;
    const reasonText = 'Delivery not authorized, message refused';
    assert.deepEqual(action, { parameter: 'rejectMessage', value: { enhancedStatusCode: '5.7.900', reasonText } });
  });

  test('is a disclaimer behind the text, around what cannot be changed', () => {
    const [action] = ruleOf({ name: 'x', applyHtmlDisclaimerText: 'a' }).actions;
    const value = { html: 'a', location: 'append', fallbackAction: 'wrap' };
    assert.deepEqual(action, { parameter: 'applyHtmlDisclaimer', value });
  });
});

test('the rejection of a policy tip is no action of its own', () => {
  const tip = { messageContainsDataClassifications: 'Credit Card Number', notifySender: 'rejectMessage' };
  const { actions } = ruleOf({ name: 'x', ...tip, rejectMessageReasonText: 'No.' });
  const rejection = { enhancedStatusCode: '5.7.1', reasonText: 'No.' };
  assert.deepEqual(actions, [{ parameter: 'notifySender', value: { type: 'rejectMessage', rejection } }]);
});

test('conditions and actions keep the order of the document', () => {
  const { conditions, actions } = ruleOf({
    name: 'x',
    setHeaderValue: 'b',
    subjectContainsWords: 'x',
    quarantine: true,
    setHeaderName: 'X-A',
    from: 'a@x.test',
  });
  assert.deepEqual(
    conditions.map(({ parameter }) => parameter),
    ['subjectContainsWords', 'from'],
  );
  assert.deepEqual(
    actions.map(({ parameter }) => parameter),
    ['setHeader', 'quarantine'],
  );
});

test('values become canonical', () => {
  const { conditions } = ruleOf({
    name: 'x',
    enabled: false,
    senderDomainIs: 'Bücher.Test.',
    from: '"a"@Example.ORG',
    senderIpRanges: ['2001:DB8::/32', '10.0.0.1 - 10.0.0.9'],
    messageSizeOver: '1.5 mb',
  });
  assert.deepEqual(
    conditions.map(({ value }) => value),
    [['xn--bcher-kva.test'], ['a@example.org'], ['2001:db8::/32', '10.0.0.1-10.0.0.9'], 1_572_864],
  );
});

test('a day begins and ends in UTC', () => {
  const { activationDate, expiryDate } = ruleOf({
    name: 'x',
    enabled: false,
    activationDate: '2026-02-28',
    expiryDate: '2026-02-28',
  });
  assert.equal(activationDate?.toISOString(), '2026-02-28T00:00:00.000Z');
  assert.equal(expiryDate?.toISOString(), '2026-02-28T23:59:59.999Z');
  const moment = ruleOf({ name: 'x', enabled: false, expiryDate: '2026-02-28T12:00+02:00' }).expiryDate;
  assert.equal(moment?.toISOString(), '2026-02-28T10:00:00.000Z');
});

test('sizes are those of Exchange, in powers of 1024', () => {
  assert.deepEqual(
    ['10MB', '10 MB', '10mb', '10MiB', 1024, '1024', '1024B', '1TB', '0.5KB'].map(readSize),
    [10_485_760, 10_485_760, 10_485_760, 10_485_760, 1024, 1024, 1024, 1_099_511_627_776, 512],
  );
  assert.deepEqual([-1, '10XB', '', '1e3', true, null, '99999TB'].map(readSize), Array(7).fill(undefined));
  fc.assert(fc.property(fc.nat(2 ** 31), (size) => readSize(writeSize(size)) === size));
});

test('a text is never taken for a list when it is written literally', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', 'a', '1', '-', ' ') }), (text) => {
      assert.deepEqual(meantBy(literal(text), new Map()), [{ text }]);
    }),
  );
});
