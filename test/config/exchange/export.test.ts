/** Rules as Exchange would take them, and back: nothing is lost on the way, and no text becomes a part of a command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { convertRule } from '#config/exchange/convert.ts';
import { readExchangeFile } from '#config/exchange/read-file.ts';
import { exchangeObjects } from '#config/exchange/write-json.ts';
import { commandOf, powerShellOf } from '#config/exchange/write-power-shell.ts';
import { ruleReader } from '#config/mail-flow/read-rule.ts';
import type { Rule } from '#rules/rule.ts';
import { ruleContext, ruleDocument } from '../../doubles/rule-documents.ts';

const read = ruleReader({ ...ruleContext, lists: new Map() });

function ruleOf(document: unknown): Rule {
  const reading = read(document);
  assert.ok(reading.kind === 'rule', JSON.stringify(reading));
  return reading.rule;
}

/** Through a file as Exchange would read and write it. */
function returned(text: string): readonly Rule[] {
  const reading = readExchangeFile(Buffer.from(text));
  assert.ok(reading.kind === 'rules', JSON.stringify(reading));
  assert.deepEqual(reading.passed, []);
  return reading.rules.map((rule) => {
    const conversion = convertRule(rule, { read, isKnownType: ruleContext.isKnownType });
    assert.deepEqual(conversion.losses, []);
    assert.ok(conversion.kind === 'converted');
    return ruleOf(conversion.document);
  });
}

/** What does not tell a rule from another: the order of its parts, and the greatest confidence written out. */
function essence(rule: Rule): unknown {
  const parts = [rule.conditions, rule.exceptions, rule.actions].map((list) =>
    list.toSorted((one, other) => (one.parameter < other.parameter ? -1 : 1)),
  );
  const comments = rule.comments.trim();
  const whole: unknown = JSON.parse(
    JSON.stringify({ ...rule, comments, conditions: parts[0], exceptions: parts[1], actions: parts[2] }),
    (key, value: unknown) => (key === 'maxConfidence' && value === 100 ? undefined : value),
  );
  return whole;
}

/** Exchange has commas between the words of an attribute, so there are none in them. */
const isWithoutCommas = (document: object): boolean =>
  Object.entries(document).every(
    ([name, value]) => !/(?:ADAttribute|Property)ContainsWords$/.test(name) || !commaIn(value),
  );
const commaIn = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).some(
    (words) => String(words).length > 0 && [words].flat().some((word) => /[,:]/.test(String(word))),
  );

/** A name of a property ends at its first colon. */
const hasPlainNames = (document: object): boolean =>
  Object.entries(document).every(
    ([name, value]) =>
      !name.toLowerCase().endsWith('propertycontainswords') ||
      Object.keys(Object(value)).every((property) => !property.includes(':')),
  );

const exportable = ruleDocument.filter((document) => isWithoutCommas(document) && hasPlainNames(document));

test('a rule becomes a command and the same rule again', () => {
  fc.assert(
    fc.property(exportable, (document) => {
      const rule = ruleOf(document);
      assert.deepEqual(returned(commandOf(rule)).map(essence), [essence(rule)]);
    }),
    { numRuns: 150 },
  );
});

test('a rule becomes JSON and the same rule again', () => {
  fc.assert(
    fc.property(exportable, (document) => {
      const rule = ruleOf(document);
      assert.deepEqual(returned(JSON.stringify(exchangeObjects([rule]))).map(essence), [essence(rule)]);
    }),
    { numRuns: 150 },
  );
});

/** The texts in single quotation marks as PowerShell's own grammar has them: any of its marks ends a text. */
function strictTexts(command: string): readonly string[] {
  return [...command.matchAll(/['\u2018-\u201b]((?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)['\u2018-\u201b]/g)].map(
    ([, text = '']) => text.replaceAll(/([\u2018-\u201b'])[\u2018-\u201b']/g, '$1'),
  );
}

test('no text becomes a part of the command, whatever quotation marks it has', () => {
  const letters = fc.constantFrom(...Array.from('\'"`$;|-# \u2018\u2019\u201a\u201b\u201cax'));
  fc.assert(
    fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 20 }), (written) => {
      const word = written.trim() || 'x';
      const rule = ruleOf({
        name: 'x',
        quarantine: true,
        subjectContainsWords: [word.replace(/^\$(?=[$A-Za-z])/, '$$$$')],
      });
      assert.deepEqual(strictTexts(commandOf(rule)), ['x', word]);
    }),
    { numRuns: 300 },
  );
});

test('a command is written as administrators write them', () => {
  const rule = ruleOf({
    name: "O'Neill",
    enabled: false,
    mode: 'auditAndNotify',
    fromScope: 'inOrganization',
    attachmentSizeOver: '10MB',
    senderADAttributeContainsWords: { city: ['San Francisco', 'Palo Alto'], poBox: ['12'] },
    messageContainsDataClassifications: [
      'Credit Card Number',
      { name: 'ABA Routing Number', minCount: 2, minConfidence: 85 },
    ],
    messageTypeMatches: 'oof',
    exceptIfSCLOver: -1,
    generateIncidentReport: 'dpo@contoso.com',
    incidentReportContent: ['sender', 'idMatch'],
    quarantine: true,
    setAuditSeverity: 'doNotAudit',
    stopRuleProcessing: true,
  });
  assert.equal(
    powerShellOf([rule]),
    [
      "New-TransportRule -Name 'O''Neill' `",
      '  -Enabled $false `',
      '  -Mode AuditAndNotify `',
      '  -FromScope InOrganization `',
      "  -AttachmentSizeOver '10MB' `",
      "  -SenderADAttributeContainsWords 'City:San Francisco,Palo Alto', 'POBox:12' `",
      "  -MessageContainsDataClassifications @{Name='Credit Card Number'; MinCount='1'}, @{Name='ABA Routing Number'; MinCount='2'; MinConfidence='85'} `",
      '  -MessageTypeMatches OOF `',
      '  -ExceptIfSCLOver:-1 `',
      "  -GenerateIncidentReport 'dpo@contoso.com' `",
      '  -IncidentReportContent Sender, IdMatch `',
      '  -Quarantine $true `',
      '  -SetAuditSeverity DoNotAudit `',
      '  -StopRuleProcessing $true',
      '',
    ].join('\n'),
  );
});

test('several rules keep their order', () => {
  const rules = ['b', 'a', 'c'].map((name) => ruleOf({ name, quarantine: true }));
  assert.deepEqual(
    returned(powerShellOf(rules)).map(({ name }) => name),
    ['b', 'a', 'c'],
  );
  assert.deepEqual(
    returned(JSON.stringify(exchangeObjects(rules))).map(({ name }) => name),
    ['b', 'a', 'c'],
  );
});

test('what Exchange would take for something else is told', () => {
  const rule = ruleOf({
    name: 'x',
    quarantine: true,
    senderADAttributeContainsWords: { title: ['Head, Sales', 'CFO'] },
  });
  assert.match(
    commandOf(rule),
    /^# SenderADAttributeContainsWords Head, Sales: becomes several words in Exchange.*\nNew-TransportRule /,
  );
});

test('JSON has states, numbers and sizes as Exchange shows them', () => {
  const rule = ruleOf({ name: 'x', enabled: false, messageSizeOver: '10MB', sclOver: 5, quarantine: true });
  assert.deepEqual(exchangeObjects([rule]), [
    {
      Priority: 0,
      State: 'Disabled',
      Name: 'x',
      Mode: 'Enforce',
      MessageSizeOver: '10485760 B (10,485,760 bytes)',
      SCLOver: 5,
      Quarantine: true,
    },
  ]);
});
