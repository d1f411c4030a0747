/** What reception reads of a header; for the rest of it see `receive.test.ts`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { readHeaderFields, type TlsRequired } from '#inbound/header-fields.ts';

const tlsRequired = (...lines: readonly string[]): TlsRequired =>
  readHeaderFields(Buffer.from(`From: a@example.net\r\n${lines.join('\r\n')}\r\n\r\n`)).tlsRequired;

describe('TLS-Required (RFC 8689 §3)', () => {
  const cases: [rule: string, lines: readonly string[], kind: TlsRequired['kind']][] = [
    ['a header without the field says nothing', ['Subject: TLS-Required: No'], 'absent'],
    ['TRN-09 no space is needed', ['TLS-Required:No'], 'no'],
    ['TRN-09 neither the name nor No is in one case', ['tls-required: NO'], 'no'],
    ['TRN-09 a folded No counts', ['TLS-Required:', ' no'], 'no'],
    ['TRN-09 a No between folds counts', ['TLS-Required:', '\t No ', ' '], 'no'],
    ['TRN-12 a comment is no part of the field', ['TLS-Required: No (comment)'], 'unclear'],
    ['TRN-13 No twice is No', ['TLS-Required: No', 'Subject: x', 'TLS-Required: no'], 'repeated'],
    ['TRN-14 No and Yes contradict each other', ['TLS-Required: No', 'TLS-Required: Yes'], 'unclear'],
    ['TRN-14 Yes and No contradict each other', ['TLS-Required: Yes', 'TLS-Required: No'], 'unclear'],
    ['only No is defined', ['TLS-Required: Yes'], 'unclear'],
    ['an empty field says nothing', ['TLS-Required:'], 'unclear'],
    ['No must stand alone', ['TLS-Required: No, really'], 'unclear'],
    ['a longer word is not No', ['TLS-Required: None'], 'unclear'],
    ['a longer name is another field', ['TLS-Required-By: No'], 'absent'],
    ['a shorter name is another field', ['TLS: No'], 'absent'],
    ['a folded line is no field', ['Subject: x', ' TLS-Required: No'], 'absent'],
  ];
  for (const [rule, lines, kind] of cases) test(rule, () => assert.equal(tlsRequired(...lines).kind, kind));

  test('how often it stands is known', () => {
    assert.deepEqual(tlsRequired('TLS-Required: No', 'TLS-Required: No', 'TLS-Required: No'), {
      kind: 'repeated',
      count: 3,
    });
  });

  test('a field as long as a header may be is read to its end', () => {
    const field = `TLS-Required:${'\r\n '.repeat(80_000)}`;
    assert.equal(tlsRequired(`${field}x`).kind, 'unclear');
    assert.equal(tlsRequired(`${field}no`).kind, 'no');
  });
});
