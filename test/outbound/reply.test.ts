import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { parseOffers } from '#outbound/ehlo.ts';
import { enhancedDetail, ReplyReader, replyText, type Reply } from '#outbound/reply.ts';

function read(
  octets: string | Buffer,
  pieces: readonly number[] = [],
): { replies: Reply[]; problem: string | undefined } {
  const reader = new ReplyReader();
  const replies: Reply[] = [];
  const bytes = Buffer.from(octets);
  const cuts = [...pieces.map((piece) => piece % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const cut of cuts) {
    const problem = reader.push(bytes.subarray(from, cut), (reply) => replies.push(reply));
    if (problem !== undefined) return { replies, problem };
    from = cut;
  }
  return { replies, problem: undefined };
}

const wire = ({ code, lines }: Reply): string =>
  lines.map((text, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${text}\r\n`).join('');

const offers = (...lines: string[]) => parseOffers({ code: 250, lines: ['mx.test', ...lines] });

describe('ReplyReader', () => {
  const cases: [what: string, octets: string, replies: Reply[]][] = [
    ['one line', '250 Ok\r\n', [{ code: 250, lines: ['Ok'] }]],
    ['several lines', '250-a\r\n250-b\r\n250 c\r\n', [{ code: 250, lines: ['a', 'b', 'c'] }]],
    [
      'several replies',
      '250 a\r\n550 b\r\n',
      [
        { code: 250, lines: ['a'] },
        { code: 550, lines: ['b'] },
      ],
    ],
    ['a code alone (RFC 5321 §4.2)', '250\r\n', [{ code: 250, lines: [''] }]],
    ['a code and a space', '250 \r\n', [{ code: 250, lines: [''] }]],
    ['a bare LF', '250 a\n', [{ code: 250, lines: ['a'] }]],
    ['the beginning of a reply', '250-a\r\n25', []],
  ];
  for (const [what, octets, replies] of cases) {
    test(`reads ${what}`, () => assert.deepEqual(read(octets), { replies, problem: undefined }));
  }

  for (const [what, octets] of [
    ['no code', 'Ok\r\n'],
    ['two digits', '25 Ok\r\n'],
    ['a first digit beyond 5', '650 Ok\r\n'],
    ['a first digit below 2', '150 Ok\r\n'],
    ['another separator', '250_Ok\r\n'],
    ['a code that changes', '250-a\r\n550 b\r\n'],
    ['an empty line', '\r\n'],
    ['a long line', `250 ${'x'.repeat(5000)}\r\n`],
    ['a long line without an end', '2'.repeat(5000)],
    ['many lines', '250-\r\n'.repeat(600)],
    ['many octets', `250-${'x'.repeat(4000)}\r\n`.repeat(20)],
  ] as const) {
    test(`takes no ${what}`, () => assert.notEqual(read(octets).problem, undefined));
  }

  test('knows when it is between replies', () => {
    const reader = new ReplyReader();
    assert.equal(reader.between, true);
    for (const [octets, between] of [
      ['250-a\r\n', false],
      ['25', false],
      ['0 b\r\n', true],
    ] as const) {
      reader.push(Buffer.from(octets), () => undefined);
      assert.equal(reader.between, between);
    }
  });

  const line = fc.string({ unit: fc.constantFrom('a', ' ', '-', '5', '.', '\u00e9'), maxLength: 20 });
  const reply = fc.record(
    {
      code: fc.integer({ min: 200, max: 599 }),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    },
    { noNullPrototype: true },
  );
  test('reads what was written, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 6 }), (replies, cuts) => {
        const octets = Buffer.from(replies.map(wire).join(''), 'latin1');
        assert.deepEqual(read(octets, cuts), { replies, problem: undefined });
      }),
    );
  });

  test('finds the same in any octets, however they are cut, and throws never', () => {
    const octets = fc.array(fc.constantFrom('250', '-', ' ', '\r', '\n', '\r\n', '4', 'x', '\0', '\u00ff'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(octets, fc.array(fc.nat(), { maxLength: 6 }), (tokens, cuts) => {
        const bytes = Buffer.from(tokens.join(''), 'latin1');
        assert.deepEqual(read(bytes, cuts), read(bytes));
      }),
    );
  });
});

describe('the text of a reply', () => {
  for (const [lines, text] of [
    [['Ok'], '550 Ok'],
    [[''], '550'],
    [['5.1.1 a', '5.1.1 b'], '550 5.1.1 a b'],
    [['a', 'b'], '550 a b'],
    [['a\u00e9\u0000\u001b[31m'], '550 a?[31m'],
  ] as const) {
    test(`${JSON.stringify(lines)} is ${text}`, () => assert.equal(replyText({ code: 550, lines }), text));
  }

  test('is bounded', () => assert.ok(replyText({ code: 550, lines: ['x'.repeat(4000)] }).length <= 1000));

  for (const [text, detail] of [
    ['5.1.1 No', '1.1'],
    ['5.7.321', '7.321'],
    ['2.1.5 No', undefined],
    ['5.1.1000 No', undefined],
    ['5.1 No', undefined],
    ['No 5.1.1', undefined],
  ] as const) {
    test(`${text} has the detail ${detail} (RFC 2034 §4)`, () => {
      assert.equal(enhancedDetail({ code: 550, lines: [text] }), detail);
    });
  }

  for (const [code, text, detail] of [
    [550, '4.1.1 No', '1.1'],
    [450, '5.7.1 Later', '7.1'],
    [250, '5.1.1 Yes', undefined],
  ] as const) {
    test(`DSNG-19 ${code} ${text} has the detail ${detail}: the class is the reply's`, () => {
      assert.equal(enhancedDetail({ code, lines: [text] }), detail);
    });
  }
});

describe('what EHLO offers', () => {
  test('keywords are known in any case and with parameters', () => {
    const { startTls, sizeLimitBytes, size, auth, dsn } = offers('starttls x', 'Size 1000', 'AUTH plain LOGIN', 'DSN');
    assert.deepEqual([startTls, sizeLimitBytes, size, auth, dsn], [true, 1000, true, ['PLAIN', 'LOGIN'], true]);
  });

  test('a keyword within a line, or in the greeting, is none', () => {
    const found = parseOffers({
      code: 250,
      lines: ['STARTTLS', 'X-DSN DSN', 'FOO PIPELINING', 'XSTARTTLS', 'CHUNKINGS'],
    });
    assert.equal(
      Object.values(found).some((value) => value === true),
      false,
    );
  });

  for (const [line, limit] of [
    ['SIZE', undefined],
    ['SIZE 0', undefined],
    ['SIZE x', undefined],
    ['SIZE 5', 5],
  ] as const) {
    test(`${line} is a limit of ${limit} (RFC 1870 §4)`, () => {
      assert.equal(offers(line).sizeLimitBytes, limit);
      assert.equal(offers(line).size, true);
    });
  }
});
