/** Header fields are set, taken away and added to; all others keep their octets, and nothing else gets in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { indexHeader } from '#mime/header-index.ts';
import { readHeader } from '#mime/header.ts';
import { changeHeader, type HeaderChange } from '#protection/header-changes.ts';

const HEADER = [
  'Received: from a.test by b.test; Mon, 2 Nov 2026 10:00:00 +0000',
  'From: Alice <alice@s.test>',
  'To: bob@d.test',
  'Subject: Plans',
  'X-Note: one',
  ' folded',
  'X-note: two',
];
const octets = (...lines: string[]): Buffer => Buffer.from([...lines, '', ''].join('\r\n'));
/** A change as rules order it, whatever its kind. */
type Ordered = HeaderChange extends infer Kind ? (Kind extends HeaderChange ? Omit<Kind, 'rule'> : never) : never;

function changed(header: Buffer, ordered: Ordered, rawUtf8: boolean): Buffer {
  const result = changeHeader(header, { rule: 'r', ...ordered }, rawUtf8);
  assert.ok(result.kind === 'changed');
  return result.header;
}

const change = (header: Buffer, ordered: Ordered, rawUtf8 = false): string =>
  changed(header, ordered, rawUtf8).toString();

const lines = (header: string): string[] => header.split('\r\n').slice(0, -2);

describe('setHeader', () => {
  test('setHeader puts the value where the first field of the name was, and leaves no other', () => {
    const header = change(octets(...HEADER), { kind: 'set-header', name: 'X-NOTE', value: 'three' });
    assert.deepEqual(lines(header), [...HEADER.slice(0, 4), 'X-NOTE: three']);
  });

  test('setHeader puts a new field last', () => {
    const header = change(octets(...HEADER), { kind: 'set-header', name: 'X-New', value: 'a value' });
    assert.deepEqual(lines(header), [...HEADER, 'X-New: a value']);
  });

  test('setHeader encodes what is beyond US-ASCII, unless the message travels with SMTPUTF8 (RFC 2047, RFC 6532)', () => {
    const ordered = { kind: 'set-header', name: 'X-New', value: 'Grüße' } as const;
    assert.match(change(octets(...HEADER), ordered), /\r\nX-New: =\?utf-8\?B\?R3LDvMOfZQ==\?=\r\n\r\n$/);
    assert.match(change(octets(...HEADER), ordered, true), /\r\nX-New: Grüße\r\n\r\n$/);
  });

  test('setHeader keeps lines within 998 octets and values within measure (RFC 5322 §2.1.1)', () => {
    for (const value of ['x'.repeat(20_000), 'x y '.repeat(5_000), 'ü'.repeat(20_000), 'ü y '.repeat(5_000)])
      for (const rawUtf8 of [false, true]) {
        const header = changed(octets(...HEADER), { kind: 'set-header', name: 'X-New', value }, rawUtf8);
        assert.ok(lines(header.toString()).every((line) => Buffer.byteLength(line) <= 998));
        const read = readHeader(header).fields.find(({ name }) => name === 'X-New')?.value ?? '';
        assert.ok(read.length > 8_000 && read.length <= 8_192 + 50, String(read.length));
      }
  });

  test('setHeader keeps addresses addresses when their names are encoded', () => {
    const header = change(octets(...HEADER), { kind: 'set-header', name: 'From', value: 'Zoë <zoe@s.test>' });
    assert.equal(readHeader(Buffer.from(header)).from, 'zoe@s.test');
    assert.ok(!/[^\r\n -~]/.test(header));
  });

  test('setHeader touches neither the structure of the body nor trace (RFC 5321 §4.4)', () => {
    for (const name of ['Content-Type', 'content-transfer-encoding', 'MIME-Version', 'Received', 'Return-Path', 'a b'])
      assert.equal(
        changeHeader(octets(...HEADER), { rule: 'r', kind: 'set-header', name, value: 'x' }, false).kind,
        'impossible',
      );
  });
});

describe('removeHeader', () => {
  test('removeHeader takes away every field of the name, in any case of letters', () => {
    const header = change(octets(...HEADER), { kind: 'remove-header', name: 'x-Note' });
    assert.deepEqual(lines(header), HEADER.slice(0, 4));
  });

  test('removeHeader of what is not there changes nothing', () =>
    assert.equal(change(octets(...HEADER), { kind: 'remove-header', name: 'X-None' }), octets(...HEADER).toString()));

  test('removeHeader leaves trace and structure (RFC 5321 §4.4)', () => {
    for (const name of ['RECEIVED', 'Content-Type'])
      assert.equal(
        changeHeader(octets(...HEADER), { rule: 'r', kind: 'remove-header', name }, false).kind,
        'impossible',
      );
  });
});

describe('prependSubject', () => {
  const cases: [what: string, text: string, subject: string, written: string, read: string][] = [
    ['plain before plain', '[EXT] ', 'Plans', '[EXT] Plans', '[EXT] Plans'],
    ['no blank is added', 'EXT:', 'Plans', 'EXT:Plans', 'EXT:Plans'],
    ['encoded words stay', '[EXT] ', '=?utf-8?Q?Gr=C3=BC=C3=9Fe?=', '[EXT] =?utf-8?Q?Gr=C3=BC=C3=9Fe?=', '[EXT] Grüße'],
    ['an encoded word needs a blank before it', 'EXT:', '=?utf-8?Q?a?=', '=?utf-8?Q?EXT=3A?= =?utf-8?Q?a?=', 'EXT:a'],
    ['beyond US-ASCII, with a blank', 'Außen: ', 'Plans', '=?utf-8?B?QXXDn2VuOg==?= Plans', 'Außen: Plans'],
    [
      'beyond US-ASCII, before encoded words',
      'Außen: ',
      '=?utf-8?Q?a?= b',
      '=?utf-8?B?QXXDn2VuOiA=?= =?utf-8?Q?a?= b',
      'Außen: a b',
    ],
    ['beyond US-ASCII, without a blank', 'ß:', 'Plans for us', '=?utf-8?B?w586UGxhbnM=?= for us', 'ß:Plans for us'],
    [
      'the same before an encoded second word',
      'ß:',
      'Re: =?utf-8?Q?a?=',
      '=?utf-8?B?w586UmU6IA==?= =?utf-8?Q?a?=',
      'ß:Re: a',
    ],
    ['an empty subject', '[EXT] ', '', '[EXT]', '[EXT]'],
    ['a folded subject', '[EXT] ', 'Plans\r\n\tfor us', '[EXT] Plans\r\n\tfor us', '[EXT] Plans\tfor us'],
    ['a line end in the text', 'a\r\nBcc: x\n', 'Plans', 'a Bcc: x Plans', 'a Bcc: x Plans'],
  ];
  for (const [what, text, subject, written, read] of cases) {
    test(`prependSubject: ${what} (RFC 2047 §5)`, () => {
      const header = change(octets('From: a@s.test', `Subject: ${subject}`, 'To: b@d.test'), {
        kind: 'prepend-subject',
        text,
      });
      assert.equal(header, octets('From: a@s.test', `Subject: ${written}`, 'To: b@d.test').toString());
      assert.equal(readHeader(Buffer.from(header)).subject, read);
    });
  }

  test('prependSubject makes a subject where there is none, and changes each of several', () => {
    assert.match(
      change(octets('To: b@d.test'), { kind: 'prepend-subject', text: '[EXT] ' }),
      /^To: b@d\.test\r\nSubject: \[EXT\]\r\n\r\n$/,
    );
    const twice = change(octets('Subject: a', 'SUBJECT: b'), { kind: 'prepend-subject', text: 'x ' });
    assert.deepEqual(lines(twice), ['Subject: x a', 'SUBJECT: x b']);
  });

  test('prependSubject writes UTF-8 as it is into a message that travels with SMTPUTF8 (RFC 6532)', () => {
    const header = change(octets('Subject: Grüße'), { kind: 'prepend-subject', text: 'Außen: ' }, true);
    assert.deepEqual(lines(header), ['Subject: Außen: Grüße']);
  });

  test('prependSubject keeps lines within 998 octets (RFC 5322 §2.1.1)', () => {
    for (const text of ['[EXT] ', 'EXT:', 'Außen: ', 'ß:'])
      for (const subject of [
        'y'.repeat(980),
        `${'y'.repeat(100)} ${'z'.repeat(880)}`,
        `=?utf-8?Q?a?= ${'y'.repeat(960)}`,
      ]) {
        const header = change(octets(`Subject: ${subject}`), { kind: 'prepend-subject', text });
        assert.ok(
          lines(header).every((line) => Buffer.byteLength(line) <= 998),
          `${text} ${subject.slice(0, 20)}`,
        );
      }
  });
});

describe('recipients in To and Cc', () => {
  const cases: [what: string, list: string, written: string][] = [
    ['behind the others', 'To: Bob <bob@d.test>', 'To: Bob <bob@d.test>,\r\n carol@s.test'],
    ['behind a group', 'To: undisclosed-recipients:;', 'To: undisclosed-recipients:;,\r\n carol@s.test'],
    ['behind a quote that ends', 'To: "Bob (b" <bob@d.test>', 'To: "Bob (b" <bob@d.test>,\r\n carol@s.test'],
    ['behind a comma', 'To: bob@d.test,', 'To: bob@d.test,\r\n carol@s.test'],
    ['behind a fold', 'To: bob@d.test,\r\n eve@d.test ', 'To: bob@d.test,\r\n eve@d.test,\r\n carol@s.test'],
    ['in an empty field', 'To: ', 'To: carol@s.test'],
    ['before a quote that never ends', 'To:\r\n "Bob <bob@d.test>', 'To: carol@s.test,\r\n "Bob <bob@d.test>'],
    ['before a comment that never ends', 'To: bob@d.test (Bob', 'To: carol@s.test,\r\n bob@d.test (Bob'],
    ['before a bracket that never ends', 'To: <bob@d.test', 'To: carol@s.test,\r\n <bob@d.test'],
    ['in a new field', 'Cc: eve@d.test', 'Cc: eve@d.test\r\nTo: carol@s.test'],
  ];
  for (const [what, list, written] of cases) {
    test(`addToRecipients names the recipient in To: ${what}`, () => {
      const header = change(octets(list), { kind: 'add-recipient', field: 'To', address: 'carol@s.test' });
      assert.equal(header, octets(written).toString());
      assert.ok(readHeader(Buffer.from(header)).to.includes('carol@s.test'));
    });
  }

  test('copyTo names the recipient in Cc', () => {
    const header = change(octets(...HEADER), { kind: 'add-recipient', field: 'Cc', address: 'carol@s.test' });
    assert.deepEqual(lines(header), [...HEADER, 'Cc: carol@s.test']);
  });

  test('copyTo never names what is no address', () => {
    for (const address of ['a b@s.test', 'x@s.test\r\nBcc: eve@d.test', 'x', 'x@s.test, y@s.test'])
      assert.equal(
        changeHeader(octets(...HEADER), { rule: 'r', kind: 'add-recipient', field: 'Cc', address }, false).kind,
        'impossible',
      );
  });
});

describe('whatever is ordered of whatever header', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('\r\n', '\n', '\0', 'Bcc: eve@d.test', '=?utf-8?Q?a?=', ' ', '"', '(', '\u2028', 'x'.repeat(1200)),
  );
  const text = fc.array(hostile, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const value = text.map((one) =>
    Buffer.from(one)
      .toString('latin1')
      .replaceAll(/[\r\n\0]+/g, '\r\n ')
      .slice(0, 900),
  );
  const name = fc.constantFrom('Subject', 'To', 'X-Note', 'From', 'DKIM-Signature');
  const ordered = fc.oneof(
    fc.record({ kind: fc.constant('set-header' as const), name, value: text }),
    fc.record({ kind: fc.constant('remove-header' as const), name }),
    fc.record({ kind: fc.constant('prepend-subject' as const), text }),
    fc.record({
      kind: fc.constant('add-recipient' as const),
      field: fc.constantFrom('To', 'Cc'),
      address: fc.constant('carol@s.test'),
    }),
  );

  test('the other fields keep their octets and no field more comes in', () => {
    const property = fc.property(
      fc.array(fc.tuple(name, value), { maxLength: 6 }),
      ordered,
      fc.boolean(),
      (fields, order, rawUtf8) => {
        const header = Buffer.from(
          [...fields.map(([field, content]) => `${field}: ${content}`), '', ''].join('\r\n'),
          'latin1',
        );
        const result = changed(header, order, rawUtf8);
        const concerned =
          order.kind === 'prepend-subject' ? 'Subject' : order.kind === 'add-recipient' ? order.field : order.name;
        const others = (of: Buffer): string[] =>
          indexHeader(of)
            .filter((field) => field.name.toLowerCase() !== concerned.toLowerCase())
            .map(({ start, end }) => of.toString('latin1', start, end));
        assert.deepEqual(others(result), others(header));
        const before = indexHeader(header).filter((field) => field.name === concerned).length;
        const after = indexHeader(result).filter((field) => field.name === concerned).length;
        const expected =
          order.kind === 'remove-header' ? [0] : order.kind === 'set-header' ? [1] : [Math.max(1, before), before];
        assert.ok(expected.includes(after));
        assert.ok(result.toString('latin1').endsWith('\r\n\r\n') || result.toString('latin1') === '\r\n');
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
