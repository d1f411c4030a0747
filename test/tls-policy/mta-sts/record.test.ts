import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';

import { readStsRecords } from '#tls-policy/mta-sts/record.ts';

/** The id that is read out of the texts, `undefined` when they are no record. */
function idOf(texts: readonly string[]): string | undefined {
  const record = readStsRecords(texts);
  return record.kind === 'record' ? record.id : undefined;
}

const NONE = undefined;
const ID_32 = 'abcdefghijklmnopqrstuvwxyz012345';
const NAME_32 = 'a'.repeat(32);

describe('readStsRecords', () => {
  const cases: readonly (readonly [title: string, text: string, id: string | undefined])[] = [
    ['TXT-01 the example of the RFC (RFC 8461 §3.1)', 'v=STSv1; id=20160831085700Z;', '20160831085700Z'],
    ['no semicolon has to follow the last field (RFC 8461 §3.1)', 'v=STSv1; id=abc', 'abc'],
    ['no blank has to stand anywhere (RFC 8461 §3.1)', 'v=STSv1;id=abc;', 'abc'],
    ['TXT-04 a TAB may follow the semicolon (RFC 8461 §3.1)', 'v=STSv1;\tid=abc', 'abc'],
    ['TXT-04 several spaces may follow the semicolon (RFC 8461 §3.1)', 'v=STSv1;    id=abc', 'abc'],
    ['TXT-05 blanks before a semicolon belong to it (RFC 8461 §3.1)', 'v=STSv1; id=abc \t;', 'abc'],
    ['TXT-06 a blank before the first semicolon belongs to it too (RFC 8461 §3.1)', 'v=STSv1 ; id=1', '1'],
    ['TXT-07 a blank at the end is forgiven', 'v=STSv1; id=1 ', '1'],
    ['a blank behind the last semicolon belongs to it (RFC 8461 §3.1)', 'v=STSv1; id=1; \t', '1'],
    ['TXT-10 an id is needed (RFC 8461 §3.1)', 'v=STSv1;', NONE],
    ['a version alone is none (RFC 8461 §3.1)', 'v=STSv1', NONE],
    ['other fields are no id (RFC 8461 §3.1)', 'v=STSv1; more=a', NONE],
    ['an empty id is none (RFC 8461 §3.1)', 'v=STSv1; id=', NONE],
    ['TXT-13 an id of 32 characters (RFC 8461 §3.1)', `v=STSv1; id=${ID_32}`, ID_32],
    ['TXT-14 an id of 33 characters is too long (RFC 8461 §3.1)', `v=STSv1; id=${ID_32}6`, NONE],
    ['the case of an id is kept (RFC 8461 §3.1)', 'v=STSv1; id=aBc', 'aBc'],
    ['a hyphen in the id (RFC 8461 §3.1)', 'v=STSv1; id=2024-01', NONE],
    ['a letter outside ASCII in the id (RFC 8461 §3.1)', 'v=STSv1; id=\u00e4', NONE],
    ['a blank in the id (RFC 8461 §3.1)', 'v=STSv1; id=a b', NONE],
    ['an id in quotation marks (RFC 8461 §3.1)', 'v=STSv1; id="1"', NONE],
    ['TXT-17 an underscore in the id (RFC 8461 §3.1)', 'v=STSv1; id=a_b', NONE],
    ['TXT-18 the first of two ids counts (RFC 8461 §3.2)', 'v=STSv1; id=1; id=2', '1'],
    ['TXT-19 a malformed first id does not give way to a second (RFC 8461 §3.1)', 'v=STSv1; id=; id=2', NONE],
    ['nor does one with a wrong character (RFC 8461 §3.1)', 'v=STSv1; id=a_b; id=2', NONE],
    ['TXT-21 the field of the version is case-sensitive (RFC 8461 §3.1)', 'V=STSv1; id=1', NONE],
    ['the field of the id is case-sensitive (RFC 8461 §3.1)', 'v=STSv1; ID=1', NONE],
    ['TXT-23 the version is case-sensitive (RFC 8461 §3.1)', 'v=STSV1; id=1', NONE],
    ['TXT-24 another version (RFC 8461 §3.1)', 'v=STSv2; id=1', NONE],
    ['TXT-25 a version that only begins like STSv1 is no record (RFC 8461 §3.1)', 'v=STSv10; id=1', NONE],
    ['a blank before the version (RFC 8461 §3.1)', ' v=STSv1; id=1', NONE],
    ['quotation marks around it all (RFC 8461 §3.1)', '"v=STSv1; id=1"', NONE],
    ['a repeated version is a field to be ignored (RFC 8461 §3.2)', 'v=STSv1; v=STSv1; id=1', '1'],
    ['TXT-28 the version comes first (RFC 8461 §3.1)', 'id=1; v=STSv1', NONE],
    ['TXT-29 blanks around the equals sign (RFC 8461 §3.1)', 'v=STSv1; id = 1', NONE],
    ['blanks around the equals sign of the version (RFC 8461 §3.1)', 'v = STSv1; id=1', NONE],
    ['TXT-30 a comma is no semicolon (RFC 8461 §3.1)', 'v=STSv1,id=1', NONE],
    ['TXT-31 other fields are ignored (RFC 8461 §3.1)', 'v=STSv1; id=1; more=a; ext=2', '1'],
    ['other fields may stand before the id (RFC 8461 §3.1)', 'v=STSv1; more=a; id=1', '1'],
    ['TXT-33 a field without a value (RFC 8461 §3.1)', 'v=STSv1; id=1; foo=', NONE],
    ['TXT-34 a field without an equals sign (RFC 8461 §3.1)', 'v=STSv1; id=1; foo', NONE],
    ['TXT-35 an equals sign within a value (RFC 8461 §3.1)', 'v=STSv1; id=1; foo=a=b', NONE],
    ['TXT-35 an equals sign as a value (RFC 8461 §3.1)', 'v=STSv1; id=1; test==', NONE],
    ['a blank within a value (RFC 8461 §3.1)', 'v=STSv1; id=1; foo=a b', NONE],
    ['TXT-38 a percent sign in a name (RFC 8461 §3.1)', 'v=STSv1; id=1; 1%=a', NONE],
    ['TXT-39 a name begins with a letter or digit (RFC 8461 §3.1)', 'v=STSv1; id=1; _a=1', NONE],
    ['TXT-39 a name may hold underscore, hyphen and dot (RFC 8461 §3.1)', 'v=STSv1; id=1; a_b-c.d=1', '1'],
    ['a name of 32 characters (RFC 8461 §3.1)', `v=STSv1; id=1; ${NAME_32}=1`, '1'],
    ['a name of 33 characters (RFC 8461 §3.1)', `v=STSv1; id=1; ${NAME_32}a=1`, NONE],
    ['TXT-41 an empty field at the end (RFC 8461 §3.1)', 'v=STSv1; id=1;;', NONE],
    ['TXT-42 an empty field after the version (RFC 8461 §3.1)', 'v=STSv1;; id=1', NONE],
    ['a field of blanks (RFC 8461 §3.1)', 'v=STSv1; id=1; ;', NONE],
    ['TXT-44 a line end at the end (RFC 8461 §3.1)', 'v=STSv1; id=1\r\n', NONE],
    ['TXT-44 a line end within (RFC 8461 §3.1)', 'v=STSv1;\r\n id=1', NONE],
    ['TXT-44 a NUL within (RFC 8461 §3.1)', 'v=STSv1; id=1\0', NONE],
    ['TXT-44 a line end behind the last semicolon (RFC 8461 §3.1)', 'v=STSv1; id=1;\n', NONE],
  ];
  for (const [title, text, id] of cases) {
    test(title, () => assert.equal(idOf([text]), id));
  }
});

describe('several TXT records', () => {
  const good = 'v=STSv1; id=1';
  const cases: readonly (readonly [title: string, texts: readonly string[], id: string | undefined])[] = [
    ['TXT-47 one of another kind is not counted (RFC 8461 §3.1)', ['v=spf1 -all', good], '1'],
    ['one of another version is not counted (RFC 8461 §3.1)', ['v=STSv10; id=2', 'v=STSv1x; id=3', good], '1'],
    ['two good ones are none (RFC 8461 §3.1)', [good, 'v=STSv1; id=2'], NONE],
    ['two that say the same are none (RFC 8461 §3.1)', [good, good], NONE],
    ['TXT-49 a good and a broken one are none (RFC 8461 §3.1)', [good, 'v=STSv1; id='], NONE],
    ['a broken one with a blank before its semicolon counts as well (RFC 8461 §3.1)', [good, 'v=STSv1 ; id='], NONE],
    ['TXT-51 other texts alone are none (RFC 8461 §3.1)', ['google-site-verification=x'], NONE],
    ['TXT-51 an empty text is none (RFC 8461 §3.1)', [''], NONE],
    ['no record at all is none', [], NONE],
  ];
  for (const [title, texts, id] of cases) {
    test(title, () => assert.equal(idOf(texts), id));
  }
});

test('TXT-57 2,000 octets of further fields are read (RFC 8461 §3.1)', () => {
  const further = Array.from({ length: 100 }, (_, at) => `field${at}=${'x'.repeat(12)};`).join(' ');
  const text = `v=STSv1; id=20240101T000000Z; ${further}`;
  assert.ok(text.length > 2000);
  assert.equal(idOf([text]), '20240101T000000Z');
});

test('what is wrong is told in one line of US-ASCII', () => {
  const reasons = [['x'], ['v=STSv1;'], ['v=STSv1; id=1; \u00e4'], ['v=STSv1; id=_'], ['v=STSv1;', 'v=STSv1;']].map(
    (texts) => readStsRecords(texts),
  );
  assert.deepEqual(reasons, [
    { kind: 'none', reason: 'no TXT record begins with v=STSv1;' },
    { kind: 'none', reason: 'the TXT record has no id' },
    { kind: 'none', reason: 'field 2 of the TXT record is malformed' },
    { kind: 'none', reason: 'the id of the TXT record is not 1 to 32 letters and digits' },
    { kind: 'none', reason: '2 TXT records begin with v=STSv1;' },
  ]);
});

test('whatever a record holds, reading it never throws, and an id is 1 to 32 letters and digits', () => {
  const piece = fc.oneof(
    fc.constantFrom('v=STSv1', ';', ' ', '\t', 'id=', 'id', '=', 'abc', '1', 'x.y', '\0', '\r\n', '\u00e4'),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const texts = fc.array(
    fc.array(piece, { maxLength: 12 }).map((pieces) => `v=STSv1;${pieces.join('')}`),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(texts, (hostile) => {
      const record = readStsRecords(hostile);
      assert.ok(record.kind === 'none' || /^[A-Za-z0-9]{1,32}$/.test(record.id));
    }),
    { numRuns: 2000 },
  );
});

test('a record of the form that the grammar gives is read, with the id that it holds (RFC 8461 §3.1)', () => {
  const letters = 'ABCXYZabcxyz019'.split('');
  const blanks = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
  const delimiter = fc.tuple(blanks, blanks).map(([before, behind]) => `${before};${behind}`);
  const id = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 32 });
  const name = fc.string({ unit: fc.constantFrom(...letters, '_', '-', '.'), maxLength: 20 });
  const value = fc.string({ unit: fc.constantFrom(...letters, '!', ':', '<', '~', ','), minLength: 1, maxLength: 20 });
  const extension = fc.tuple(delimiter, name, value).map(([before, rest, text]) => `${before}x${rest}=${text}`);
  const record = fc.record({
    before: fc.array(extension, { maxLength: 3 }),
    delimiter,
    id,
    behind: fc.array(extension, { maxLength: 3 }),
    end: fc.option(delimiter, { nil: '' }),
  });
  fc.assert(
    fc.property(record, (parts) => {
      const text = `v=STSv1${parts.before.join('')}${parts.delimiter}id=${parts.id}${parts.behind.join('')}${parts.end}`;
      assert.deepEqual(readStsRecords([text]), { kind: 'record', id: parts.id });
    }),
  );
});
