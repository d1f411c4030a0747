/** What we write is mail that others read the way we meant it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { composeMessage, longestLine, type HeaderFields, type Part } from '#mime/compose.ts';

const fields: HeaderFields = {
  from: 'Mail Relay <postmaster@s.test>',
  to: 'alice@s.test',
  subject: 'Notice',
  date: new Date('2026-11-21T10:00:00Z'),
  messageId: '<1@s.test>',
};

const text = (body: string): Part => ({ kind: 'text', type: 'text/plain', text: body });
const compose = (
  body: Part,
  changed: Partial<HeaderFields> = {},
  seed = 'SEED',
): { written: string; eightBit: boolean } => {
  const { bytes, facts } = composeMessage({ ...fields, ...changed }, body, seed);
  return { written: Buffer.from(bytes).toString('latin1'), eightBit: facts.eightBit };
};

describe('header fields', () => {
  test('stand in order, with a numeric zone', () => {
    const { written } = compose(text('a\n'), { inReplyTo: '<0@s.test>', autoSubmitted: 'auto-generated' });
    assert.equal(
      written,
      [
        'To: alice@s.test',
        'From: Mail Relay <postmaster@s.test>',
        'Subject: Notice',
        'Date: Sat, 21 Nov 2026 10:00:00 +0000',
        'Message-ID: <1@s.test>',
        'In-Reply-To: <0@s.test>',
        'References: <0@s.test>',
        'Auto-Submitted: auto-generated',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 7bit',
        '',
        'a',
        '',
      ].join('\r\n'),
    );
  });

  test('a subject holds no line end and arrives as it was', async () => {
    for (const subject of ['a\r\nBcc: eve@d.test', 'Grüße 😀 '.repeat(20).trim()]) {
      const mail = await simpleParser(Buffer.from(composeMessage({ ...fields, subject }, text(''), 'S').bytes));
      assert.equal(mail.bcc, undefined);
      assert.equal(mail.subject, subject.replace('\r\n', ' '));
    }
  });

  test('an address names one recipient whatever stands in it', async () => {
    for (const to of ['"a, b"@s.test', '"a> <eve"@s.test', '"x;y:z"@s.test']) {
      const mail = await simpleParser(Buffer.from(composeMessage({ ...fields, to }, text(''), 'S').bytes));
      assert.equal([mail.to].flat().flatMap((list) => list?.value ?? []).length, 1);
    }
  });
});

describe('parts', () => {
  test('plain text stays plain; 8 bits and long lines are encoded', async () => {
    for (const [body, encoding] of [
      ['short\n', '7bit'],
      ['grüße\n', 'quoted-printable'],
      [`${'x'.repeat(2000)}\n`, 'quoted-printable'],
    ] as const) {
      const { written, eightBit } = compose(text(body));
      assert.ok(written.includes(`\r\nContent-Transfer-Encoding: ${encoding}\r\n`));
      assert.ok(!eightBit && written.split('\r\n').every((line) => line.length <= 998));
      assert.equal((await simpleParser(Buffer.from(written, 'latin1'))).text?.trimEnd(), body.trimEnd());
    }
  });

  test('no boundary begins with another: parsers compare the start of a line (RFC 2046 §5.1.1)', () => {
    const inner: Part = { kind: 'multipart', type: 'multipart/alternative', parts: [text('a'), text('b')] };
    const { written } = compose({ kind: 'multipart', type: 'multipart/mixed', parts: [inner, inner, text('c')] });
    const boundaries = [...written.matchAll(/boundary="([^"]+)"/g)].map(([, boundary = '']) => boundary);
    assert.equal(new Set(boundaries).size, 3);
    for (const one of boundaries) assert.ok(boundaries.every((other) => one === other || !other.startsWith(one)));
  });

  test('a boundary that occurs in a child is not used (RFC 2046 §5.1.1)', () => {
    const { written } = compose({
      kind: 'multipart',
      type: 'multipart/mixed',
      parts: [text('--=_0=SEED.0--'), text('SEED.1')],
    });
    assert.match(written, /boundary="=_0=SEED\.2"/);
  });

  test('octets arrive unchanged in every encoding that can carry them', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '=', '.', '-', 'é', '~'), maxLength: 100 });
    const octets = fc
      .array(line, { minLength: 1, maxLength: 6 })
      .map((lines) => Buffer.from(`x${lines.join('\r\n')}\r\n`));
    const encoding = fc.constantFrom('8bit', 'quoted-printable', 'base64');
    await fc.assert(
      fc.asyncProperty(octets, encoding, async (given, chosen) => {
        const part: Part = { kind: 'octets', type: 'application/octet-stream', octets: given, encoding: chosen };
        const { bytes, facts } = composeMessage(
          fields,
          { kind: 'multipart', type: 'multipart/mixed', parts: [text('a'), part] },
          'S',
        );
        const [attachment] = (await simpleParser(Buffer.from(bytes))).attachments;
        assert.deepEqual(attachment?.content, given);
        assert.equal(facts.sizeBytes, bytes.length);
        assert.equal(facts.eightBit, chosen === '8bit' && given.includes(0xc3));
      }),
      { numRuns: 100 },
    );
  });

  test('the longest line is found wherever it stands', () => {
    for (const [octets, longest] of [
      ['', 0],
      ['abc', 3],
      ['a\r\nabcd', 4],
      ['abcd\r\na\r\n', 5],
    ] as const) {
      assert.equal(longestLine(Buffer.from(octets)), longest);
    }
  });
});
