import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';

import { HEADER_VALUE_LIMIT, readHeader } from '#mime/header.ts';

const read = (...lines: string[]) => readHeader(Buffer.from([...lines, '', 'body'].join('\r\n')));
const valueOf = (value: string): string | undefined => read(`X: ${value}`).fields[0]?.value;

describe('readHeader: values', () => {
  for (const [what, written, shown] of [
    ['are unfolded (RFC 5322 §2.2.3)', 'one\r\n two\r\n\tthree', 'one two\tthree'],
    ['lose the blanks around them', '  a b \t ', 'a b'],
    ['in quoted-printable are decoded (RFC 2047 §4.2)', '=?iso-8859-1?Q?Z=FCrich_f=FCr?= alle', 'Zürich für alle'],
    ['in base64 are decoded (RFC 2047 §4.1)', '=?UTF-8?b?w7w=?=', 'ü'],
    ['lose the white space between encoded words (RFC 2047 §6.2)', '=?utf-8?q?a?=\r\n =?utf-8?q?b?= c', 'ab c'],
    ['keep words between encoded words', '=?utf-8?q?a?= x =?utf-8?q?b?=', 'a x b'],
    ['may have a character in two words', '=?utf-8?B?4oI=?= =?utf-8?B?rA==?=', '€'],
    ['may change the charset from word to word', '=?iso-8859-1?q?=E4?= =?iso-8859-5?q?=E4?=', 'äф'],
    ['may name a language (RFC 2231 §5)', '=?us-ascii*en?q?hello?=', 'hello'],
    ['are decoded where no white space stands around the word', 'x=?utf-8?q?a?=y', 'xay'],
    ['are decoded with blanks in the word, as readers do', '=?utf-8?Q?hello world?=', 'hello world'],
    ['stay where the word has no end', '=?utf-8?q?hello', '=?utf-8?q?hello'],
    ['stay where the encoding is none', '=?utf-8?x?hello?=', '=?utf-8?x?hello?='],
    ['show most of an unknown charset', '=?x-none?q?=C3=BC?=', 'ü'],
    ['show escapes that are none', '=?utf-8?q?a=zz=4?=', 'a=zz=4'],
    ['may be in ISO-2022-JP', '=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=', 'こん'],
    ['may be in GB 18030', '=?gb18030?B?1tDOxA==?=', '中文'],
    ['may be in UTF-7', '=?utf-7?Q?+AOQ-?=', 'ä'],
    ['lose what shows nothing', 'se\u200bcr\u00adet', 'secret'],
  ] as const) {
    test(what, () => assert.equal(valueOf(written), shown));
  }

  test('are read as UTF-8, and where they are not, as what old senders wrote (RFC 6532 §3.1)', () => {
    assert.equal(valueOf('Zürich'), 'Zürich');
    const old = readHeader(Buffer.from('X: Z\u00fcrich\r\n\r\n', 'latin1'));
    assert.equal(old.fields[0]?.value, 'Zürich');
  });

  test('are cut at the limit', () => {
    assert.equal(valueOf('x'.repeat(HEADER_VALUE_LIMIT + 10))?.length, HEADER_VALUE_LIMIT);
  });
});

describe('readHeader: addresses', () => {
  for (const [what, written, addresses] of [
    ['alone', 'a@example.org', ['a@example.org']],
    ['in brackets, in lower case', 'Alice <Alice@Example.ORG>', ['alice@example.org']],
    ['after a quoted name with a comma', '"B, Bob" <b@example.org>, c@example.org', ['b@example.org', 'c@example.org']],
    [
      'of a group (RFC 5322 §3.4)',
      'friends: a@x.example, B <b@x.example>;, c@x.example',
      ['a@x.example', 'b@x.example', 'c@x.example'],
    ],
    ['not of an empty group', 'undisclosed-recipients:;', []],
    ['among comments (RFC 5322 §3.2.2)', '(a (b\\) c) d@x.example) e@x.example (f)', ['e@x.example']],
    ['not in the name', '"boss@ours.example" <evil@x.example>', ['evil@x.example']],
    ['not in a name without quotes', 'boss@ours.example <evil@x.example>', ['evil@x.example']],
    ['not in an encoded name', '=?utf-8?q?boss=40ours.example?= <evil@x.example>', ['evil@x.example']],
    ['behind a route (RFC 5322 §4.4)', '<@one.example,@two.example:a@x.example>', ['a@x.example']],
    ['with white space in it (RFC 5322 §4.4)', 'a @ x . example', ['a@x.example']],
    ['with a quoted local part', '"a > b"@x.example, <"c, d"@x.example>', ['"a > b"@x.example', '"c, d"@x.example']],
    ['after a name without brackets', 'Alice Example a@x.example', ['a@x.example']],
    ['between semicolons', 'a@x.example; b@x.example', ['a@x.example', 'b@x.example']],
    ['behind an open bracket', '<a@x.example, <b@x.example>', ['a@x.example', 'b@x.example']],
    ['behind an open quote', '"a <b@x.example>, c@x.example', ['b@x.example', 'c@x.example']],
    ['behind an open comment', '(a <b@x.example>, c@x.example', ['b@x.example', 'c@x.example']],
    ['in two brackets, both', '<a@x.example> <b@x.example>', ['a@x.example', 'b@x.example']],
    ['outside of US-ASCII (RFC 6532 §3.2)', 'ü@exämple.example', ['ü@xn--exmple-cua.example']],
    ['not where there is none', 'root, <>, @, a@, @b', []],
  ] as const) {
    test(what, () => assert.deepEqual(read(`To: ${written}`).to, addresses));
  }

  test('come from all fields of a name, and are folded where they are', () => {
    const { to, cc } = read('To: a@x.example,', ' b@x.example', 'CC: d@x.example', 'to: c@x.example');
    assert.deepEqual(to, ['a@x.example', 'b@x.example', 'c@x.example']);
    assert.deepEqual(cc, ['d@x.example']);
  });

  test('from is the first of From, else the one of Sender', () => {
    assert.equal(read('Sender: s@x.example', 'From: A <a@x.example>, b@x.example').from, 'a@x.example');
    assert.equal(read('From: nobody', 'Sender: s@x.example').from, 's@x.example');
    assert.equal(read('To: a@x.example').from, '');
  });
});

describe('readHeader', () => {
  test('tells every subject, decoded', () => {
    assert.equal(read('SUBJECT: =?utf-8?q?=C3=BC?=').subject, 'ü');
    assert.equal(read('Subject: one', 'From: a@x.example', 'SUBJECT: =?utf-8?q?=C3=BC?=').subject, 'one ü');
    assert.equal(read('From: a@x.example').subject, '');
  });

  test('tells all fields in their order, with names as they are written', () => {
    assert.deepEqual(
      read('X-One: 1', 'x-one: 2', 'no field', 'B: 3').fields.map(({ name, value }) => `${name}=${value}`),
      ['X-One=1', 'x-one=2', 'B=3'],
    );
  });

  test('looks at no body', () => assert.equal(read('A: 1', '', 'B: 2').fields.length, 1));

  test('reads what another program has written', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .map((one) => one.replaceAll(/\s+|\p{C}|\p{DI}|\p{Zs}/gu, ' ').trim());
    const name = fc.constantFrom('Alice', 'Müller, Jörg', '"x" (y)', 'a@b <c>', '李', '');
    await fc.assert(
      fc.asyncProperty(text, fc.array(name, { minLength: 1, maxLength: 5 }), async (subject, names) => {
        const to = names.map((one, index) => ({ name: one, address: `r${index}@x.example` }));
        const message = await new MailComposer({ subject, from: 'a@x.example', to, text: 'x' }).compile().build();
        const header = readHeader(message);
        assert.deepEqual(
          header.to,
          to.map(({ address }) => address),
        );
        assert.equal(header.subject.normalize(), subject.replaceAll(/[\u2010\u2011]/g, '-').normalize());
      }),
    );
  });

  test('never throws, whatever the octets', () => {
    const piece = fc.constantFrom(
      'To:',
      'Subject: ',
      '=?utf-8?q?',
      '?=',
      '=?utf-7?b?',
      '"',
      '\\',
      '(',
      ')',
      '<',
      '>',
      ',',
      ';',
      '@',
      '\r\n ',
      '\r\n',
      '\xff',
      '\0',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        (pieces) => void readHeader(Buffer.from(pieces.join(''), 'latin1')),
      ),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => void readHeader(octets)));
  });

  // In quadratic time each of these would take hours.
  for (const piece of [
    'a@b.c, ',
    '"\\"',
    '<"<\\"',
    '(',
    '<',
    '=?a?q?',
    '=?utf-8?q?a?= x ',
    ' .',
    ' @',
    '<@a,',
    'a:b;',
  ]) {
    test(`takes two million characters of ${JSON.stringify(piece)} in`, () => {
      const { fields } = read(`To: ${piece.repeat(2_000_000 / piece.length)}`);
      assert.equal(fields.length, 1);
    });
  }
});
