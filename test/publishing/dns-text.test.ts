/** What is printed of a domain: for people, and for a zone file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ComparedRecord, RecordState } from '#publishing/compared-record.ts';
import { besidesRecords, findingLines, isWrong, recordLines, summaryLine, zoneLines } from '#publishing/dns-text.ts';
import type { LintFinding } from '#publishing/lint/finding.ts';

function record(state: RecordState, changes: Partial<ComparedRecord> = {}): ComparedRecord {
  return { state, name: '_x.own.test', type: 'TXT', content: '"x"', reason: '', publish: true, ...changes };
}

const finding = (severity: LintFinding['severity'], code: string): LintFinding => ({
  severity,
  code,
  subject: 'mx.own.test',
  text: 'it is so',
  remedy: 'Mend it.',
});

test('a row has its state first, so that a column of them can be read, and its reason below', () => {
  assert.deepEqual(recordLines([record('ok'), record('waits', { content: '', reason: 'not served' })]), [
    '  ok       _x.own.test TXT "x"',
    '  waits    _x.own.test TXT -',
    '           not served',
  ]);
});

test('what a row says is not said again as a finding', () => {
  const findings = [
    finding('error', 'record-wrong'),
    finding('warning', 'record-lenient'),
    finding('note', 'record-extra'),
  ];
  assert.deepEqual(findingLines(besidesRecords(findings)), [
    '  warning  mx.own.test: it is so (record-lenient)',
    '           Mend it.',
  ]);
});

test('a zone file has what is to be published, and the rest as comments', () => {
  const tlsa = { name: '_25._tcp.mx.own.test', type: 'TLSA', content: '3 1 1 ab' };
  const lines = zoneLines('own.test', [
    record('missing', { name: 'own.test', type: 'MX', content: '10 mx.own.test.', publish: false }),
    record('ok', { name: 'own.test', type: 'MX', content: '20 mx2.own.test.', publish: false }),
    record('ok', { name: 'mta-sts.own.test', type: 'A/AAAA', content: '192.0.2.1', publish: false }),
    record('waits', { content: '', reason: 'not served', publish: false }),
    record('missing', { ...tlsa, about: 'the next key (RSA 2048) of a.pem' }),
    record('extra', { ...tlsa, content: '3 1 1 cd', publish: false }),
  ]);
  assert.deepEqual(lines, [
    '; own.test',
    '; with the preference of your choice: own.test. 3600 IN MX 10 mx.own.test.',
    '; _x.own.test TXT is not to be changed yet: not served',
    '; the next key (RSA 2048) of a.pem',
    '_25._tcp.mx.own.test. 3600 IN TLSA 3 1 1 ab',
  ]);
});

test('what is missing, wrong, unknown or waits is wrong, and so is an error; what is extra, and a warning, is not', () => {
  const states: readonly (readonly [RecordState, boolean])[] = [
    ['ok', false],
    ['extra', false],
    ['missing', true],
    ['wrong', true],
    ['unknown', true],
    ['waits', true],
  ];
  for (const [state, expected] of states) assert.equal(isWrong([record(state)], []), expected, state);
  assert.equal(isWrong([record('ok')], [finding('error', 'x')]), true);
  assert.equal(isWrong([record('ok')], [finding('warning', 'x'), finding('advice', 'x'), finding('note', 'x')]), false);
});

test('the last line sums up', () => {
  assert.equal(summaryLine([record('ok'), record('extra')], undefined), '  all records are as they should be');
  assert.equal(
    summaryLine([record('wrong'), record('ok')], []),
    '  1 of 2 records are not as they should be, no errors',
  );
  assert.equal(summaryLine([record('ok')], [finding('error', 'x')]), '  all records are as they should be, 1 error');
});
